"""Delivery over real HTTP to the sandbox, judged by what the sandbox holds afterwards."""

import time
from datetime import datetime, timedelta

import pytest
from django.conf import LazySettings
from django.utils import timezone

from connector.access.client_factory import open_client
from connector.clock import Clock as Now
from connector.models import Connection
from tests.factories import TicketFactory
from tests.sandbox_process import SandboxProcess
from tests.tickets.clock import Clock
from tickets.actions.discard import give_up
from tickets.delivery.lease import Claim
from tickets.delivery.push import push, push_due
from tickets.delivery.result import Result, write
from tickets.models import Ticket
from tickets.models.backoff import AttemptResult
from tickets.models.choices import Delivery, Kind, Priority

pytestmark = [pytest.mark.django_db]


class Hurried(Clock):
    """Ten times as fast as time passes."""

    def __init__(self) -> None:
        super().__init__()
        self.started_at, self.started = super().__call__(), super().boot()

    def __call__(self) -> datetime:
        return self.started_at + 10 * (super().__call__() - self.started_at)

    def boot(self) -> float:
        return self.started + 10 * (super().boot() - self.started)


def work_until_settled(ticket: Ticket, clock: Clock, tries: int = 40) -> Ticket:
    """Let workers come by, with the clock moving on to whenever something is due."""
    for _ in range(tries):
        push_due(clock=clock)
        ticket.refresh_from_db()
        if ticket.delivery in (Delivery.DELIVERED, Delivery.ATTENTION, Delivery.CONFLICT):
            return ticket
        clock.advance(seconds=20)
    raise AssertionError(f"still {ticket.delivery} after {tries} tries: {ticket.last_result}")


def test_a_ticket_becomes_one_record_that_carries_its_keys(sandbox: SandboxProcess, ticket: Ticket) -> None:
    assert push(ticket.pk) == AttemptResult.DELIVERED
    [record] = sandbox.records("change_request")
    ticket.refresh_from_db()
    assert record["sys_id"] == ticket.sys_id == ticket.client_sys_id
    assert record["correlation_id"] == str(ticket.pk)
    assert record["number"] == ticket.number
    assert record["description"].startswith("Microsoft 365 Security and Configuration Change Request\n")
    assert ticket.dropped_fields == []
    assert ticket.state_words == "New"


@pytest.mark.parametrize("priority", Priority)
def test_an_incident_reaches_its_priority_through_impact_and_urgency(
    sandbox: SandboxProcess, connection: Connection, priority: Priority
) -> None:
    ticket = TicketFactory.create(instance=connection.instance, kind=Kind.INCIDENT, priority=priority)
    push(ticket.pk)
    [record] = sandbox.records("incident")
    assert record["priority"] == str(int(priority))


def test_a_due_date_ends_with_the_organisations_day(
    sandbox: SandboxProcess, connection: Connection, settings: LazySettings
) -> None:
    settings.ORGANIZATION_TIME_ZONE = "Asia/Tokyo"
    ticket = TicketFactory.create(instance=connection.instance, due_on=datetime(2030, 3, 1).date())  # noqa: DTZ001
    push(ticket.pk)
    [record] = sandbox.records("change_request")
    assert record["requested_by_date"] == "2030-03-01 14:59:59"


def test_a_lost_answer_is_looked_up_before_a_second_create(
    sandbox: SandboxProcess, ticket: Ticket, clock: Clock
) -> None:
    sandbox.fault("lose_answer")
    assert push(ticket.pk, clock=clock) == AttemptResult.OUTCOME_UNKNOWN
    assert len(sandbox.records("change_request")) == 1
    settled = work_until_settled(ticket, clock)
    assert settled.last_result == AttemptResult.ADOPTED
    [record] = sandbox.records("change_request")
    assert settled.sys_id == record["sys_id"]


@pytest.mark.parametrize(
    "kind", ["commit_then_500", "accepted_202", "truncated", "hibernating", "login_page"]
)
def test_an_answer_that_cannot_be_trusted_makes_no_second_record(
    sandbox: SandboxProcess, ticket: Ticket, clock: Clock, kind: str
) -> None:
    sandbox.fault(kind)
    push(ticket.pk, clock=clock)
    settled = work_until_settled(ticket, clock)
    [record] = sandbox.records("change_request")
    assert settled.sys_id == record["sys_id"]


