"""Wall clocks that are wrong or set: they decide neither leases nor when something may be sent again."""

import logging
from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from connector.access import client_factory
from connector.clock import SHARED, boottime, watch
from connector.clock import Clock as Now
from connector.models import Connection
from tests.sandbox_process import SandboxProcess
from tests.tickets.clock import Clock
from tickets.delivery import comments
from tickets.delivery.lease import Claim
from tickets.delivery.push import push
from tickets.models import Ticket, TicketComment
from tickets.models.backoff import AttemptResult
from tickets.models.comments import CommentState, Element

pytestmark = [pytest.mark.django_db]
CHANGE = "change_request"
TEN_MINUTES = {"ahead": 10, "behind": -10}


class NobodysOwn(Clock):
    """The database's clock: it does not move when a worker's machine is set."""

    def set(self, **delta: float) -> None:
        """Change nothing."""


@pytest.fixture
def other() -> Clock:
    """The clock that another worker goes by: its machine's, but on PostgreSQL the database's, as all do."""
    return NobodysOwn() if database.vendor == "postgresql" else Clock()


def test_on_postgresql_all_go_by_the_clock_of_the_database() -> None:
    if database.vendor != "postgresql":
        assert abs(SHARED() - timezone.now()) < timedelta(seconds=5)
        return
    with CaptureQueriesContext(database) as asked:
        SHARED()
    assert [query["sql"] for query in asked] == ["SELECT clock_timestamp()"]


@pytest.mark.parametrize("minutes", TEN_MINUTES.values(), ids=TEN_MINUTES)
def test_a_worker_whose_clock_is_wrong_sends_nothing_a_second_time(
    sandbox: SandboxProcess, ticket: Ticket, clock: Clock, other: Clock, minutes: int, settings: LazySettings
) -> None:
    """Where ServiceNow takes long to commit, the quarantine alone stands between us and a second record."""
    clock.advance(hours=1)
    other.advance(hours=1)
    other.set(minutes=minutes)
    sandbox.settings(honour_sys_id=False)
    sandbox.fault("reset")
    assert push(ticket.pk, clock=clock) == AttemptResult.OUTCOME_UNKNOWN
    for _ in range(6):
        for each in (clock, other):
            each.advance(seconds=25)
            Ticket.objects.update(next_attempt_at=each())
            watch.restart()
            push(ticket.pk, clock=each)
    assert sandbox.records(CHANGE) == []


@pytest.mark.parametrize("minutes", TEN_MINUTES.values(), ids=TEN_MINUTES)
def test_the_quarantine_counts_anew_when_the_clock_was_set(
    sandbox: SandboxProcess,
    ticket: Ticket,
    clock: Clock,
    minutes: int,
    settings: LazySettings,
    caplog: pytest.LogCaptureFixture,
    client: Client,
    secadmin: User,
) -> None:
    sandbox.fault("reset")
    push(ticket.pk, clock=clock)
    clock.advance(seconds=settings.PUSH_QUARANTINE - 20)
    clock.set(minutes=minutes)
    Ticket.objects.update(next_attempt_at=clock())
    with caplog.at_level(logging.WARNING):
        assert push(ticket.pk, clock=clock) == AttemptResult.COUNTS_ANEW
    assert "counts anew for 1 tickets" in caplog.text
    client.force_login(secadmin)
    assert "counts anew" in client.get(ticket.get_absolute_url()).content.decode()
    clock.advance(seconds=settings.PUSH_QUARANTINE - 20)
    push(ticket.pk, clock=clock)
    assert sandbox.records(CHANGE) == []
    for _ in range(2):
        clock.advance(seconds=30)
        push(ticket.pk, clock=clock)
    assert len(sandbox.records(CHANGE)) == 1


def test_the_quarantine_counts_anew_after_a_start(
    sandbox: SandboxProcess, ticket: Ticket, clock: Clock, settings: LazySettings
) -> None:
    Ticket.objects.update(sent_at=clock() - timedelta(days=1))
    assert push(ticket.pk, clock=clock) == AttemptResult.COUNTS_ANEW
    for _ in range(2):
        clock.advance(seconds=settings.PUSH_QUARANTINE)
        push(ticket.pk, clock=clock)
    assert len(sandbox.records(CHANGE)) == 1


