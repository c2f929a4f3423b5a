"""Clocks that jump: whatever is stored from them must not blind the delta, or anything else, for longer than a poll."""

from datetime import timedelta

import pytest

from connector.models import Connection, Instance
from tests.sandbox_process import SandboxProcess
from tests.tickets.clock import Clock
from tickets.models import Ticket, TicketEvent
from tickets.tracking.poll import poll_delta, poll_sweep, refresh

pytestmark = [pytest.mark.django_db]
DAYS_400 = timedelta(days=400)


@pytest.fixture
def polled(delivered: Ticket) -> Ticket:
    poll_delta()
    return delivered


def instance() -> Instance:
    return Instance.objects.get()


@pytest.mark.parametrize("ahead", [DAYS_400, timedelta(minutes=50), timedelta(minutes=4)])
def test_a_date_that_is_wrong_for_a_moment_blinds_the_delta_for_one_poll_at_most(
    sandbox: SandboxProcess, polled: Ticket, clock: Clock, ahead: timedelta
) -> None:
    sandbox.fault("wrong_date", method="any", times=1, seconds=ahead.total_seconds())
    poll_delta(clock=clock)
    assert sandbox.pending_faults() == []
    sandbox.change("change_request", polled.sys_id, state="-4")
    poll_delta(clock=clock)
    poll_delta(clock=clock)
    polled.refresh_from_db()
    assert polled.state == "-4"


def test_a_date_that_stays_wrong_blinds_nobody(sandbox: SandboxProcess, polled: Ticket, clock: Clock) -> None:
    sandbox.fault("wrong_date", route="any", method="any", times=10**6)
    for state in ("-4", "-3", "-2"):
        poll_delta(clock=clock)
        clock.advance(minutes=2)
        sandbox.change("change_request", polled.sys_id, state=state)
        poll_delta(clock=clock)
        polled.refresh_from_db()
        assert polled.state == state


def test_a_cursor_from_the_future_is_set_back_and_told(
    sandbox: SandboxProcess, polled: Ticket, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    Instance.objects.update(delta_since=clock() + DAYS_400)
    sandbox.change("change_request", polled.sys_id, state="-4")
    assert poll_delta(clock=clock) == 1
    assert instance().delta_since < clock() + timedelta(minutes=10)  # type: ignore[operator]
    assert any("lies in the future" in line for line in caplog.messages)


def test_the_offset_between_the_clocks_is_believed_once_it_has_lasted(
    sandbox: SandboxProcess, polled: Ticket, clock: Clock
) -> None:
    sandbox.settings(clock_offset_seconds=round(DAYS_400.total_seconds()))
    poll_delta(clock=clock)
    assert instance().clock_offset < timedelta(minutes=1)  # type: ignore[operator]
    clock.advance(minutes=3)
    poll_delta(clock=clock)
    assert instance().clock_offset > timedelta(days=399)  # type: ignore[operator]
    sandbox.settings(clock_offset_seconds=180)
    poll_delta(clock=clock)
    clock.advance(minutes=3)
    poll_delta(clock=clock)
    assert instance().clock_offset < timedelta(minutes=1)  # type: ignore[operator]
    assert instance().clock_doubt is None


def test_a_jump_that_ends_at_once_leaves_no_doubt(
    sandbox: SandboxProcess, polled: Ticket, clock: Clock
) -> None:
    sandbox.fault("wrong_date", method="any", times=10)
    poll_delta(clock=clock)
    assert instance().clock_doubt is not None
    sandbox.clear()
    poll_delta(clock=clock)
    assert instance().clock_doubt is None


def test_our_own_clock_that_was_ahead_stops_no_full_sweep(
    sandbox: SandboxProcess, polled: Ticket, clock: Clock
) -> None:
    Ticket.objects.update(is_open=False)
    Instance.objects.update(last_full_sweep_at=clock() + DAYS_400)
    sandbox.change("change_request", polled.sys_id, state="-4")
    assert poll_sweep(clock=clock) == 1


def test_our_own_clock_that_was_ahead_stops_neither_refresh_nor_silent_changes(
    sandbox: SandboxProcess, polled: Ticket, clock: Clock
) -> None:
    Ticket.objects.update(seen_at=clock() + DAYS_400)
    sandbox.change_silently("change_request", polled.sys_id, state="-4")
    assert refresh(list(Ticket.objects.all()), clock=clock).changed == 1


def go_back(sandbox: SandboxProcess, ticket: Ticket) -> None:
    """Have the instance restored from a backup."""
    sandbox.change_silently("change_request", ticket.sys_id, state="-5", sys_mod_count="1")


@pytest.fixture
def restored(sandbox: SandboxProcess, delivered: Ticket) -> Ticket:
    for state in ("-4", "-3"):
        sandbox.change("change_request", delivered.sys_id, state=state)
        poll_delta()
    delivered.refresh_from_db()
    assert delivered.sys_mod_count == 2
    go_back(sandbox, delivered)
    return delivered


def test_an_older_version_is_news_when_it_is_seen_twice(
    restored: Ticket, clock: Clock, connection: Connection
) -> None:
    assert poll_sweep(clock=clock) == 0
    restored.refresh_from_db()
    assert restored.state == "-3"
    clock.advance(minutes=15)
    assert poll_sweep(clock=clock) == 1
    restored.refresh_from_db()
    assert (restored.state, restored.sys_mod_count, restored.older_seen_at) == ("-5", 1, None)
    told = restored.events.filter(type=TicketEvent.Type.WENT_BACK).get()
    assert told.detail == {"before": 2, "after": 1}


def test_what_comes_after_an_older_version_is_told_again(
    sandbox: SandboxProcess, restored: Ticket, clock: Clock
) -> None:
    poll_sweep(clock=clock)
    clock.advance(minutes=15)
    poll_sweep(clock=clock)
    sandbox.change("change_request", restored.sys_id, state="-2")
    poll_sweep(clock=clock)
    restored.refresh_from_db()
    assert (restored.state, restored.sys_mod_count) == ("-2", 2)
    assert restored.events.filter(type=TicketEvent.Type.CHANGED, detail__state=["-5", "-2"]).count() == 1


def test_a_replica_that_is_behind_for_a_moment_is_not_believed(
    sandbox: SandboxProcess, restored: Ticket, clock: Clock
) -> None:
    poll_sweep(clock=clock)
    clock.advance(seconds=20)
    poll_sweep(clock=clock)
    sandbox.change_silently("change_request", restored.sys_id, state="-3", sys_mod_count="2")
    clock.advance(minutes=15)
    poll_sweep(clock=clock)
    restored.refresh_from_db()
    assert (restored.state, restored.sys_mod_count, restored.older_seen_at) == ("-3", 2, None)
    go_back(sandbox, restored)
    clock.advance(minutes=15)
    assert poll_sweep(clock=clock) == 0