@pytest.mark.parametrize("seconds", [1.0, 4.0], ids=["inside the time-out", "beyond the time-out"])
@pytest.mark.django_db(transaction=True)
def test_a_late_commit_makes_one_record(
    sandbox: SandboxProcess, ticket: Ticket, settings: LazySettings, seconds: float
) -> None:
    """In real time: the client gives up after 2 s, the record appears later, the quarantine outlasts it."""
    settings.PUSH_TIMEOUT, settings.PUSH_QUARANTINE = 2.0, 6.0
    sandbox.fault("late_commit", seconds=seconds)
    deadline = timezone.now() + timedelta(seconds=30)
    while timezone.now() < deadline and not Ticket.objects.get(pk=ticket.pk).is_delivered:
        push_due()
        time.sleep(0.2)
    [record] = sandbox.records("change_request")
    assert Ticket.objects.get(pk=ticket.pk).sys_id == record["sys_id"]


def test_an_empty_look_up_before_a_late_commit_sends_nothing(
    sandbox: SandboxProcess, ticket: Ticket, clock: Clock, settings: LazySettings
) -> None:
    """Where the instance picks its own primary keys, the quarantine alone stands between us and a second record."""
    settings.PUSH_TIMEOUT = 1.0
    sandbox.settings(honour_sys_id=False)
    sandbox.fault("late_commit", seconds=4)
    assert push(ticket.pk, clock=clock) == AttemptResult.OUTCOME_UNKNOWN
    clock.advance(seconds=60)
    assert push(ticket.pk, clock=clock) == AttemptResult.NOT_FOUND_YET
    while not sandbox.records("change_request"):
        time.sleep(0.1)
    clock.advance(seconds=60)
    assert push(ticket.pk, clock=clock) == AttemptResult.ADOPTED
    assert len(sandbox.records("change_request")) == 1


def test_the_quarantine_is_waited_out_before_a_second_send(
    sandbox: SandboxProcess, ticket: Ticket, clock: Clock, settings: LazySettings
) -> None:
    sandbox.fault("reset")
    push(ticket.pk, clock=clock)
    clock.advance(seconds=settings.PUSH_QUARANTINE - 30)
    assert push(ticket.pk, clock=clock) == AttemptResult.NOT_FOUND_YET
    assert sandbox.records("change_request") == []
    clock.advance(seconds=31)
    assert push(ticket.pk, clock=clock) == AttemptResult.NOT_FOUND_YET
    assert sandbox.records("change_request") == []
    clock.advance(seconds=10)
    assert push(ticket.pk, clock=clock) == AttemptResult.DELIVERED
    assert len(sandbox.records("change_request")) == 1


def test_an_instance_that_picks_its_own_sys_id_still_gets_one_record(
    sandbox: SandboxProcess, ticket: Ticket, clock: Clock
) -> None:
    sandbox.settings(honour_sys_id=False)
    sandbox.fault("lose_answer")
    push(ticket.pk, clock=clock)
    settled = work_until_settled(ticket, clock)
    [record] = sandbox.records("change_request")
    assert settled.sys_id == record["sys_id"] != settled.client_sys_id


def test_two_records_with_our_key_are_shown_not_chosen(
    sandbox: SandboxProcess, ticket: Ticket, clock: Clock
) -> None:
    sandbox.fault("reset")
    push(ticket.pk, clock=clock)
    for _ in range(2):
        sandbox.create("change_request", correlation_id=str(ticket.pk), short_description="twin")
    settled = work_until_settled(ticket, clock)
    assert settled.delivery == Delivery.CONFLICT
    assert len(sandbox.records("change_request")) == 2


def test_a_refusal_waits_for_a_person_with_servicenows_own_sentence(
    sandbox: SandboxProcess, ticket: Ticket, clock: Clock
) -> None:
    sandbox.fault("business_rule_abort")
    assert push(ticket.pk, clock=clock) == AttemptResult.REFUSED
    ticket.refresh_from_db()
    assert ticket.delivery == Delivery.ATTENTION
    assert "Business Rule" in ticket.last_problem
    assert sandbox.records("change_request") == []
    assert give_up(ticket)


