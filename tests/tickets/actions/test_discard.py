"""Giving up what is not in ServiceNow, and leaving states that nothing else would end."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from connector.clock import Clock as Now
from connector.models import Connection
from tests.factories import ActionFactory, InstanceFactory, TicketFactory
from tests.sandbox_process import SandboxProcess
from tests.tickets.clock import Clock
from tickets.actions.discard import discard
from tickets.actions.link import Reason, unlink
from tickets.delivery.lease import release_abandoned
from tickets.delivery.push import push
from tickets.models import Ticket
from tickets.models.backoff import BACKOFF, AttemptResult
from tickets.models.choices import Delivery

pytestmark = [pytest.mark.django_db]
CHANGE = "change_request"


@pytest.fixture
def browser(client: Client, secadmin: User) -> Client:
    client.force_login(secadmin)
    return client


@pytest.fixture
def unanswered(sandbox: SandboxProcess, ticket: Ticket, clock: Clock) -> Ticket:
    """Tried for days, the last time without an answer."""
    Ticket.objects.update(attempts=len(BACKOFF))
    sandbox.fault("reset")
    assert push(ticket.pk, clock=clock) == AttemptResult.OUTCOME_UNKNOWN
    ticket.refresh_from_db()
    assert ticket.delivery == Delivery.ATTENTION
    return ticket


def long_ago(ticket: Ticket) -> None:
    assert ticket.sent_at
    Ticket.objects.filter(pk=ticket.pk).update(sent_at=ticket.sent_at - timedelta(days=1))


def discarded(browser: Client, ticket: Ticket) -> bool:
    assert (
        reverse("tickets:discard", args=[ticket.pk]).encode()
        in browser.get(ticket.get_absolute_url()).content
    )
    browser.post(reverse("tickets:discard", args=[ticket.pk]))
    ticket.refresh_from_db()
    return ticket.delivery == Delivery.DISCARDED


def test_what_was_not_answered_may_be_discarded_once_it_cannot_arrive(
    browser: Client, unanswered: Ticket
) -> None:
    assert not discarded(browser, unanswered)
    long_ago(unanswered)
    assert discarded(browser, unanswered)


@pytest.mark.parametrize("kind", [CHANGE, "incident"])
def test_what_is_in_servicenow_is_not_discarded(
    sandbox: SandboxProcess, browser: Client, unanswered: Ticket, kind: str
) -> None:
    long_ago(unanswered)
    sandbox.create(kind, correlation_id=unanswered.correlation_id)
    assert not discarded(browser, unanswered)


def test_where_servicenow_cannot_be_asked_nothing_is_discarded(
    sandbox: SandboxProcess, browser: Client, unanswered: Ticket
) -> None:
    long_ago(unanswered)
    sandbox.fault("server_error", method="GET", times=5)
    assert not discarded(browser, unanswered)


def test_where_the_other_table_may_not_be_read_a_person_has_to_say_so(
    sandbox: SandboxProcess, browser: Client, unanswered: Ticket
) -> None:
    """That one may not look there does not mean that nothing is there."""
    long_ago(unanswered)
    sandbox.create("incident", correlation_id=unanswered.correlation_id)
    sandbox.fault("forbidden", method="GET", about="/table/incident", times=9)
    assert not discarded(browser, unanswered)
    page = browser.get(reverse("tickets:discard", args=[unanswered.pk]), {"certain": "1"}).content.decode()
    assert "refuses to say whether it has a record of this ticket" in page
    browser.post(reverse("tickets:discard", args=[unanswered.pk]), {"certain": "1"})
    unanswered.refresh_from_db()
    assert unanswered.delivery == Delivery.DISCARDED


def test_a_conflict_whose_records_are_gone_can_be_ended(
    sandbox: SandboxProcess, ticket: Ticket, clock: Clock, browser: Client
) -> None:
    sandbox.settings(honour_sys_id=False)
    records = [sandbox.create(CHANGE, correlation_id=ticket.correlation_id) for _ in range(2)]
    Ticket.objects.update(sent_at=clock())
    clock.advance(minutes=11)
    assert push(ticket.pk, clock=clock) == AttemptResult.CONFLICT
    for record in records:
        sandbox.delete(CHANGE, record["sys_id"])
    address = reverse("tickets:unlink", args=[ticket.pk])
    assert address.encode() in browser.get(ticket.get_absolute_url()).content
    page = browser.get(address).content.decode()
    assert "The wrong record was linked" not in page
    browser.post(address, {"reason": "deleted", "sys_id": ""})
    assert discarded(browser, ticket)


def test_what_a_worker_held_for_an_instance_that_was_replaced_is_let_go(
    connection: Connection, clock: Clock
) -> None:
    until = Now.read(clock).steady() + timedelta(minutes=1)
    held = {"claim_token": uuid4(), "claimed_until": until, "sent_at": clock()}
    instance = InstanceFactory.create()
    old = TicketFactory.create(instance=instance, delivery=Delivery.SENT, **held)
    ours = TicketFactory.create(instance=connection.instance, delivery=Delivery.SENT, **held)
    assert release_abandoned(Now.read(clock)) == 0
    clock.advance(minutes=2)
    assert release_abandoned(Now.read(clock)) == 1
    old.refresh_from_db()
    ours.refresh_from_db()
    assert (old.delivery, old.claim_token, old.sent_at is None) == (Delivery.WAITING, None, False)
    assert ours.delivery == Delivery.SENT


def test_an_unlinked_ticket_can_be_discarded_and_says_that_its_record_stays(
    browser: Client, delivered: Ticket, secadmin: User
) -> None:
    assert unlink(delivered, Reason.MOVED, by=secadmin, now=timezone.now())
    assert discarded(browser, delivered)
    page = browser.get(delivered.get_absolute_url()).content.decode()
    assert "a record that it may have had there stays as it is" in page


def test_where_looking_up_is_refused_for_good_a_person_who_has_looked_may_discard(
    browser: Client, sandbox: SandboxProcess, unanswered: Ticket
) -> None:
    sandbox.create(CHANGE, short_description="somebody else's")
    sandbox.settings(unreadable_fields="correlation_id", unreadable_field_query="ignored")
    assert not discarded(browser, unanswered)
    long_ago(unanswered)
    answer = browser.post(reverse("tickets:discard", args=[unanswered.pk]), follow=True)
    page = answer.content.decode()
    assert "ServiceNow refuses to say" in page
    unanswered.refresh_from_db()
    assert unanswered.delivery == Delivery.ATTENTION
    assert 'name="certain"' in page
    browser.post(reverse("tickets:discard", args=[unanswered.pk]), {"certain": "1"})
    unanswered.refresh_from_db()
    assert unanswered.delivery == Delivery.DISCARDED


def test_who_is_certain_discards_nothing_that_is_there(browser: Client, ticket: Ticket, clock: Clock) -> None:
    push(ticket.pk, clock=clock)
    Ticket.objects.update(delivery=Delivery.ATTENTION, sys_id="", sent_at=clock() - timedelta(days=1))
    browser.post(reverse("tickets:discard", args=[ticket.pk]), {"certain": "1"})
    ticket.refresh_from_db()
    assert ticket.delivery == Delivery.ATTENTION


def test_discard_asks_first(browser: Client, ticket: Ticket) -> None:
    address = reverse("tickets:discard", args=[ticket.pk])
    page = browser.get(address).content.decode()
    assert "Discard this ticket?" in page
    assert "this can be undone there" in page
    ticket.refresh_from_db()
    assert ticket.delivery == Delivery.WAITING


def test_what_cannot_be_discarded_is_not_asked_about(browser: Client, delivered: Ticket) -> None:
    answer = browser.get(reverse("tickets:discard", args=[delivered.pk]))
    assert answer["Location"] == delivered.get_absolute_url()


@pytest.mark.parametrize("was", [Delivery.WAITING, Delivery.ATTENTION])
def test_discarding_what_was_never_sent_can_be_undone(
    sandbox: SandboxProcess, browser: Client, ticket: Ticket, was: Delivery
) -> None:
    Ticket.objects.update(delivery=was)
    ticket.refresh_from_db()
    assert discarded(browser, ticket)
    address = reverse("tickets:undo_discard", args=[ticket.pk])
    assert address in browser.get(ticket.get_absolute_url()).content.decode()
    browser.post(address)
    ticket.refresh_from_db()
    assert (ticket.delivery, ticket.is_open) == (was, True)
    browser.post(address)
    assert ticket.events.filter(type="discard_undone").count() == 1
    if was == Delivery.WAITING:
        assert push(ticket.pk) == AttemptResult.DELIVERED
        assert len(sandbox.records(CHANGE)) == 1


def test_what_was_sent_or_unlinked_stays_discarded(
    browser: Client, unanswered: Ticket, connection: Connection, secadmin: User
) -> None:
    long_ago(unanswered)
    unlinked = TicketFactory.create(instance=connection.instance)
    push(unlinked.pk)
    unlinked.refresh_from_db()
    unlink(unlinked, Reason.DELETED, by=secadmin, now=timezone.now())
    for ticket in (unanswered, unlinked):
        assert discarded(browser, ticket)
        address = reverse("tickets:undo_discard", args=[ticket.pk])
        browser.post(address)
        ticket.refresh_from_db()
        assert ticket.delivery == Delivery.DISCARDED


def test_an_action_with_another_open_ticket_by_now_gets_no_second_one(
    browser: Client, connection: Connection
) -> None:
    action = ActionFactory.create()
    first = TicketFactory.create(instance=connection.instance, action=action)
    assert discarded(browser, first)
    TicketFactory.create(instance=connection.instance, action=action)
    page = browser.post(reverse("tickets:undo_discard", args=[first.pk]), follow=True).content.decode()
    assert "another open ticket by now" in page
    first.refresh_from_db()
    assert first.delivery == Delivery.DISCARDED


def test_discarding_twice_says_that_it_is_done_and_undoing_still_leads_back(
    browser: Client, secadmin: User, connection: Connection
) -> None:
    ticket = TicketFactory.create(instance=connection.instance, delivery=Delivery.ATTENTION, sent_at=None)
    seen_before = Ticket.objects.get(pk=ticket.pk)
    address = reverse("tickets:discard", args=[ticket.pk])
    browser.post(address)
    again = browser.post(address, follow=True).content
    assert b"This ticket is discarded already." in again
    assert b"may exist in ServiceNow" not in again
    # Whoever looked before somebody else undid it.
    browser.post(reverse("tickets:undo_discard", args=[ticket.pk]))
    seen_before.delivery = Delivery.DISCARDED
    assert discard(seen_before, by=secadmin, now=timezone.now())
    browser.post(reverse("tickets:undo_discard", args=[ticket.pk]))
    ticket.refresh_from_db()
    assert ticket.delivery == Delivery.ATTENTION
