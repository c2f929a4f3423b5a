"""The two ticket cards of the home page."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from django.db.models import Exists, OuterRef, prefetch_related_objects

from connector.models import Connection, Instance
from tickets.models import Ticket
from tickets.models.choices import Kind
from tickets.models.querysets import Counts
from tickets.models.ticket_type import TYPES
from tickets.pages.card_rows import COLUMNS, CardRow, card_rows
from tickets.records.payload import MARKERS

ROWS = 10


@dataclass(frozen=True)
class Card:
    """One kind of ticket: those that matter first, and how many there are."""

    kind: Kind
    rows: list[CardRow]
    counts: Counts
    instance: Instance
    has_history: bool

    @property
    def title(self) -> str:
        """The heading of the card."""
        return str(TYPES[self.kind].words.card_title)

    @property
    def list_url(self) -> str:
        """The list of our tickets inside ServiceNow, through its navigation frame."""
        query = f"correlation_display={MARKERS[self.kind]}^ORDERBYDESCsys_created_on"
        target = f"{self.kind.value}_list.do?sysparm_query={quote(query, safe='')}"
        return f"{self.instance.origin}/nav_to.do?uri={quote(target, safe='')}"

    @property
    def query(self) -> str:
        """What makes the list of all tickets count as this card does."""
        instance = f"&instance={self.instance.pk}" if self.has_history else ""
        return f"kind={self.kind.value}{instance}"


@dataclass(frozen=True)
class Connected:
    """The connection in use, and what was learnt with it in one query: whether any ticket was ever sent, and whether
    there are tickets of an earlier instance.
    """

    connection: Connection
    was_sent: bool
    has_history: bool


def connected() -> Connected | None:
    """Return the connection in use, if there is one."""
    of_instance = Ticket.objects.filter(instance=OuterRef("pk"))
    # Asked by instance, of which there are few: years of tickets of the one in use are not walked.
    earlier = Instance.objects.exclude(pk=OuterRef("instance")).filter(Exists(of_instance))
    current = Connection.objects.current()
    found = current.annotate(was_sent=Exists(Ticket.objects.tracked()), has_history=Exists(earlier)).first()
    if found is None:
        return None
    learnt = {name: bool(getattr(found, name)) for name in ("was_sent", "has_history")}
    return Connected(found, **learnt)


def cards(connected: Connected, *, hidden: Collection[str], today: date) -> list[Card]:
    """Return the change management and the incident management card, but for those that a person has hidden."""
    instance = connected.connection.instance
    prefetch_related_objects([instance], "state_names")
    counts = Ticket.objects.filter(instance=instance).counts_by_kind(today)
    shown = [kind for kind in Kind if kind.value not in hidden]
    return [
        Card(kind, _rows(instance, kind, today), counts[kind], instance, connected.has_history)
        for kind in shown
    ]


def _rows(instance: Instance, kind: Kind, today: date) -> list[CardRow]:
    tickets = on_card(instance, kind, today)
    for ticket in tickets:
        ticket.instance = instance  # Which knows the names of the states already.
    return card_rows(tickets, today)


def on_card(instance: Instance, kind: Kind, today: date) -> list[Ticket]:
    """Return the tickets that a card shows, with the columns of its rows: the most urgent of what is open. The newest
    of the rest only fill the card.
    """
    of_card = Ticket.objects.filter(instance=instance).of_kind(kind)
    urgent = of_card.open().most_urgent_first(today).values("pk")[:ROWS]
    # Whole rows are read of these alone.
    tickets = list(Ticket.objects.filter(pk__in=urgent).most_urgent_first(today).only(*COLUMNS))
    if free := ROWS - len(tickets):
        rest = of_card.filter(is_open=False).order_by("-created_at", "-id")
        tickets += rest.only(*COLUMNS)[:free]
    return tickets


def record_url(ticket: Ticket) -> str:
    """The record's own page in ServiceNow; empty while there is none."""
    if not ticket.sys_id:
        return ""
    return record_address(ticket.instance, Kind(ticket.kind), ticket.sys_id)


def record_address(instance: Instance, kind: Kind, sys_id: str) -> str:
    """Where a record is shown inside ServiceNow, through its navigation frame."""
    target = f"{kind.value}.do?sys_id={sys_id}"
    return f"{instance.origin}/nav_to.do?uri={quote(target, safe='')}"