def test_what_was_never_sent_waits_for_nothing_after_a_start(sandbox: SandboxProcess, ticket: Ticket) -> None:
    assert push(ticket.pk) == AttemptResult.DELIVERED


@pytest.mark.parametrize("minutes", TEN_MINUTES.values(), ids=TEN_MINUTES)
def test_a_claim_is_not_taken_away_by_a_clock_that_is_wrong(
    ticket: Ticket, clock: Clock, other: Clock, minutes: int
) -> None:
    assert Claim.take(Ticket.objects.all(), ticket.pk, Now.read(clock)) is not None
    other.set(minutes=minutes)
    # Another process, which has known no other time.
    watch.restart()
    assert Claim.take(Ticket.objects.all(), ticket.pk, Now.read(other)) is None
    watch.restart()
    clock.advance(hours=1)
    assert Claim.take(Ticket.objects.all(), ticket.pk, Now.read(clock)) is not None


@pytest.mark.parametrize("minutes", TEN_MINUTES.values(), ids=TEN_MINUTES)
def test_a_token_that_is_being_renewed_is_not_renewed_twice_by_a_clock_that_is_wrong(
    connection: Connection, minutes: int
) -> None:
    lease, now = timedelta(seconds=35), Now.read(SHARED)
    Connection.objects.update(claim_token=uuid4(), claimed_until=now.steady() + lease)
    wrong = Now(timezone.now() + timedelta(minutes=minutes))
    is_free = Connection.objects.free(wrong, lease).exists()
    # PostgreSQL has one clock for all.
    assert not is_free or database.vendor == "postgresql"
    Connection.objects.update(claimed_until=now.steady() - timedelta(seconds=1))
    assert Connection.objects.free(now, lease).exists()
    assert client_factory.open_client(connection, now=now()).whoami()


@pytest.mark.parametrize("minutes", TEN_MINUTES.values(), ids=TEN_MINUTES)
def test_a_note_is_not_written_again_by_a_clock_that_was_set(
    sandbox: SandboxProcess, delivered: Ticket, clock: Clock, minutes: int
) -> None:
    note = comments.write(
        uuid4(), delivered, "Seen to.", Element.WORK_NOTES, by=delivered.requested_by, now=clock()
    )
    sandbox.change(CHANGE, delivered.sys_id, work_notes="Somebody else's.")
    sandbox.fault("reset", method="PATCH")
    comments.send_due(clock=clock)
    clock.set(minutes=minutes)
    for _ in range(5):
        clock.advance(seconds=30)
        TicketComment.objects.update(next_attempt_at=clock())
        comments.send_due(clock=clock)
    assert len(sandbox.records("sys_journal_field")) == 1
    for _ in range(3):
        clock.advance(minutes=3)
        comments.send_due(clock=clock)
    note.refresh_from_db()
    assert note.state == CommentState.DELIVERED
    assert len(sandbox.records("sys_journal_field")) == 2


def test_what_waits_goes_on_at_once_when_the_clock_was_put_back(
    sandbox: SandboxProcess, ticket: Ticket, clock: Clock
) -> None:
    Ticket.objects.update(next_attempt_at=clock() + timedelta(seconds=20))
    assert push(ticket.pk, clock=clock) is None
    clock.advance(seconds=30)
    clock.set(minutes=-10)
    assert push(ticket.pk, clock=clock) == AttemptResult.DELIVERED


def test_the_time_of_a_busy_machine_is_no_difference() -> None:
    now, boot = timezone.now(), boottime()
    watch.hold(now, boot, boot)
    watch.hold(now + timedelta(seconds=60), boot + 1, boot + 90)
    assert watch.jumped_at is None
    watch.hold(now + timedelta(seconds=66), boot + 90, boot + 90)
    assert watch.jumped_at == boot + 90
