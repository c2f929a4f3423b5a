"""The two ticket cards of the home page."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.safestring import SafeString

from accounts.written_query import WrittenQuery
from connector.models import Connection, Instance
from tickets.models import Ticket
from tickets.models.choices import Delivery, Kind
from tickets.models.querysets import Counts
from tickets.models.ticket_type import TYPES
from tickets.pages.card_rows import CardTicket, table
from tickets.pages.card_tickets import counts_of_cards, tickets_on_cards
from tickets.pages.condition_words import Name, names_of
from tickets.records.payload import MARKERS


@dataclass(frozen=True)
class Card:
    """One kind of ticket: those that matter first, and how many there are."""

    kind: Kind
    tickets: tuple[CardTicket, ...]
    names: tuple[Name, ...]
    today: date
    counts: Counts
    instance: Instance
    has_history: bool

    @property
    def table(self) -> SafeString:
        """The tickets as rows, drawn."""
        return table(self.tickets, self.names, self.today)

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
    """Return the connection in use, if there is one. Two queries."""
    found = Connection.objects.current().first()
    if found is None:
        return None
    return Connected(found, has_history=bool(_EARLIER.rows(instance=found.instance_id)))


def _earlier(instance: int) -> QuerySet[Instance, tuple[int]]:
    # Asked by instance, of which there are few: years of tickets of the one in use are not walked.
    has_tickets = Exists(Ticket.objects.filter(instance=OuterRef("pk")))
    return Instance.objects.exclude(pk=instance).filter(has_tickets).order_by().values_list("pk")[:1]


_EARLIER = WrittenQuery(_earlier, instance=int)


def cards(connected: Connected, *, hidden: Collection[str], today: date) -> list[Card]:
    """Return the change management and the incident management card, but for those that a person has hidden."""
    instance = connected.connection.instance
    tickets = tickets_on_cards(instance.pk, today)
    has_states = any(ticket.delivery == Delivery.DELIVERED for shown in tickets.values() for ticket in shown)
    names = names_of(instance.pk) if has_states else ()
    counts = counts_of_cards(tickets, instance.pk, today)
    return [
        Card(kind, shown, names, today, counts[kind], instance, connected.has_history)
        for kind, shown in tickets.items()
        if kind.value not in hidden
    ]


def record_url(ticket: Ticket) -> str:
    """The record's own page in ServiceNow; empty while there is none."""
    if not ticket.sys_id:
        return ""
    return record_address(ticket.instance, Kind(ticket.kind), ticket.sys_id)


def record_address(instance: Instance, kind: Kind, sys_id: str) -> str:
    """Where a record is shown inside ServiceNow, through its navigation frame."""
    target = f"{kind.value}.do?sys_id={sys_id}"
    return f"{instance.origin}/nav_to.do?uri={quote(target, safe='')}"
