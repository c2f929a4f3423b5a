"""Tickets of an instance that is no longer connected: their page promises nothing that never happens."""

from typing import Any
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from connector.models import Connection, Instance
from tests.factories import ActionFactory, InstanceFactory, TicketFactory
from tests.tickets.pages.test_list import delivered
from tickets.models import Ticket, TicketComment
from tickets.models.backoff import AttemptResult
from tickets.models.choices import Delivery
from tickets.models.comments import CommentState
from tickets.tracking import score_completion

pytestmark = [pytest.mark.django_db]
SAID = "This ticket belongs to old.example.com, which is no longer connected."


@pytest.fixture
def browser(secadmin: User, client: Client, connection: Connection) -> Client:
    client.force_login(secadmin)
    return client


@pytest.fixture
def earlier(db: None) -> Instance:
    return InstanceFactory.create(host="old.example.com")


@pytest.fixture
def record(earlier: Instance) -> Ticket:
    """A delivered one."""
    return delivered(instance=earlier, number="CHG1")


@pytest.fixture
def unsent(earlier: Instance) -> Ticket:
    """One that needs attention."""
    return TicketFactory.create(instance=earlier, delivery=Delivery.ATTENTION)


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def address(name: str, ticket: Ticket) -> str:
    return reverse(f"tickets:{name}", args=[ticket.pk])


def test_its_page_says_so_and_offers_no_deed_that_needs_servicenow(
    browser: Client, record: Ticket, unsent: Ticket
) -> None:
    page = text_of(browser.get(record.get_absolute_url()))
    assert SAID in page
    assert not any(address(name, record) in page for name in ("refresh", "comment"))
    assert address("unlink", record) in page
    page = text_of(browser.get(unsent.get_absolute_url()))
    assert page.count(SAID) == 1
    assert not any(f'"{address(name, unsent)}' in page for name in ("retry", "edit", "link"))
    assert address("discard", unsent) in page


def test_one_that_waits_is_not_said_to_be_under_way(browser: Client, unsent: Ticket) -> None:
    Ticket.objects.update(delivery=Delivery.WAITING)
    page = text_of(browser.get(unsent.get_absolute_url()))
    assert SAID in page
    assert "Sending to ServiceNow" not in page
    assert address("status", unsent) not in page


def test_a_page_that_was_open_before_is_told_the_same(
    browser: Client, record: Ticket, unsent: Ticket
) -> None:
    refreshed = browser.post(address("refresh", record), follow=True)
    assert [str(one) for one in refreshed.context["messages"]] == [SAID]
    retried = browser.post(address("retry", unsent), follow=True)
    assert [str(one) for one in retried.context["messages"]] == [SAID]
    assert Ticket.objects.get(pk=unsent.pk).delivery == Delivery.ATTENTION


def test_what_was_typed_as_a_comment_is_shown_again(browser: Client, record: Ticket) -> None:
    typed = {"comment_id": str(uuid4()), "text": "Long thought about."}
    answer = browser.post(address("comment", record), typed)
    assert answer.status_code == 422
    assert answer.context["form"].errors["text"] == [SAID]
    assert "Long thought about." in text_of(answer)
    assert not TicketComment.objects.exists()


def test_what_was_edited_is_not_sent_and_shown_again(browser: Client, unsent: Ticket) -> None:
    assert browser.get(address("edit", unsent))["Location"] == unsent.get_absolute_url()
    typed = {
        "name": "Edited",
        "description": "Long thought about.",
        "kind": "change_request",
        "priority": "3",
        "category": "data",
        "version": "0",
    }
    answer = browser.post(address("edit", unsent), typed)
    assert (answer.status_code, SAID in text_of(answer), "Edited" in text_of(answer)) == (422, True, True)
    assert Ticket.objects.get(pk=unsent.pk).name != "Edited"


@pytest.mark.parametrize(
    "columns",
    [
        {"delivery": Delivery.WAITING, "sent_at": timezone.now()},
        {"delivery": Delivery.ATTENTION, "sent_at": timezone.now()},
        {
            "delivery": Delivery.ATTENTION,
            "sent_at": timezone.now(),
            "last_result": AttemptResult.UNMATCHED_RECORD,
        },
        {"delivery": Delivery.CONFLICT, "sent_at": timezone.now()},
    ],
)
def test_whatever_became_of_it_it_can_be_given_up(
    browser: Client, earlier: Instance, columns: dict[str, Any]
) -> None:
    ticket = TicketFactory.create(instance=earlier, **columns)
    assert address("discard", ticket) in text_of(browser.get(ticket.get_absolute_url()))
    browser.post(address("discard", ticket))
    ticket.refresh_from_db()
    assert ticket.delivery == Delivery.DISCARDED


def test_the_administration_sends_none_of_it_again(
    client: Client, administrator: User, connection: Connection, unsent: Ticket
) -> None:
    client.force_login(administrator)
    chosen = {"action": "send_again", "_selected_action": [str(unsent.pk)]}
    client.post(reverse("admin:tickets_ticket_changelist"), chosen)
    unsent.refresh_from_db()
    assert unsent.delivery == Delivery.ATTENTION


def test_a_note_that_is_stuck_there_can_only_be_given_up(
    browser: Client, record: Ticket, secadmin: User
) -> None:
    note = TicketComment.objects.create(
        ticket=record, text="Any news?", author=secadmin, state=CommentState.UNCERTAIN
    )
    again, give_up = (
        reverse(f"tickets:{name}", args=[record.pk, note.pk]) for name in ("comment_again", "give_up_comment")
    )
    page = text_of(browser.get(record.get_absolute_url()))
    assert (again in page, give_up in page) == (False, True)
    assert SAID in text_of(browser.post(again, follow=True))
    note.refresh_from_db()
    assert note.state == CommentState.UNCERTAIN


def test_a_note_that_waits_there_can_be_given_up(browser: Client, record: Ticket, secadmin: User) -> None:
    note = TicketComment.objects.create(ticket=record, text="Any news?", author=secadmin)
    give_up = reverse("tickets:give_up_comment", args=[record.pk, note.pk])
    assert give_up in text_of(browser.get(record.get_absolute_url()))
    browser.post(give_up)
    note.refresh_from_db()
    assert note.state == CommentState.DROPPED


def test_no_note_is_written_there_when_the_points_are_reached(record: Ticket, settings: LazySettings) -> None:
    settings.LOOP_WORK_NOTE = True
    Ticket.objects.update(action=ActionFactory.create(score=10, max_score=10))
    assert score_completion.notice(now=timezone.now()) == 1
    assert not TicketComment.objects.exists()
