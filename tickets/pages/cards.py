"""The two ticket cards of the home page."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from django.db.models import prefetch_related_objects

from connector.models import Instance
from tickets.models import Ticket
from tickets.models.choices import Kind
from tickets.models.querysets import Counts, TicketQuerySet
from tickets.models.ticket_type import TYPES
from tickets.records.payload import MARKERS

ROWS = 10


@dataclass(frozen=True)
class Card:
    """One kind of ticket: the newest ones, and how many there are."""

    kind: Kind
    tickets: list[Ticket]
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


def cards(instance: Instance, *, hidden: Collection[str], today: date) -> list[Card]:
    """Return the change management and the incident management card, but for those that a person has hidden."""
    has_history = Ticket.objects.exclude(instance=instance).exists()
    prefetch_related_objects([instance], "state_names")
    counts = Ticket.objects.filter(instance=instance).counts_by_kind(today)
    shown = [kind for kind in Kind if kind.value not in hidden]
    return [Card(kind, _newest(instance, kind), counts[kind], instance, has_history) for kind in shown]


def _newest(instance: Instance, kind: Kind) -> list[Ticket]:
    tickets = list(on_card(instance, kind).without_long_texts()[:ROWS])
    for ticket in tickets:
        ticket.instance = instance  # Which knows the names of the states already.
    return tickets


def on_card(instance: Instance, kind: Kind) -> TicketQuerySet:
    """Return the tickets that a card is about."""
    return Ticket.objects.filter(instance=instance).of_kind(kind)


def record_url(ticket: Ticket) -> str:
    """The record's own page in ServiceNow; empty while there is none."""
    if not ticket.sys_id:
        return ""
    return record_address(ticket.instance, Kind(ticket.kind), ticket.sys_id)


def record_address(instance: Instance, kind: Kind, sys_id: str) -> str:
    """Where a record is shown inside ServiceNow, through its navigation frame."""
    target = f"{kind.value}.do?sys_id={sys_id}"
    return f"{instance.origin}/nav_to.do?uri={quote(target, safe='')}"
