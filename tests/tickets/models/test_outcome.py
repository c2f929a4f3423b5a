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
from tests.factories import NOON, ActionFactory, ControlScoreDayFactory, InstanceFactory, TicketFactory
from tests.sandbox_process import SandboxProcess
from tickets.delivery import comments
from tickets.delivery.push import push
from tickets.models import Ticket, TicketComment
from tickets.models.choices import Delivery, NormalizedState, Outcome
from tickets.models.outcome import judged_until
from tickets.tracking import score_completion
from tickets.tracking.poll import poll_delta, poll_sweep

pytestmark = [pytest.mark.django_db]


@pytest.fixture(autouse=True)
def score(db: None) -> None:
    ScoreDay.objects.create(
        scored_on=NOON.date(), calculated_at=timezone.now(), current_score=1, max_score=100
    )


def delivered(action: ImprovementAction, **facts: Any) -> Ticket:
    ticket: Ticket = TicketFactory.create(
        **{
            "action": action,
            "delivery": Delivery.DELIVERED,
            "sys_id": uuid4().hex,
            "normalized_state": NormalizedState.NEW,
        }
        | facts
    )
    return ticket


def closed(action: ImprovementAction, days_ago: float, score: float | None = 0, **facts: Any) -> Ticket:
    closed_at = timezone.now() - timedelta(days=days_ago)
    kept = {
        "is_open": False,
        "normalized_state": NormalizedState.CLOSED,
        "closed_at": closed_at,
        "score_when_closed": score,
    }
    return delivered(action, **kept | facts)


def scored(action: ImprovementAction, days_ago: float, score: float) -> None:
    on = (timezone.now() - timedelta(days=days_ago)).date()
    ControlScoreDayFactory.create(action=action, scored_on=on, score=score)


def outcome(ticket: Ticket) -> str:
    found = Ticket.objects.with_outcome(judged_until(timezone.now())).get(pk=ticket.pk)
    return str(found.outcome)


def test_an_open_ticket_whose_action_has_all_points_says_so() -> None:
    assert outcome(delivered(ActionFactory.create(score=10))) == Outcome.POINTS_REACHED
    assert outcome(delivered(ActionFactory.create(score=9.9))) == ""
    assert outcome(delivered(ActionFactory.create(score=10, max_score=None))) == ""
    # Nobody knows whether a record that is gone is open.
    assert outcome(delivered(ActionFactory.create(score=10), missing_since=timezone.now())) == ""


def test_all_points_but_for_rounding_are_all_points() -> None:
    almost = 9.9999999999999982
    reached = delivered(ActionFactory.create(score=almost))
    assert outcome(reached) == Outcome.POINTS_REACHED
    assert score_completion.notice(now=timezone.now()) == 1
    # Closed with all points, which it has still; closed without, and there are no more since.
    assert outcome(closed(ActionFactory.create(score=almost), 8, 10)) == ""
    assert outcome(closed(ActionFactory.create(score=5), 8, almost)) == Outcome.REGRESSED
    assert outcome(closed(ActionFactory.create(score=5.0000000000000009), 8, 5)) == Outcome.NOT_EFFECTIVE


