"""Further records that carry a ticket's key: told within one poll, chosen from by a person, nothing lost meanwhile."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from connector.models import Connection
from tests.factories import TicketFactory
from tests.sandbox_process import Row, SandboxProcess
from tests.tickets.clock import Clock
from tickets.delivery.push import push, push_due
from tickets.models import Ticket, TicketEvent
from tickets.models.backoff import AttemptResult
from tickets.models.choices import Delivery, Kind
from tickets.records.payload import MARKERS
from tickets.tracking.poll import poll_delta, poll_sweep, refresh

pytestmark = [pytest.mark.django_db]
UNSEEN = "ServiceNow does not say which records carry this ticket"


def twin_of(sandbox: SandboxProcess, ticket: Ticket, **fields: str) -> Row:
    """A record that a machine in between made by sending the create once more."""
    marked = {"correlation_id": ticket.correlation_id, "correlation_display": MARKERS[Kind(ticket.kind)]}
    return sandbox.create(ticket.kind, short_description=ticket.name, **marked, **fields)


@pytest.fixture
def browser(client: Client, secadmin: User) -> Client:
    client.force_login(secadmin)
    return client


@pytest.fixture
def twin(sandbox: SandboxProcess, delivered: Ticket) -> Row:
    twin = twin_of(sandbox, delivered)
    poll_delta()
    delivered.refresh_from_db()
    return twin


def page_of(browser: Client, ticket: Ticket) -> str:
    return browser.get(ticket.get_absolute_url()).content.decode()


def offered(browser: Client, ticket: Ticket) -> dict[str, str]:
    """What the page on which a record is chosen offers: labels of buttons by sys_id."""
    page = browser.get(reverse("tickets:link", args=[ticket.pk])).content.decode()
    buttons = re.findall(r'name="sys_id" value="(\w+)".*?</svg>\s*([^<]+?)\s*</button>', page, re.DOTALL)
    return dict(buttons)


def choose(browser: Client, ticket: Ticket, sys_id: str) -> None:
    seen = " ".join(offered(browser, ticket))
    browser.post(reverse("tickets:link", args=[ticket.pk]), {"sys_id": sys_id, "seen": seen})
    ticket.refresh_from_db()


def test_a_second_record_of_a_delivered_ticket_is_told_within_one_poll(
    browser: Client, delivered: Ticket, twin: Row
) -> None:
    assert (delivered.delivery, delivered.sys_id == twin["sys_id"]) == (Delivery.DELIVERED, False)
    assert f"ServiceNow holds {delivered.number}, {twin['number']}." in page_of(browser, delivered)
    attention = browser.get(reverse("tickets:list"), {"attention": "on"}).content.decode()
    assert delivered.number in attention
    assert "1 in need of attention" in attention
    assert delivered.events.filter(type=TicketEvent.Type.CONFLICT).count() == 1
    assert poll_delta() == 0


def test_the_record_goes_on_being_followed_until_somebody_has_chosen(
    sandbox: SandboxProcess, delivered: Ticket, twin: Row
) -> None:
    sandbox.change("change_request", delivered.sys_id, state="-4")
    poll_delta()
    delivered.refresh_from_db()
    assert delivered.state == "-4"


def test_a_person_may_keep_the_record(
    sandbox: SandboxProcess, browser: Client, delivered: Ticket, twin: Row
) -> None:
    buttons = offered(browser, delivered)
    assert buttons[delivered.sys_id] == f"Keep {delivered.number}"
    kept = delivered.sys_id
    choose(browser, delivered, kept)
    assert (delivered.sys_id, delivered.twin_since) == (kept, None)
    sandbox.change("change_request", twin["sys_id"], short_description="Still there")
    poll_delta()
    delivered.refresh_from_db()
    assert delivered.twin_since is None
    assert "More than one record" not in page_of(browser, delivered)


def test_a_person_may_take_the_other_one(
    sandbox: SandboxProcess, browser: Client, delivered: Ticket, twin: Row
) -> None:
    old = delivered.sys_id
    choose(browser, delivered, twin["sys_id"])
    assert (delivered.delivery, delivered.number) == (Delivery.DELIVERED, twin["number"])
    assert (delivered.twin_since, list(delivered.twins)) == (None, [old])
    poll_delta()
    delivered.refresh_from_db()
    assert delivered.twin_since is None


@pytest.mark.parametrize("how", ["forbidden", "ignored"])
@pytest.mark.parametrize("takes", ["kept", "other"])
def test_where_it_cannot_be_looked_for_further_records_those_that_are_known_stay_known(
    sandbox: SandboxProcess, browser: Client, delivered: Ticket, twin: Row, takes: str, how: str
) -> None:
    """An instance that lets nobody ask by correlation_id does not say that there are none."""
    old = delivered.sys_id
    sandbox.settings(unreadable_fields="correlation_id", unreadable_field_query=how)
    chosen, left = (old, twin["sys_id"]) if takes == "kept" else (twin["sys_id"], old)
    choose(browser, delivered, chosen)
    assert (delivered.sys_id, delivered.twin_since, list(delivered.twins)) == (chosen, None, [left])
    said = delivered.events.filter(type=TicketEvent.Type.LINKED).first()
    assert said
    assert len(said.detail["others"]) == 1


def test_whoever_links_is_told_where_it_cannot_be_looked_for_records_with_the_key(
    sandbox: SandboxProcess, browser: Client, delivered: Ticket, twin: Row
) -> None:
    address = reverse("tickets:link", args=[delivered.pk])
    assert UNSEEN not in browser.get(address).content.decode()
    sandbox.settings(unreadable_fields="correlation_id", unreadable_field_query="forbidden")
    assert UNSEEN in browser.get(address).content.decode()


# The delta lists what is there and marked; the sweep sees the rest.
@pytest.mark.parametrize(
    ("how", "end"),
    [
        ("delta", "closed"),
        ("sweep", "closed"),
        ("sweep", "deleted"),
        ("sweep", "other key"),
        ("refresh", "deleted"),
    ],
)
def test_a_second_record_that_is_closed_or_gone_is_none_any_more(
    sandbox: SandboxProcess, delivered: Ticket, twin: Row, clock: Clock, how: str, end: str
) -> None:
    if end == "closed":
        sandbox.change("change_request", twin["sys_id"], state="4", active="false")
    elif end == "deleted":
        sandbox.delete("change_request", twin["sys_id"])
    else:
        sandbox.change("change_request", twin["sys_id"], correlation_id="", correlation_display="")
    clock.advance(minutes=1)
    if how == "delta":
        poll_delta(clock=clock)
    elif how == "sweep":
        poll_sweep(clock=clock)
    else:
        refresh([delivered], clock=clock)
    delivered.refresh_from_db()
    assert (delivered.twins, delivered.twin_since) == ({}, None)


@pytest.mark.parametrize(
    "fields",
    [{"active": "false", "state": "4"}, {"correlation_id": "not-a-key"}, {"correlation_display": "Else"}],
)
def test_what_is_closed_or_carries_no_key_is_no_second_record(
    sandbox: SandboxProcess, delivered: Ticket, fields: dict[str, str]
) -> None:
    marked = {"correlation_id": delivered.correlation_id, "correlation_display": MARKERS[Kind.CHANGE_REQUEST]}
    sandbox.create("change_request", **{**marked, **fields})
    poll_delta()
    delivered.refresh_from_db()
    assert delivered.twins == {}


def test_the_choice_between_two_records_of_a_conflict_is_not_asked_again(
    sandbox: SandboxProcess, browser: Client, connection: Connection
) -> None:
    ticket = TicketFactory.create(instance=connection.instance, delivery=Delivery.CONFLICT)
    one, other = twin_of(sandbox, ticket), twin_of(sandbox, ticket)
    choose(browser, ticket, other["sys_id"])
    assert (ticket.sys_id, list(ticket.twins)) == (other["sys_id"], [one["sys_id"]])
    poll_delta()
    ticket.refresh_from_db()
    assert ticket.twin_since is None


@pytest.mark.parametrize("delivery", [Delivery.WAITING, Delivery.ATTENTION])
def test_the_record_of_an_undelivered_ticket_is_adopted_and_none_is_made(
    sandbox: SandboxProcess, connection: Connection, delivery: Delivery, clock: Clock
) -> None:
    ticket = TicketFactory.create(
        instance=connection.instance,
        delivery=delivery,
        last_result=AttemptResult.OUTCOME_UNKNOWN,
        sent_at=clock(),
        next_attempt_at=None if delivery == Delivery.ATTENTION else clock() + clock.offset,
    )
    record = twin_of(sandbox, ticket)
    assert poll_delta(clock=clock) == 1
    push_due(clock=clock)
    ticket.refresh_from_db()
    assert (ticket.delivery, ticket.sys_id) == (Delivery.DELIVERED, record["sys_id"])
    assert len(sandbox.records("change_request")) == 1


def test_two_records_of_an_undelivered_ticket_wait_for_a_person(
    sandbox: SandboxProcess, connection: Connection, clock: Clock
) -> None:
    ticket = TicketFactory.create(instance=connection.instance, delivery=Delivery.ATTENTION, sent_at=clock())
    twin_of(sandbox, ticket)
    twin_of(sandbox, ticket)
    poll_delta(clock=clock)
    push_due(clock=clock)
    ticket.refresh_from_db()
    assert ticket.delivery == Delivery.CONFLICT


@pytest.mark.parametrize("delivery", [Delivery.UNLINKED, Delivery.DISCARDED])
def test_whom_a_person_has_decided_about_is_left_alone(
    sandbox: SandboxProcess, connection: Connection, delivered: Ticket, delivery: Delivery
) -> None:
    ticket = TicketFactory.create(
        instance=connection.instance, delivery=delivery, is_open=delivery != Delivery.DISCARDED
    )
    twin_of(sandbox, ticket)
    poll_delta()
    ticket.refresh_from_db()
    assert ticket.delivery == delivery


def test_a_reader_is_told_and_offered_no_choice(
    client: Client, reader: User, delivered: Ticket, twin: Row
) -> None:
    client.force_login(reader)
    page = page_of(client, delivered)
    assert "More than one record carries this ticket" in page
    assert reverse("tickets:link", args=[delivered.pk]) not in page


def test_one_that_was_unlinked_and_pushed_anew_keeps_no_old_twins(
    delivered: Ticket, twin: Row, browser: Client
) -> None:
    browser.post(
        reverse("tickets:unlink", args=[delivered.pk]), {"sys_id": delivered.sys_id, "reason": "wrong"}
    )
    delivered.refresh_from_db()
    assert (delivered.delivery, delivered.twins, delivered.twin_since) == (Delivery.UNLINKED, {}, None)
    assert push(delivered.pk) is None
