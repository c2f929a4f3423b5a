"""How many calls are made: no more than the hour allows, and none while ServiceNow asked to wait."""

from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.utils import timezone

from connector.models import Connection
from tests.factories import TicketFactory
from tests.sandbox_process import SandboxProcess
from tests.tickets.clock import Clock
from tickets.comment import send_due, write
from tickets.models import Ticket
from tickets.notes import CommentState, Element
from tickets.poll import poll_sweep
from tickets.push import push, push_due
from tickets.retry import Ending

pytestmark = [pytest.mark.django_db]


def test_pushes_stop_when_the_hours_calls_are_used_up_and_go_on_when_calls_are_free(
    sandbox: SandboxProcess, connection: Connection, clock: Clock, settings: LazySettings
) -> None:
    settings.API_CALLS_PER_HOUR = 4  # For each of two: a look for the requester, a create.
    tickets = [TicketFactory.create(instance=connection.instance) for _ in range(3)]
    assert push_due(clock=clock) == 2
    assert len(sandbox.records("change_request")) == 2
    assert push(tickets[2].pk, clock=clock) == Ending.PAUSED
    clock.advance(minutes=59)
    assert push_due(clock=clock) == 0
    clock.advance(minutes=6)
    # The same again for one ticket, and the three looks that one costs which has waited.
    settings.API_CALLS_PER_HOUR = 6
    assert push_due(clock=clock) == 1
    assert len(sandbox.records("change_request")) == 3


def test_polls_leave_a_quarter_of_the_hours_calls_to_pushes(
    sandbox: SandboxProcess, connection: Connection, clock: Clock, settings: LazySettings
) -> None:
    settings.API_CALLS_PER_HOUR = 8
    push(TicketFactory.create(instance=connection.instance).pk, clock=clock)
    for _ in range(10):
        poll_sweep(clock=clock)
    connection.instance.refresh_from_db()
    assert connection.instance.calls_left(clock(), settings.API_CALLS_PER_HOUR) == 2
    assert push(TicketFactory.create(instance=connection.instance).pk, clock=clock) == Ending.DELIVERED


def test_notes_leave_a_quarter_of_the_hours_calls_to_pushes(
    connection: Connection, delivered: Ticket, settings: LazySettings
) -> None:
    connection.instance.refresh_from_db()
    settings.API_CALLS_PER_HOUR = connection.instance.calls_in_hour + 6
    for _ in range(10):
        write(uuid4(), delivered, "Done.", Element.WORK_NOTES, by=delivered.requested_by, now=timezone.now())
    send_due()
    assert 0 < delivered.comments.filter(state=CommentState.DELIVERED).count() < 6
    other = TicketFactory.create(instance=connection.instance, requested_by=delivered.requested_by)
    assert push(other.pk) == Ending.DELIVERED


@pytest.mark.parametrize(("kind", "pause"), [("rate_limit", 90), ("rate_limit_bare", 60)])
def test_a_rate_limit_holds_back_every_ticket(
    sandbox: SandboxProcess, connection: Connection, clock: Clock, kind: str, pause: int
) -> None:
    """Without a header, for a minute."""
    for _ in range(3):
        TicketFactory.create(instance=connection.instance)
    sandbox.fault(kind, seconds=90)
    assert push_due(clock=clock) == 1
    clock.advance(seconds=pause - 5)
    assert push_due(clock=clock) == 0
    clock.advance(seconds=15)
    assert push_due(clock=clock) == 3
    assert len(sandbox.records("change_request")) == 3