@pytest.mark.parametrize(
    ("days_ago", "score_then", "score_now", "expected"),
    [
        (8, 0, 0, Outcome.NOT_EFFECTIVE),
        (8, None, 0, Outcome.NOT_EFFECTIVE),
        (8, None, 1, ""),
        (8, 5, 3, Outcome.NOT_EFFECTIVE),
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
    assert outcome(closed(ActionFactory.create(), 8)) == ""
    assert outcome(closed(ActionFactory.create(), 13)) == Outcome.NOT_EFFECTIVE


def test_a_canceled_ticket_promised_nothing() -> None:
    assert outcome(closed(ActionFactory.create(), 30, normalized_state=NormalizedState.CANCELED)) == ""


def test_points_that_came_before_closing_are_an_effect_as_well() -> None:
    action = ActionFactory.create(score=5)
    ticket = closed(action, 8, 5)
    Ticket.objects.update(created_at=timezone.now() - timedelta(days=20))
    scored(action, 30, 5)
    assert outcome(ticket) == Outcome.NOT_EFFECTIVE
    scored(action, 21, 0)
    assert outcome(ticket) == ""


def test_what_microsoft_has_not_looked_at_since_closing_is_not_judged() -> None:
    action = ActionFactory.create(last_synced_at=timezone.now() - timedelta(days=10))
    assert outcome(closed(action, 9)) == ""
    action = ActionFactory.create(last_synced_at=timezone.now() - timedelta(days=1))
    assert outcome(closed(action, 9)) == Outcome.NOT_EFFECTIVE


def test_a_completed_action_that_lost_points_asks_for_a_decision() -> None:
    action = ActionFactory.create(score=5, previous_score=10)
    assert outcome(closed(action, 3, 10)) == Outcome.REGRESSED


def test_points_counted_after_closing_and_lost_again_ask_for_a_decision() -> None:
    action = ActionFactory.create(score=5)
    ticket = closed(action, 3, 5)
    scored(action, 4, 10)
    assert outcome(ticket) == ""
    scored(action, 2, 10)
    assert outcome(ticket) == Outcome.REGRESSED


def test_a_ticket_made_for_a_regression_has_its_week_like_any_other() -> None:
    action = ActionFactory.create(score=5, previous_score=10)
    first = closed(action, 30, 10)
    assert outcome(first) == Outcome.REGRESSED
    second = closed(action, 6, 5)
    assert outcome(first) == outcome(second) == ""
    Ticket.objects.filter(pk=second.pk).update(closed_at=timezone.now() - timedelta(days=8))
    assert outcome(second) == Outcome.NOT_EFFECTIVE


@pytest.mark.parametrize("previous", [10, 7, None])
def test_further_losses_are_still_a_regression(previous: float | None) -> None:
    action = ActionFactory.create(score=4, previous_score=previous)
    assert outcome(closed(action, 30, 10)) == Outcome.REGRESSED


def test_what_has_a_later_ticket_is_being_dealt_with() -> None:
    action = ActionFactory.create(score=5, previous_score=10)
    old = closed(action, 30, 10)
    later = delivered(action)
    assert outcome(old) == outcome(later) == ""


@pytest.mark.parametrize(
    "facts",
    [
        {"normalized_state": NormalizedState.CANCELED, "is_open": False},
        {"normalized_state": NormalizedState.CLOSED_UNSUCCESSFULLY, "is_open": False},
        {"delivery": Delivery.DISCARDED, "sys_id": "", "normalized_state": "", "is_open": False},
        {"delivery": Delivery.UNLINKED, "sys_id": "", "normalized_state": ""},
        {"missing_since": NOON},
    ],
)
def test_a_later_ticket_that_came_to_nothing_hides_nothing(facts: dict[str, Any]) -> None:
    regressed, unmoved = ActionFactory.create(score=5), ActionFactory.create()
    tickets = closed(regressed, 30, 10), closed(unmoved, 30)
    for action in (regressed, unmoved):
        delivered(action, **facts)
    assert [outcome(ticket) for ticket in tickets] == [Outcome.REGRESSED, Outcome.NOT_EFFECTIVE]


def test_of_two_closed_tickets_the_one_closed_last_is_judged() -> None:
    action = ActionFactory.create()
    first, second = closed(action, 8), closed(action, 20)
    assert [outcome(first), outcome(second)] == [Outcome.NOT_EFFECTIVE, ""]
    Ticket.objects.update(closed_at=first.closed_at)
    assert [outcome(first), outcome(second)] == ["", Outcome.NOT_EFFECTIVE]


def test_an_older_ticket_that_was_opened_again_deals_with_the_action() -> None:
    action, instance = ActionFactory.create(), InstanceFactory.create()
    reopened = delivered(action, instance=instance)
    assert outcome(closed(action, 30, instance=instance)) == ""
    # Of a former instance's ticket nobody hears any more.
    Ticket.objects.filter(pk=reopened.pk).update(instance=InstanceFactory.create())
    assert outcome(Ticket.objects.get(is_open=False)) == Outcome.NOT_EFFECTIVE


def test_list_page_and_action_show_and_propose_and_do_nothing(secadmin: User, client: Client) -> None:
    action = ActionFactory.create(score=5, previous_score=10)
    ticket = closed(action, 3, 10, name="Regressed one")
    delivered(ActionFactory.create(), name="Fine one")
    client.force_login(secadmin)
    page = client.get(reverse("tickets:list") + "?outcome=regressed")
    assert [found.name for found in page.context["page"]] == ["Regressed one"]
    assert b"Completed, then regressed" in page.content
    for address in (ticket.get_absolute_url(), action.get_absolute_url()):
        assert b"has lost some since" in client.get(address).content
    assert Ticket.objects.count() == 2


@pytest.mark.parametrize("wanted", [True, False])
def test_full_points_are_told_once_and_written_once_where_that_is_wanted(
    sandbox: SandboxProcess, connection: Connection, settings: LazySettings, wanted: bool
) -> None:
    settings.LOOP_WORK_NOTE = wanted
    ticket = TicketFactory.create(instance=connection.instance, action=ActionFactory.create(score=10))
    push(ticket.pk)
    assert [score_completion.notice(now=timezone.now()) for _ in range(2)] == [1, 0]
    comments.send_due()
    comments.send_due()
    assert ticket.events.filter(type="points").count() == 1
    written = [row["value"] for row in sandbox.records("sys_journal_field")]
    assert written == ([score_completion.WORK_NOTE] if wanted else [])
    assert TicketComment.objects.count() == int(wanted)


def test_points_reached_anew_after_reopening_are_told_anew(
    sandbox: SandboxProcess, connection: Connection, settings: LazySettings
) -> None:
    settings.LOOP_WORK_NOTE = True
    ticket = TicketFactory.create(instance=connection.instance, action=ActionFactory.create(score=10))
    push(ticket.pk)

    def told() -> int:
        score_completion.notice(now=timezone.now())
        comments.send_due()
        notes = [row["value"] for row in sandbox.records("sys_journal_field")]
        assert ticket.events.filter(type="points").count() == notes.count(score_completion.WORK_NOTE)
        return len(notes)

    def count(score: float) -> None:
        ImprovementAction.objects.update(score=score)

    assert told() == 1
    # Points come and go.
    count(5)
    assert told() == 1
    count(10)
    assert told() == 1
    ticket.refresh_from_db()
    sandbox.change("change_request", ticket.sys_id, state="3", active="false", close_code="successful")
    poll_sweep()
    sandbox.change("change_request", ticket.sys_id, state="-1", active="true")
    poll_delta()
    # It was opened before Microsoft counted the loss.
    assert told() == 1
    count(5)
    assert told() == 1
    count(10)
    assert told() == told() == 2


def test_points_lost_before_reopening_are_told_anew(sandbox: SandboxProcess, connection: Connection) -> None:
    ticket = TicketFactory.create(instance=connection.instance, action=ActionFactory.create(score=10))
    push(ticket.pk)
    score_completion.notice(now=timezone.now())
    ticket.refresh_from_db()
    sandbox.change("change_request", ticket.sys_id, state="3", active="false", close_code="successful")
    poll_sweep()
    ImprovementAction.objects.update(score=5)
    sandbox.change("change_request", ticket.sys_id, state="-1", active="true")
    poll_delta()
    ImprovementAction.objects.update(score=10)
    assert score_completion.notice(now=timezone.now()) == 1
