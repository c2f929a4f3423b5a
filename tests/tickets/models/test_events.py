"""What somebody did to a ticket is in its history and in the audit log, by one call."""

import pytest

from accounts.models import AuditEntry, User
from tests.factories import NOON, TicketFactory
from tickets.models import TicketEvent

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("event_type", "verb"),
    [
        (TicketEvent.Type.CREATED, "ticket.shared"),
        (TicketEvent.Type.ADOPTED, "ticket.taken_over"),
        (TicketEvent.Type.DISCARDED, "ticket.discarded"),
    ],
)
def test_an_action_is_written_into_both(secadmin: User, event_type: TicketEvent.Type, verb: str) -> None:
    ticket = TicketFactory.create()
    TicketEvent.objects.record_action(
        ticket,
        event_type,
        by=secadmin,
        now=NOON,
        sys_id="a" * 32,
        detail={"was": "x"},
        audit_detail={"name": "y"},
    )
    event, entry = TicketEvent.objects.get(), AuditEntry.objects.get()
    assert (event.ticket, event.type, event.actor, event.at) == (ticket, event_type, secadmin, NOON)
    assert (event.sys_id, event.detail) == ("a" * 32, {"was": "x"})
    assert (entry.verb, entry.actor, entry.target) == (verb, secadmin, str(ticket.pk))
    assert entry.detail == {"name": "y"}


def test_without_details_neither_has_any_and_the_portal_is_nobody() -> None:
    TicketEvent.objects.record_action(TicketFactory.create(), TicketEvent.Type.RETRIED, by=None, now=NOON)
    event, entry = TicketEvent.objects.get(), AuditEntry.objects.get()
    assert (event.detail, event.sys_id, event.actor) == ({}, "", None)
    assert (entry.detail, entry.actor, entry.actor_kind) == ({}, None, AuditEntry.ActorKind.PORTAL)
