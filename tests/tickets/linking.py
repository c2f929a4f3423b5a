"""What linking is tried with: records that others made, and how a person finds one."""

from django.utils import timezone

from accounts.models import User
from connector.servicenow.records import Record
from tests.sandbox_process import Row, SandboxProcess
from tests.tickets.clock import Clock
from tickets.actions import link
from tickets.models import Ticket
from tickets.models.choices import Kind
from tickets.records.reference import read


def foreign(sandbox: SandboxProcess, kind: Kind = Kind.CHANGE_REQUEST, **fields: str) -> Row:
    """A record that somebody made inside ServiceNow."""
    return sandbox.create(kind.value, **{"short_description": "Made by hand", **fields})


def found(ticket: Ticket, text: str) -> Record:
    reference = read(text)
    assert reference is not None
    with link.client_for(ticket, timezone.now()) as client:
        return link.find(ticket, reference, client)


def carriers(ticket: Ticket) -> list[Record]:
    with link.client_for(ticket, timezone.now()) as client:
        return link.carrying_key(ticket, client).records


def link_to(ticket: Ticket, row: Row, by: User | None = None, now: Clock | None = None) -> bool:
    return link.link(ticket, found(ticket, row["number"]), by=by, now=(now or Clock())())
