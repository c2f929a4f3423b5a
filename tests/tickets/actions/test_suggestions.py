"""What the dialog proposes, and why it says it does."""

import re
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from scorecard.models import ScoreDay
from tests.factories import NOON, ActionFactory
from tickets.actions.suggestions import description, for_action
from tickets.models.choices import Priority
from tickets.records.payload import TEXT_LENGTH

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("facts", "total", "priority", "why"),
    [
        ({"score": 5, "previous_score": 10}, 1000, Priority.MODERATE, "lost points"),
        ({"score": 0, "previous_score": 10}, 500, Priority.HIGH, "lost points"),
        ({"score": 0, "previous_score": 10}, 100, Priority.HIGH, "10.00%"),
        ({"score": 0, "previous_score": 10}, None, Priority.MODERATE, "not known"),
        ({"score": 0, "control_id": "aad_phishing_MFA_strength"}, 2000, Priority.HIGH, "of administrators"),
        (
            {"score": 0, "control_id": "adminMfaV2", "user_impact": "high"},
            500,
            Priority.HIGH,
            "of administrators",
        ),
        ({"score": 10, "control_id": "AdminMFAV2"}, 500, Priority.LOW, "no points left"),
        ({"score": 0, "max_score": 10}, 100, Priority.HIGH, "10.00%"),
        ({"score": 0, "max_score": 10}, 500, Priority.MODERATE, "2.00%"),
        ({"score": 0, "max_score": 10, "user_impact": "high"}, 500, Priority.LOW, "on users"),
        ({"score": 9, "max_score": 10}, 500, Priority.LOW, "only 0.20%"),
        ({"score": 10, "max_score": 10}, 500, Priority.LOW, "no points left"),
        ({"score": None}, 500, Priority.MODERATE, "not known"),
        ({"score": 0}, None, Priority.MODERATE, "not known"),
    ],
)
def test_the_priority_follows_score_impact_user_impact_and_regression(
    facts: dict[str, object], total: float | None, priority: Priority, why: str
) -> None:
    proposal = for_action(ActionFactory.build(**facts), total=total, today=TODAY)
    assert proposal.priority == priority
    assert proposal.reason.startswith(str(priority.label))
    assert why in proposal.reason


@pytest.mark.parametrize("total", [None, 50, 274, 600, 1500])
@pytest.mark.parametrize("user_impact", ["", "low", "high"])
def test_no_regressed_hint_outranks_phishing_resistant_mfa_for_administrators(
    total: float | None, user_impact: str
) -> None:
    hint = ActionFactory.build(max_score=3, score=0, previous_score=3)
    mfa = ActionFactory.build(
        control_id="aad_phishing_MFA_strength", max_score=7, score=0, user_impact=user_impact
    )
    first, second = (for_action(action, total=total, today=TODAY) for action in (mfa, hint))
    # The smaller number is the more urgent.
    assert first.priority <= second.priority
    assert first.due_on <= second.due_on


def test_a_more_urgent_task_is_due_sooner() -> None:
    days = [
        for_action(ActionFactory.build(max_score=most), total=1000, today=TODAY).due_on
        for most in (50, 20, 1)
    ]
    assert TODAY < days[0] < days[1] < days[2]


@pytest.mark.parametrize("note", ["", "By the board. " * 35])
@pytest.mark.parametrize(
    "long", [{"remediation": "<p>Do this.</p>" * 500}, {"implementation_status": "user " * 1000}, {}]
)
def test_a_long_description_loses_neither_note_points_nor_link(long: dict[str, str], note: str) -> None:
    text = description(ActionFactory.build(**long), note.strip())
    assert len(text) <= TEXT_LENGTH
    assert text.startswith(note.strip())
    assert "1. Open the portal." in text or "Do this." in text
    assert re.search(r"Points achieved: .+\n\nImprovement action: http\S+\Z", text)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("page", "query"), [("scorecard:actions", ""), ("scorecard:overview", "status%3Dto_address")]
)
def test_an_action_can_be_shared_from_every_list(
    secadmin: User, client: Client, page: str, query: str
) -> None:
    ScoreDay.objects.create(scored_on=TODAY, calculated_at=NOON, current_score=1, max_score=100)
    action = ActionFactory.create()
    client.force_login(secadmin)
    content = client.get(reverse(page)).content.decode()
    assert f'id="action-{action.pk}"' in content
    # The script puts the page's one menu in place of the row's link, which leads to all of it by itself.
    assert f'href="{action.get_absolute_url()}?list={query}#share-{action.pk}"' in content
    assert content.count("mailto:?subject=__title__") == 1
    assert "mailto:?subject=Turn%20on%20protection" in client.get(action.get_absolute_url()).content.decode()


@pytest.mark.django_db
def test_the_dialog_says_why_the_priority_is_proposed(secadmin: User, client: Client) -> None:
    ScoreDay.objects.create(scored_on=TODAY, calculated_at=NOON, current_score=1, max_score=1000)
    action = ActionFactory.create(score=5, previous_score=10)
    client.force_login(secadmin)
    assert (
        b"because this action lost points"
        in client.get(reverse("tickets:share", args=[action.control_id]), follow=True).content
    )