def test_an_instance_that_keeps_neither_of_our_keys_is_shown_to_a_person(
    sandbox: SandboxProcess, ticket: Ticket, clock: Clock
) -> None:
    """Such a record could never be found again, so sending once more could double it."""
    sandbox.settings(honour_sys_id=False, unwritable_fields="correlation_id")
    assert push(ticket.pk, clock=clock) == AttemptResult.UNMATCHED_RECORD
    ticket.refresh_from_db()
    assert (ticket.delivery, ticket.last_problem) == (
        Delivery.ATTENTION,
        sandbox.records("change_request")[0]["number"],
    )
    assert not ticket.may_be_discarded


def test_a_rate_limit_is_obeyed_and_costs_no_attempt(
    sandbox: SandboxProcess, ticket: Ticket, clock: Clock
) -> None:
    sandbox.fault("rate_limit", seconds=120)
    before = clock()
    assert push(ticket.pk, clock=clock) == AttemptResult.RATE_LIMITED
    ticket.refresh_from_db()
    assert ticket.attempts == 0
    assert ticket.next_attempt_at is not None
    assert ticket.next_attempt_at >= before + timedelta(seconds=119)
    assert ticket.sent_at is None


def test_an_expired_token_is_renewed_once_and_the_record_made(
    sandbox: SandboxProcess, ticket: Ticket
) -> None:
    sandbox.fault("unauthorized")
    assert push(ticket.pk) == AttemptResult.DELIVERED
    assert len(sandbox.records("change_request")) == 1


def test_a_create_is_not_repeated_after_a_renewal_that_took_too_long(
    sandbox: SandboxProcess, ticket: Ticket, clock: Clock
) -> None:
    """The quarantine counts from the intent: what is sent long after it could arrive when the quarantine is over."""
    ten_times_as_fast = Hurried()
    open_client(Connection.objects.get(), now=clock())
    sandbox.fault("unauthorized")
    sandbox.fault("latency", route="token", seconds=1.0)
    assert push(ticket.pk, clock=ten_times_as_fast) == AttemptResult.LATE
    assert sandbox.records("change_request") == []
    clock.advance(minutes=5)
    assert push(ticket.pk, clock=clock) == AttemptResult.DELIVERED


def test_while_servicenow_is_down_nothing_is_spent_and_then_everything_arrives(
    sandbox: SandboxProcess, connection: Connection, clock: Clock
) -> None:
    tickets = [TicketFactory.create(instance=connection.instance) for _ in range(3)]
    sandbox.stop()
    for _ in range(8):
        push_due(clock=clock)
        clock.advance(seconds=15)
    for ticket in tickets:
        ticket.refresh_from_db()
        assert (ticket.delivery, ticket.attempts, ticket.sent_at) == (Delivery.WAITING, 0, None)
    sandbox.start()
    clock.advance(seconds=70)
    for ticket in tickets:
        assert work_until_settled(ticket, clock).is_delivered
    assert len(sandbox.records("change_request")) == 3


def test_a_worker_that_lost_its_lease_changes_nothing(
    sandbox: SandboxProcess, ticket: Ticket, clock: Clock
) -> None:
    stale: Claim[Ticket] | None = Claim.take(Ticket.objects.all(), ticket.pk, Now.read(clock))
    assert stale is not None
    assert Claim.take(Ticket.objects.all(), ticket.pk, Now.read(clock)) is None
    clock.advance(hours=1)
    assert push(ticket.pk, clock=clock) == AttemptResult.DELIVERED
    assert write(stale, Result(AttemptResult.PAUSED, Delivery.WAITING), clock()) == AttemptResult.LOST_CLAIM
    assert not stale.move(Delivery.SENT, sent_at=clock())
    ticket.refresh_from_db()
    assert ticket.is_delivered


def test_nothing_is_sent_to_another_instance(sandbox: SandboxProcess, connection: Connection) -> None:
    stranger = TicketFactory.create()
    assert push_due() == 0
    assert push(stranger.pk) == AttemptResult.PAUSED
    assert sandbox.records("change_request") == []


def test_every_field_that_servicenow_did_not_keep_is_listed(
    sandbox: SandboxProcess, connection: Connection
) -> None:
    ticket = TicketFactory.create(instance=connection.instance, kind=Kind.INCIDENT, name="名" * 160)
    sandbox.settings(honour_sys_id=False)
    push(ticket.pk)
    ticket.refresh_from_db()
    assert ticket.dropped_fields == ["sys_id"]
