"""The two ticket cards of the home page."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import or_
from urllib.parse import quote

from django.db.models import Exists, OuterRef, Q, prefetch_related_objects
from django.utils.safestring import SafeString

from connector.models import Connection, Instance
from tickets.models import Ticket
from tickets.models.choices import Kind
from tickets.models.querysets import Counts, TicketQuerySet
from tickets.models.ticket_type import TYPES
from tickets.pages.card_rows import COLUMNS, CardRow, card_rows, table
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
    def table(self) -> SafeString:
        """The rows, drawn."""
        return table(self.rows)

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
    """The connection in use, and whether there are tickets of an earlier instance."""

    connection: Connection
    has_history: bool


def connected() -> Connected | None:
    """Return the connection in use, if there is one. Two queries: Django takes longer to write them as one."""
    found = Connection.objects.current().first()
    if found is None:
        return None
    of_instance = Ticket.objects.filter(instance=OuterRef("pk"))
    # Asked by instance, of which there are few: years of tickets of the one in use are not walked.
    earlier = Instance.objects.exclude(pk=found.instance_id).filter(Exists(of_instance))
    return Connected(found, has_history=earlier.exists())


def cards(connected: Connected, *, hidden: Collection[str], today: date) -> list[Card]:
    """Return the change management and the incident management card, but for those that a person has hidden."""
    instance = connected.connection.instance
    tickets = on_cards(instance, [kind for kind in Kind if kind.value not in hidden], today)
    if any(ticket.is_delivered for shown in tickets.values() for ticket in shown):
        prefetch_related_objects([instance], "state_names")
    counts = _counts(instance, tickets, today)
    return [
        Card(kind, _rows(instance, shown, today), counts[kind], instance, connected.has_history)
        for kind, shown in tickets.items()
    ]


def _counts(instance: Instance, tickets: Mapping[Kind, list[Ticket]], today: date) -> dict[Kind, Counts]:
    """Count what is open; no query where the cards show all of it."""
    found = {kind: [ticket for ticket in shown if ticket.is_open] for kind, shown in tickets.items()}
    if all(len(shown) < ROWS for shown in found.values()):
        return {kind: Counts.of_open(shown, today) for kind, shown in found.items()}
    return Ticket.objects.filter(instance=instance).counts_by_kind(today)


def _rows(instance: Instance, tickets: Iterable[Ticket], today: date) -> list[CardRow]:
    for ticket in tickets:
        ticket.instance = instance  # Which knows the names of the states already.
    return card_rows(tickets, today)


def on_cards(instance: Instance, kinds: Iterable[Kind], today: date) -> dict[Kind, list[Ticket]]:
    """Return the tickets that each card shows, with the columns of its rows: the most urgent of what is open. The
    newest of the rest only fill the card. One query, and another where a card is to be filled.
    """
    tickets: dict[Kind, list[Ticket]] = {kind: [] for kind in kinds}
    of_cards = Ticket.objects.filter(instance=instance, kind__in=tickets)
    for ticket in of_cards.most_urgent_of_each_kind(today, ROWS).only(*COLUMNS):
        tickets[Kind(ticket.kind)].append(ticket)
    free = {kind: ROWS - len(shown) for kind, shown in tickets.items() if len(shown) < ROWS}
    if free:
        for ticket in _newest_of_the_rest(instance, free):
            tickets[Kind(ticket.kind)].append(ticket)
    return tickets


def _newest_of_the_rest(instance: Instance, free: Mapping[Kind, int]) -> TicketQuerySet:
    newest = ("-created_at", "-id")
    rest = (
        Ticket.objects.filter(instance=instance, kind=kind, is_open=False)
        .order_by(*newest)
        .values("pk")[:number]
        for kind, number in free.items()
    )
    found = Ticket.objects.filter(reduce(or_, (Q(pk__in=one) for one in rest)))
    return found.order_by(*newest).only(*COLUMNS)


def record_url(ticket: Ticket) -> str:
    """The record's own page in ServiceNow; empty while there is none."""
    if not ticket.sys_id:
        return ""
    return record_address(ticket.instance, Kind(ticket.kind), ticket.sys_id)


def record_address(instance: Instance, kind: Kind, sys_id: str) -> str:
    """Where a record is shown inside ServiceNow, through its navigation frame."""
    target = f"{kind.value}.do?sys_id={sys_id}"
    return f"{instance.origin}/nav_to.do?uri={quote(target, safe='')}"
