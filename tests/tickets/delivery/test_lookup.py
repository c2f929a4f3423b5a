"""Look-ups that fail, find too much, or cannot be believed: none of them makes a second record or holds others up."""

import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import User
from connector.models import Connection, Instance
from tests.factories import CheckResultFactory, FindingFactory, ReconciliationFactory, TicketFactory
from tests.sandbox_process import SandboxProcess
from tests.tickets.clock import Clock
from tickets.delivery.push import push, push_due
from tickets.models import Ticket
from tickets.models.backoff import AttemptResult
from tickets.models.choices import Delivery
from tickets.models.reconciliation import Discrepancy
from tickets.reconciliation import fixes

pytestmark = [pytest.mark.django_db]
CHANGE = "change_request"


def once_before_sending(work: Callable[[], object]) -> None:
    """Let something happen in ServiceNow between a ticket's next intent and its sending."""
    waiting = [work]

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "tickets.delivery.push.intent_stored" and waiting:
            waiting.pop()()

    sys.addaudithook(hook)


def test_where_neither_key_is_kept_an_unanswered_send_is_not_repeated(
    sandbox: SandboxProcess, connection: Connection, ticket: Ticket, clock: Clock
) -> None:
    sandbox.settings(honour_sys_id=False, unwritable_fields="correlation_id")
    CheckResultFactory.create(connection=connection, name="correlation_id", finding="lost")
    Instance.objects.update(honours_sys_id=False)
    sandbox.fault("lose_answer", times=3)
    for _ in range(10):
        push_due(clock=clock)
        clock.advance(seconds=60)
    ticket.refresh_from_db()
    assert (ticket.delivery, ticket.last_result) == (Delivery.ATTENTION, AttemptResult.UNVERIFIABLE)
    assert len(sandbox.records(CHANGE)) == 1


def test_a_look_up_that_always_fails_holds_no_other_ticket_up(
    sandbox: SandboxProcess, connection: Connection, clock: Clock
) -> None:
    sandbox.create(CHANGE, short_description="unmatched_record")
    sandbox.settings(
        honour_sys_id=False, unreadable_fields="correlation_id", unreadable_field_query="ignored"
    )
    sandbox.fault("reset")
    stuck = TicketFactory.create(instance=connection.instance)
    push(stuck.pk, clock=clock)
    other = TicketFactory.create(
        instance=connection.instance, next_attempt_at=clock() + timedelta(seconds=30)
    )
    for _ in range(40):
        push_due(clock=clock)
        clock.advance(seconds=3)
    stuck.refresh_from_db()
    assert stuck.delivery == Delivery.ATTENTION
    assert stuck.sent_at is not None
    assert other.push_attempts.exists()


def test_an_answer_that_names_no_record_is_no_delivery(
    sandbox: SandboxProcess, ticket: Ticket, clock: Clock
) -> None:
    sandbox.settings(unreadable_fields="sys_id")
    assert push(ticket.pk, clock=clock) == AttemptResult.OUTCOME_UNKNOWN
    ticket.refresh_from_db()
    assert (ticket.delivery, ticket.sent_at is not None) == (Delivery.WAITING, True)


def test_a_look_up_that_fails_after_a_refusal_forgets_no_earlier_send(
    sandbox: SandboxProcess, ticket: Ticket, clock: Clock
) -> None:
    sandbox.fault("reset")
    push(ticket.pk, clock=clock)
    clock.advance(seconds=400)
    push(ticket.pk, clock=clock)
    clock.advance(seconds=10)

    def arrive_late() -> None:
        sandbox.create(CHANGE, sys_id=ticket.client_sys_id, correlation_id=str(ticket.pk))
        sandbox.fault("rate_limit", method="GET")

    once_before_sending(arrive_late)
    push(ticket.pk, clock=clock)
    ticket.refresh_from_db()
    assert ticket.sent_at is not None
    clock.advance(seconds=100)
    push(ticket.pk, clock=clock)
    ticket.refresh_from_db()
    assert ticket.is_delivered
    assert len(sandbox.records(CHANGE)) == 1


def test_two_records_found_after_a_refusal_are_a_conflict(
    sandbox: SandboxProcess, ticket: Ticket, clock: Clock
) -> None:
    sandbox.fault("reset")
    push(ticket.pk, clock=clock)
    clock.advance(seconds=600)
    push(ticket.pk, clock=clock)
    clock.advance(seconds=10)

    def arrive_twice() -> None:
        for _ in range(2):
            sandbox.create(CHANGE, correlation_id=str(ticket.pk))
        sandbox.fault("forbidden", method="POST")

    once_before_sending(arrive_twice)
    assert push(ticket.pk, clock=clock) == AttemptResult.CONFLICT


def test_fixing_a_link_sends_nothing_when_the_record_is_gone_by_then(
    sandbox: SandboxProcess, connection: Connection, clock: Clock, secadmin: User
) -> None:
    ticket = TicketFactory.create(
        instance=connection.instance, delivery=Delivery.ATTENTION, last_result=AttemptResult.REFUSED
    )
    run = ReconciliationFactory.create(instance=connection.instance)
    finding = FindingFactory.create(
        run=run, discrepancy="unlinked", ticket=ticket, sys_id=ticket.client_sys_id
    )
    fixes.choose(run, Discrepancy.UNLINKED, by=secadmin, now=clock())
    fixes.fix_chosen(run.pk, clock=clock)
    for _ in range(100):
        push_due(clock=clock)
        clock.advance(seconds=3)
    ticket.refresh_from_db()
    finding.refresh_from_db()
    assert ticket.delivery == Delivery.ATTENTION
    assert "gone or hidden" in finding.problem
    assert sandbox.records(CHANGE) == []
