"""A ticket's page: what it says at once, and how a page that is open learns that something changed."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.db import connection as database
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from accounts.models import User
from connector.models import Connection
from scorecard.models import ScoreDay
from tests.factories import (
    ActionFactory,
    TicketCommentFactory,
    TicketEventFactory,
    TicketFactory,
    TicketNoteFactory,
)
from tests.sandbox_process import SandboxProcess
from tickets.models import PushAttempt, Ticket, TicketEvent, new_sys_id
from tickets.models.backoff import AttemptResult
from tickets.models.choices import Delivery
from tickets.tracking.poll import poll_sweep

pytestmark = pytest.mark.django_db
MOST = 12
ANA, TEAM, STRANGER = "a" * 32, "b" * 32, "c" * 32
HEX = re.compile(r">[^<]*\b[0-9a-f]{32}\b[^<]*<")


@pytest.fixture
def browser(client: Client, secadmin: User) -> Client:
    client.force_login(secadmin)
    return client


@pytest.fixture
def seen_once(connection: Connection) -> Ticket:
    """A ticket whose record was seen, without a sandbox to see it in."""
    ticket: Ticket = TicketFactory.create(
        instance=connection.instance,
        delivery=Delivery.DELIVERED,
        sys_id=new_sys_id(),
        number="CHG0030001",
        state="-5",
        normalized_state="new",
        record={"assigned_to": ANA, "assignment_group": TEAM},
        record_labels={"assigned_to": "Ana Sousa", "assignment_group": "Network"},
    )
    return ticket


def page_of(browser: Client, ticket: Ticket) -> str:
    return browser.get(ticket.get_absolute_url()).content.decode()


def asked_next(page: str) -> str:
    """The address that a page, or the last answer, asks for by itself."""
    found = re.search(r'hx-get="([^"]*/live/[^"]*)"', page)
    assert found
    return found.group(1).replace("&amp;", "&")


def ask(browser: Client, page: str) -> HttpResponse:
    answer = browser.get(asked_next(page), headers={"HX-Request": "true"})
    assert isinstance(answer, HttpResponse)
    return answer


def changed(ticket: Ticket, **detail: list[str]) -> None:
    TicketEventFactory.create(ticket=ticket, type=TicketEvent.Type.CHANGED, detail=detail, sys_mod_count=7)


def test_the_page_that_is_open_gets_everything_at_once_and_nothing_while_nothing_changes(
    browser: Client, sandbox: SandboxProcess, delivered: Ticket
) -> None:
    page = page_of(browser, delivered)
    assert ask(browser, page).status_code == 204
    sandbox.change("change_request", delivered.sys_id, state="-4")
    poll_sweep()
    answer = ask(browser, page)
    told = answer.content.decode()
    assert answer.status_code == 200
    parts = ("called", "head", "about", "facts", "journal", "story")
    assert [f'id="ticket-{part}" hx-swap-oob="true"' in told for part in parts] == [True] * len(parts)
    assert '<span class="badge badge--info">Assess</span>' in told
    assert "New → Assess" in told
    assert ask(browser, told).status_code == 204


@pytest.mark.parametrize("what", ["event", "attempt", "note", "comment", "score", "requester", "day"])
def test_whatever_the_page_shows_is_noticed(browser: Client, seen_once: Ticket, what: str) -> None:
    action = ActionFactory.create(score=1, max_score=5)
    Ticket.objects.filter(pk=seen_once.pk).update(action=action)
    page = page_of(browser, seen_once)
    assert ask(browser, page).status_code == 204
    now = datetime.now(UTC)
    if what == "event":
        changed(seen_once, state=["-5", "-4"])
    elif what == "attempt":
        seen_once.push_attempts.create(started_at=now, ended_at=now, result=AttemptResult.UNREACHABLE)
    elif what == "note":
        TicketNoteFactory.create(ticket=seen_once)
    elif what == "comment":
        TicketCommentFactory.create(ticket=seen_once)
    elif what == "score":
        type(action).objects.filter(pk=action.pk).update(score=5)
    elif what == "requester":
        seen_once.requested_by.first_name = "Another"
        seen_once.requested_by.save()
    else:
        Ticket.objects.filter(pk=seen_once.pk).update(their_due_on=now.date() - timedelta(days=2))
    assert ask(browser, page).status_code == 200


def test_a_worker_at_it_is_not_news(browser: Client, connection: Connection) -> None:
    ticket = TicketFactory.create(instance=connection.instance)
    until = datetime.now(UTC) + timedelta(minutes=2)
    taken = {"delivery": Delivery.CLAIMED, "claim_token": uuid4(), "claimed_until": until}
    Ticket.objects.filter(pk=ticket.pk).update(**taken)
    page = page_of(browser, ticket)
    assert 'hx-trigger="every 1s"' in page
    Ticket.objects.filter(pk=ticket.pk).update(claimed_until=until + timedelta(minutes=1))
    assert ask(browser, page).status_code == 204


def test_the_form_comes_with_the_record_and_is_then_left_to_whoever_types_in_it(
    browser: Client, seen_once: Ticket
) -> None:
    columns = {"delivery": seen_once.delivery, "sys_id": seen_once.sys_id}
    Ticket.objects.filter(pk=seen_once.pk).update(delivery=Delivery.WAITING, sys_id="")
    page = page_of(browser, seen_once)
    assert "textarea" not in page
    assert '<noscript><a class="button button--small"' in page
    Ticket.objects.filter(pk=seen_once.pk).update(**columns)
    told = ask(browser, page).content.decode()
    assert "textarea" in told
    assert parse_qs(urlsplit(asked_next(told)).query)["form"] == ["1"]
    # Of a record that is gone nobody takes the form away from under a half-written note.
    Ticket.objects.filter(pk=seen_once.pk).update(missing_since=datetime.now(UTC))
    told = ask(browser, told).content.decode()
    assert "textarea" not in told
    assert "form=1" in asked_next(told)


def test_a_page_with_everything_asks_the_database_few_questions(browser: Client, seen_once: Ticket) -> None:
    now = datetime.now(UTC)
    ScoreDay.objects.create(scored_on=now.date(), calculated_at=now, current_score=1, max_score=2)
    action = ActionFactory.create(score=5, max_score=5)
    Ticket.objects.filter(pk=seen_once.pk).update(action=action)
    for _ in range(3):
        TicketNoteFactory.create(ticket=seen_once)
        TicketCommentFactory.create(ticket=seen_once)
        PushAttempt.objects.create(
            ticket=seen_once, started_at=now, ended_at=now, result=AttemptResult.UNREACHABLE
        )
        TicketEventFactory.create(
            ticket=seen_once, type=TicketEvent.Type.CHANGED, detail={"assigned_to": [STRANGER, ANA]}
        )
    page = page_of(browser, seen_once)
    with CaptureQueriesContext(database) as asked:
        page_of(browser, seen_once)
    assert len(asked) <= MOST
    with CaptureQueriesContext(database) as asked:
        assert ask(browser, page).status_code == 204
    # The session, the person, two for the permissions, the ticket, its comments, what came of it.
    assert len(asked) <= 7


def test_what_matters_stands_at_the_top(browser: Client, seen_once: Ticket) -> None:
    page = page_of(browser, seen_once)
    head = page[page.index('id="ticket-head"') : page.index('id="ticket-about"')]
    for words in ("New</span>", "Moderate", "Ana Sousa", str(seen_once.requested_by)):
        assert words in head


def test_changes_name_what_from_and_to_and_no_sys_id_is_shown(browser: Client, seen_once: Ticket) -> None:
    TicketFactory.create(
        instance=seen_once.instance,
        delivery=Delivery.DELIVERED,
        sys_id=new_sys_id(),
        record={"assigned_to": "d" * 32},
        record_labels={"assigned_to": "Beth Anglin"},
    )
    changed(seen_once, assigned_to=["d" * 32, ANA], assignment_group=["", TEAM], hold_reason=[STRANGER, ""])
    Ticket.objects.filter(pk=seen_once.pk).update(
        extra_fields={"cmdb_ci": {"name": "Configuration item", "value": STRANGER}}
    )
    page = page_of(browser, seen_once)
    assert "Assigned to: Beth Anglin → Ana Sousa" in page
    assert "Assignment group: – → Network" in page
    assert "Reason for holding: name not known → –" in page
    assert HEX.search(page) is None


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ({}, "Name not known yet"),
        ({"assigned_to": ""}, "Name hidden from the integration user"),
        ({"assigned_to": ANA}, "Name hidden from the integration user"),
        ({"assigned_to": "Ana Sousa"}, "Ana Sousa"),
    ],
)
def test_a_name_that_is_missing_says_why(seen_once: Ticket, labels: dict[str, str], words: str) -> None:
    seen_once.record_labels = labels
    with translation.override("en"):
        assert seen_once.assigned_to_words == words
