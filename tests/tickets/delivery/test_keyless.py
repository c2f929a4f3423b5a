"""An instance that keeps neither of our keys: what it made can never be looked up, so people decide."""

import sys
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from connector.health import checks
from connector.models import CheckResult, Connection, Instance
from tests.factories import CheckResultFactory, TicketFactory
from tests.sandbox_process import SandboxProcess
from tests.tickets.clock import Clock
from tickets.delivery.push import push, push_due
from tickets.models import Ticket
from tickets.models.backoff import AttemptResult
from tickets.models.choices import Delivery

pytestmark = [pytest.mark.django_db]
CHANGE = "change_request"


class Killed(BaseException):
    """The worker's process ends here."""


@pytest.fixture(autouse=True)
def keyless(sandbox: SandboxProcess, connection: Connection) -> None:
    sandbox.settings(honour_sys_id=False, unwritable_fields="correlation_id")
    Instance.objects.update(honours_sys_id=False)
    CheckResultFactory.create(connection=connection, name="correlation_id", finding="lost")


@pytest.fixture
def browser(client: Client, secadmin: User) -> Client:
    client.force_login(secadmin)
    return client


def kill_once_answered(ticket: Ticket) -> None:
    armed = [ticket.correlation_id]

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "tickets.delivery.push.answered" and armed == list(arguments):
            armed.clear()
            raise Killed

    sys.addaudithook(hook)


def pushed(ticket: Ticket, clock: Clock, *, times: int) -> Ticket:
    for _ in range(times):
        clock.advance(hours=1)
        push(ticket.pk, clock=clock)
    ticket.refresh_from_db()
    return ticket


@pytest.fixture
def wanted_twice(ticket: Ticket, clock: Clock) -> Ticket:
    assert push(ticket.pk, clock=clock) == AttemptResult.UNMATCHED_RECORD
    ticket.refresh_from_db()
    assert ticket.retry(clock(), a_second_is_wanted=True)
    return ticket


def test_a_second_record_that_a_person_wanted_is_not_followed_by_a_third(
    sandbox: SandboxProcess, wanted_twice: Ticket, clock: Clock
) -> None:
    kill_once_answered(wanted_twice)
    with pytest.raises(Killed):
        pushed(wanted_twice, clock, times=1)
    ticket = pushed(wanted_twice, clock, times=5)
    assert (ticket.delivery, ticket.last_result) == (Delivery.ATTENTION, AttemptResult.UNVERIFIABLE)
    assert len(sandbox.records(CHANGE)) == 2


@pytest.mark.parametrize("in_between", ["the quarantine", "no connection", "a rate limit"])
def test_the_wish_for_a_second_record_outlives_tries_that_sent_nothing(
    sandbox: SandboxProcess, connection: Connection, wanted_twice: Ticket, clock: Clock, in_between: str
) -> None:
    if in_between == "the quarantine":
        push(wanted_twice.pk, clock=clock)
    elif in_between == "no connection":
        Connection.objects.update(is_current=False)
        pushed(wanted_twice, clock, times=1)
        Connection.objects.update(is_current=True)
    else:
        sandbox.fault("rate_limit", method="POST", seconds=1)
        pushed(wanted_twice, clock, times=1)
    pushed(wanted_twice, clock, times=2)
    assert len(sandbox.records(CHANGE)) == 2


def test_where_no_answer_came_nobody_is_told_of_one(
    sandbox: SandboxProcess, ticket: Ticket, clock: Clock, browser: Client
) -> None:
    sandbox.fault("lose_answer")
    pushed(ticket, clock, times=2)
    page = browser.get(ticket.get_absolute_url()).content.decode()
    assert "No answer came" in page
    assert "ServiceNow answered with a record" not in page
    assert "?record=" not in page
    assert "Not known yet." in page
    browser.post(reverse("tickets:retry", args=[ticket.pk]))
    assert pushed(ticket, clock, times=1).delivery == Delivery.ATTENTION
    Ticket.objects.update(sent_at=clock() - timedelta(days=1))
    browser.post(reverse("tickets:discard", args=[ticket.pk]))
    ticket.refresh_from_db()
    assert ticket.delivery == Delivery.DISCARDED


def share_many(connection: Connection, count: int) -> list[Ticket]:
    return [TicketFactory.create(instance=connection.instance) for _ in range(count)]


def work(clock: Clock, *, times: int = 3) -> None:
    for _ in range(times):
        push_due(clock=clock)
        clock.advance(minutes=2)


@pytest.fixture
def shared(connection: Connection) -> list[Ticket]:
    """Thirty tickets for an instance of which no trial has shown that it keeps none of our keys."""
    Instance.objects.update(honours_sys_id=None)
    CheckResult.objects.all().delete()
    return share_many(connection, 30)


def test_the_first_record_without_a_key_is_the_last(
    sandbox: SandboxProcess, shared: list[Ticket], clock: Clock, browser: Client
) -> None:
    work(clock)
    assert len(sandbox.records(CHANGE)) == 1
    results = Counter(Ticket.objects.values_list("last_result", flat=True))
    assert results == {AttemptResult.UNMATCHED_RECORD: 1, AttemptResult.KEYLESS: 29}
    page = browser.get("/").content.decode()
    assert "ServiceNow keeps none of the keys" in page
    assert reverse("tickets:fields", args=[CHANGE]) in page


def test_a_trial_that_keeps_a_key_lets_the_tickets_go_on(
    sandbox: SandboxProcess, shared: list[Ticket], clock: Clock, browser: Client, administrator: User
) -> None:
    work(clock, times=1)
    browser.force_login(administrator)
    browser.post(reverse("tickets:try_fields", args=[CHANGE]))
    work(clock, times=1)
    assert len(sandbox.records(CHANGE)) == 2
    sandbox.settings(unwritable_fields="")
    browser.post(reverse("tickets:try_fields", args=["incident"]))
    work(clock, times=1)
    assert len(sandbox.records(CHANGE)) == 2
    browser.post(reverse("tickets:try_fields", args=[CHANGE]))
    work(clock)
    assert Ticket.objects.filter(delivery=Delivery.DELIVERED).count() == 29
    assert len(sandbox.records(CHANGE)) == 3 + 29


def test_trial_records_at_the_connection_stop_it_before_the_first_ticket(
    sandbox: SandboxProcess, connection: Connection, shared: list[Ticket], clock: Clock
) -> None:
    checks.run(connection, now=clock(), make_records=True)
    work(clock)
    assert len(sandbox.records(CHANGE)) == 1
    sandbox.settings(honour_sys_id=True)
    checks.run(connection, now=clock(), make_records=True)
    work(clock)
    assert Ticket.objects.filter(delivery=Delivery.DELIVERED).count() == 30
