"""What a ticket's page says of its delivery and of its record, without a page."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import translation

from connector.models import Connection
from tests.factories import NOON, ConnectionFactory, InstanceFactory, TicketFactory
from tickets.models import Ticket
from tickets.models.backoff import AttemptResult
from tickets.models.choices import Delivery
from tickets.pages.status_notice import (
    Notice,
    StatusNotice,
    is_moving,
    status_notice,
    warnings,
    without_record,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def ticket() -> Ticket:
    """A ticket of the instance in use that waits to be sent."""
    instance = InstanceFactory.create(host="acme.service-now.com")
    ConnectionFactory.create(instance=instance, status=Connection.Status.CONNECTED, is_current=True)
    made: Ticket = TicketFactory.create(instance=instance)
    return made


def notice_in(ticket: Ticket, delivery: Delivery, result: str = "", problem: str = "") -> StatusNotice:
    """The notice of the same ticket in another state; nothing is stored."""
    ticket.delivery, ticket.last_result, ticket.last_problem = delivery, result, problem
    notice = status_notice(ticket)
    assert notice is not None
    return notice


@pytest.mark.parametrize(
    ("delivery", "tone", "title", "begins"),
    [
        (Delivery.WAITING, "info", "", "Sending to ServiceNow."),
        (Delivery.CLAIMED, "info", "", "Sending to ServiceNow."),
        (Delivery.SENT, "info", "", "Sending to ServiceNow."),
        (Delivery.DELIVERED, "success", "", "Ticket <strong>CHG1</strong> was created"),
        (Delivery.ATTENTION, "danger", "Needs attention", "Refused by ServiceNow"),
        (Delivery.CONFLICT, "danger", "Found twice in ServiceNow", "More than one record"),
        (Delivery.UNLINKED, "warning", "Unlinked", "Nothing is sent and nothing is followed."),
        (Delivery.DISCARDED, "info", "", "This ticket was discarded."),
    ],
)
def test_each_state_has_its_tone_and_sentence(
    ticket: Ticket, delivery: Delivery, tone: str, title: str, begins: str
) -> None:
    ticket.number = "CHG1"
    notice = notice_in(ticket, delivery, AttemptResult.REFUSED, "CHG1, CHG2")
    assert (notice.tone, str(notice.title)) == (tone, title)
    assert str(notice.text).startswith(begins)
    assert notice.is_working is (notice.tone == "info" and delivery != Delivery.DISCARDED)


def test_a_delivered_one_leads_to_its_record_and_says_its_number_aloud(ticket: Ticket) -> None:
    ticket.sys_id, ticket.number = "a" * 32, "<b>"
    notice = notice_in(ticket, Delivery.DELIVERED)
    assert "sys_id" in notice.record_url
    assert notice.announcement == "Ticket <b> was created in ServiceNow."
    assert "<b>" not in str(notice.text)


@pytest.mark.parametrize(
    ("result", "hint"),
    [
        (AttemptResult.REFUSED, ""),
        (AttemptResult.DOUBTED, "Fix what the answer names"),
        (AttemptResult.OTHER_KIND, "choose that type"),
        (AttemptResult.UNMATCHED_RECORD, "No look-up would find that record"),
        (AttemptResult.UNVERIFIABLE, "Look in ServiceNow for a record of this name"),
        ("", ""),
    ],
)
def test_what_needs_attention_quotes_servicenow_and_says_what_helps(
    ticket: Ticket, result: str, hint: str
) -> None:
    notice = notice_in(ticket, Delivery.ATTENTION, result, "Said so.")
    assert notice.quote == "Said so."
    assert hint in str(notice.hint)
    assert bool(hint) == bool(str(notice.hint))


def test_two_records_are_named_and_not_quoted(ticket: Ticket) -> None:
    notice = notice_in(ticket, Delivery.CONFLICT, AttemptResult.CONFLICT, "CHG1, CHG2")
    assert "CHG1, CHG2" in str(notice.text)
    assert notice.quote == ""


def test_while_it_waits_the_last_attempt_is_told(ticket: Ticket) -> None:
    assert notice_in(ticket, Delivery.WAITING).last_attempt is None
    last = notice_in(ticket, Delivery.WAITING, AttemptResult.UNREACHABLE, "timed out").last_attempt
    assert last is not None
    assert (str(last.words), last.problem) == ("ServiceNow could not be reached", "timed out")
    assert (last.waits_for_calls, last.next_at) == (False, ticket.next_attempt_at)
    last = notice_in(ticket, Delivery.WAITING, AttemptResult.BUDGET).last_attempt
    assert last is not None
    assert last.waits_for_calls


@pytest.mark.parametrize("delivery", [Delivery.WAITING, Delivery.CLAIMED, Delivery.SENT])
def test_nobody_is_at_work_for_an_earlier_instance(delivery: Delivery) -> None:
    ticket = TicketFactory.build(instance=InstanceFactory.create(), delivery=delivery)
    assert status_notice(ticket) is None
    assert not is_moving(ticket)


def test_texts_that_are_fixed_follow_the_reader(ticket: Ticket) -> None:
    notice = notice_in(ticket, Delivery.DISCARDED)
    with translation.override("ja"):
        assert "discarded" not in str(notice.text)


@pytest.mark.parametrize(
    ("delivery", "was_sent", "words"),
    [
        (Delivery.WAITING, False, "Not there yet."),
        (Delivery.SENT, True, "Not known yet."),
        (Delivery.ATTENTION, True, "Not known yet."),
        (Delivery.CONFLICT, True, "No record is chosen yet."),
        (Delivery.UNLINKED, True, "No record is linked."),
        (Delivery.DISCARDED, False, "No record is linked."),
    ],
)
def test_why_no_record_is_shown(ticket: Ticket, delivery: Delivery, was_sent: bool, words: str) -> None:
    ticket.delivery, ticket.sent_at = delivery, NOON if was_sent else None
    assert str(without_record(ticket)) == words


def told(ticket: Ticket, *, may_change: bool = True) -> list[Notice]:
    return list(warnings(ticket, may_change=may_change))


def test_a_ticket_that_is_well_has_no_warning(ticket: Ticket) -> None:
    assert told(ticket) == []


def test_each_trouble_of_a_record_is_told(ticket: Ticket) -> None:
    ticket.number, ticket.missing_since, ticket.unread_since = "CHG1", NOON, NOON
    ticket.dropped_fields = ["impact", "due_date"]
    ticket.twin_since, ticket.twins = NOON, {"b" * 32: {"number": "CHG2"}}
    gone, dropped, twins, unread = told(ticket)
    assert "deleted there" in str(gone.text)
    assert dropped.text == "impact, due_date"
    assert "CHG1, CHG2" in str(twins.text)
    assert twins.tone == "danger"
    assert "23 Nov 2026, 12:00" in str(unread.text)


def test_fields_that_an_earlier_sending_had_otherwise_are_told_as_that(ticket: Ticket) -> None:
    ticket.dropped_fields = ["impact"]
    as_sent = str(told(ticket)[0].title)
    ticket.last_result = AttemptResult.ADOPTED
    assert "An earlier" in str(told(ticket)[0].title) != as_sent


def test_only_who_may_choose_is_led_to_the_choice(ticket: Ticket) -> None:
    ticket.twin_since = NOON
    assert told(ticket)[0].url == reverse("tickets:link", args=[ticket.pk])
    assert told(ticket, may_change=False)[0].url == ""
    earlier = TicketFactory.build(instance=InstanceFactory.create(), twin_since=NOON - timedelta(days=1))
    assert told(earlier)[0].url == ""
