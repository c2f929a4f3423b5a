"""The loop closes: tickets and points are held against each other, and a person is told."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from connector.models import Connection
from scorecard.models import ImprovementAction, ScoreDay
from tests.factories import NOON, ActionFactory, TicketFactory
from tests.sandbox_process import SandboxProcess
from tickets import comment, points
from tickets.models import Ticket, TicketComment
from tickets.poll import poll_sweep
from tickets.push import push
from tickets.states import Delivery, Meaning, Outcome

pytestmark = [pytest.mark.django_db]


@pytest.fixture(autouse=True)
def score(db: None) -> None:
    ScoreDay.objects.create(
        scored_on=NOON.date(), calculated_at=timezone.now(), current_score=1, max_score=100
    )


def delivered(action: ImprovementAction, **facts: Any) -> Ticket:
    ticket: Ticket = TicketFactory.create(
        **{"action": action, "delivery": Delivery.DELIVERED, "sys_id": uuid4().hex, "meaning": Meaning.NEW}
        | facts
    )
    return ticket


def closed(action: ImprovementAction, days_ago: float, score: float | None = 0, **facts: Any) -> Ticket:
    closed_at = timezone.now() - timedelta(days=days_ago)
    kept = {"is_open": False, "meaning": Meaning.CLOSED, "closed_at": closed_at, "score_when_closed": score}
    return delivered(action, **kept | facts)


def outcome(ticket: Ticket) -> str:
    found = Ticket.objects.with_current_outcome().get(pk=ticket.pk)
    return str(found.outcome)


def test_an_open_ticket_whose_action_has_all_points_says_so() -> None:
    assert outcome(delivered(ActionFactory.create(score=10))) == Outcome.POINTS_REACHED
    assert outcome(delivered(ActionFactory.create(score=9.9))) == ""
    assert outcome(delivered(ActionFactory.create(score=10, max_score=None))) == ""
    # Nobody knows whether a record that is gone is open.
    assert outcome(delivered(ActionFactory.create(score=10), missing_since=timezone.now())) == ""


@pytest.mark.parametrize(
    ("days_ago", "score_then", "score_now", "expected"),
    [
        (8, 0, 0, Outcome.NOT_EFFECTIVE),
        (8, None, 0, Outcome.NOT_EFFECTIVE),
        (6, 0, 0, ""),
        (8, 0, 5, ""),
        (8, 0, 10, ""),
    ],
)
def test_closed_without_a_point_more_after_a_week_is_not_effective(
    days_ago: float, score_then: float | None, score_now: float, expected: str
) -> None:
    assert outcome(closed(ActionFactory.create(score=score_now), days_ago, score_then)) == expected


def test_scores_that_are_old_say_nothing_about_what_was_done_since() -> None:
    ScoreDay.objects.update(calculated_at=timezone.now() - timedelta(days=5))
    action = ActionFactory.create(score=0)
    assert outcome(closed(action, 8)) == ""
    assert outcome(closed(action, 13)) == Outcome.NOT_EFFECTIVE


def test_a_canceled_ticket_promised_nothing() -> None:
    assert outcome(closed(ActionFactory.create(), 30, meaning=Meaning.CANCELED)) == ""


def test_a_completed_action_that_lost_points_asks_for_a_decision() -> None:
    action = ActionFactory.create(score=5, previous_score=10)
    assert outcome(closed(action, 3, 10)) == Outcome.REGRESSED


def test_what_has_a_later_ticket_is_being_dealt_with() -> None:
    action = ActionFactory.create(score=5, previous_score=10)
    old = closed(action, 30)
    later = delivered(action)
    assert outcome(old) == outcome(later) == ""


def test_list_page_and_action_show_and_propose_and_do_nothing(secadmin: User, client: Client) -> None:
    action = ActionFactory.create(score=5, previous_score=10)
    ticket = closed(action, 3, name="Regressed one")
    delivered(ActionFactory.create(), name="Fine one")
    client.force_login(secadmin)
    page = client.get(reverse("tickets:list") + "?outcome=regressed")
    assert [found.name for found in page.context["page"]] == ["Regressed one"]
    assert b"Completed, then regressed" in page.content
    for address in (ticket.get_absolute_url(), action.get_absolute_url()):
        assert b"has lost some since this ticket was closed" in client.get(address).content
    assert Ticket.objects.count() == 2


@pytest.mark.parametrize("wanted", [True, False])
def test_full_points_are_told_once_and_written_once_where_that_is_wanted(
    sandbox: SandboxProcess, connection: Connection, settings: LazySettings, wanted: bool
) -> None:
    settings.LOOP_WORK_NOTE = wanted
    ticket = TicketFactory.create(instance=connection.instance, action=ActionFactory.create(score=10))
    push(ticket.pk)
    assert [points.notice(now=timezone.now()) for _ in range(2)] == [1, 0]
    comment.send_due()
    comment.send_due()
    assert ticket.events.filter(what="points").count() == 1
    written = [row["value"] for row in sandbox.records("sys_journal_field")]
    assert written == ([points.WORK_NOTE] if wanted else [])
    assert TicketComment.objects.count() == int(wanted)


def test_the_points_at_closing_are_kept(sandbox: SandboxProcess, connection: Connection) -> None:
    action = ActionFactory.create(score=4)
    ticket = TicketFactory.create(instance=connection.instance, action=action)
    push(ticket.pk)
    ticket.refresh_from_db()
    sandbox.change("change_request", ticket.sys_id, state="3", active="false", close_code="successful")
    poll_sweep()
    ImprovementAction.objects.update(score=6)
    sandbox.change("change_request", ticket.sys_id, close_notes="All done.")
    poll_sweep()
    ticket.refresh_from_db()
    assert (ticket.score_when_closed, ticket.is_open) == (4, False)
    assert ticket.closed_at is not None
