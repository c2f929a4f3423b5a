"""The two ticket cards of the home page."""

from dataclasses import dataclass
from urllib.parse import quote

from connector.models import Instance
from tickets.models import Ticket
from tickets.payload import MARKERS
from tickets.querysets import TicketQuerySet
from tickets.states import Kind

ROWS = 10


@dataclass(frozen=True)
class Card:
    """One kind of ticket: the newest ones, and how many there are."""

    kind: Kind
    tickets: TicketQuerySet
    instance: Instance

    @property
    def list_url(self) -> str:
        """The list of our tickets inside ServiceNow, through its navigation frame."""
        query = f"correlation_display={MARKERS[self.kind]}^ORDERBYDESCsys_created_on"
        target = f"{self.kind.value}_list.do?sysparm_query={quote(query, safe='')}"
        return f"{self.instance.origin}/nav_to.do?uri={quote(target, safe='')}"


def cards(instance: Instance) -> list[Card]:
    """Return the change management and the incident management card."""
    return [
        Card(kind, Ticket.objects.filter(instance=instance).of_kind(kind).with_state_names()[:ROWS], instance)
        for kind in Kind
    ]


def record_url(ticket: Ticket) -> str:
    """The record's own page in ServiceNow; empty while there is none."""
    if not ticket.sys_id:
        return ""
    target = f"{ticket.kind}.do?sys_id={ticket.sys_id}"
    return f"{ticket.instance.origin}/nav_to.do?uri={quote(target, safe='')}"
