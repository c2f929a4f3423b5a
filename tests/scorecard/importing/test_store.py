from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from scorecard.importing.documents import document, read_profiles, read_scores
from scorecard.importing.store import Report, days_to_ask, import_rows
from scorecard.models import ActionPlan, ControlScoreDay, ImprovementAction, ScoreDay
from scorecard.models.choices import Status
from tests.scorecard.documents import control, page, profile, score

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def import_documents(
    scores: list[dict[str, Any]], profiles: list[dict[str, Any]], now: datetime = NOW
) -> Report:
    return import_rows(
        read_scores([document(page(*scores), "scores")]),
        read_profiles([document(page(*profiles), "profiles")]),
        now=now,
    )


def the_action(control_id: str = "mfa") -> ImprovementAction:
    return ImprovementAction.objects.get(control_id=control_id)


def everything() -> list[Any]:
    return [
        list(model.objects.order_by("pk").values())
        for model in (ImprovementAction, ActionPlan, ScoreDay, ControlScoreDay)
    ]


def test_profile_and_score_are_joined() -> None:
    report = import_documents([score("2026-11-20", control(score=4))], [profile()])
    action = the_action()
    assert (report.created, report.updated, report.unchanged) == (1, 0, 0)
    assert (action.title, action.score, action.max_score) == ("Turn on mfa", 4, 10)
    assert (action.user_impact, action.implementation_cost) == ("low", "moderate")
    assert (action.is_scored, action.has_profile, action.first_seen_at) == (True, True, NOW)


def test_importing_again_changes_nothing() -> None:
    scores = [score("2026-11-19", control(score=9), control("old")), score("2026-11-20", control(score=4))]
    import_documents(scores, [profile(), profile("unscored")])
    before = everything()
    report = import_documents(scores, [profile(), profile("unscored")], NOW + timedelta(hours=6))
    assert (report.created, report.updated, report.unchanged, report.days_changed) == (0, 0, 3, 0)
    assert everything() == before


def test_a_profile_without_a_score_is_not_applicable() -> None:
    import_documents([score("2026-11-20", control("guests"))], [profile()])
    assert the_action().score is None
    assert the_action().status == Status.NOT_APPLICABLE


def test_a_score_without_a_profile_stands_under_its_id_with_unknown_maximum() -> None:
    import_documents([score("2026-11-20", control(score=4))], [])
    action = the_action()
    assert (action.title, action.max_score, action.category) == ("mfa", None, "Identity")
    import_documents([score("2026-11-20", control(score=4))], [profile()])
    assert the_action().max_score == 10


def test_a_profile_missing_from_a_later_import_is_kept() -> None:
    import_documents([score("2026-11-20", control())], [profile()])
    import_documents([score("2026-11-21", control())], [])
    assert the_action().max_score == 10


def test_a_control_that_disappears_is_kept_but_no_longer_scored() -> None:
    import_documents([score("2026-11-20", control(score=4))], [profile()])
    import_documents([score("2026-11-21", control("guests"))], [profile()])
    assert not the_action().is_scored
    assert the_action().score_days.count() == 1


def test_the_newest_day_wins_whatever_comes_last() -> None:
    import_documents([score("2026-11-20", control(score=4))], [profile()])
    older = score("2026-11-10", control(score=9), control("gone", score=1))
    report = import_documents([older], [profile(title="Old title"), profile("filled", title="Filled")])
    assert (the_action().score, the_action().title) == (4, "Turn on mfa")
    assert the_action("filled").title == "Filled"
    assert not the_action("gone").is_scored
    assert report.newest.scored_on == date(2026, 11, 20)
    assert ScoreDay.objects.count() == 2


def test_an_earlier_calculation_of_a_stored_day_changes_nothing() -> None:
    import_documents([score("2026-11-20", control(score=4), createdDateTime="2026-11-20T09:00:00Z")], [])
    import_documents([score("2026-11-20", control(score=3), createdDateTime="2026-11-20T01:00:00Z")], [])
    assert the_action().score == 4
    assert ControlScoreDay.objects.get().score == 4


def test_a_later_calculation_of_a_stored_day_corrects_it() -> None:
    import_documents([score("2026-11-20", control(score=4))], [])
    later = score("2026-11-20", control(score=5), createdDateTime="2026-11-20T09:00:00Z")
    assert import_documents([later], []).days_changed == 1
    assert ControlScoreDay.objects.get().score == 5


def test_missing_points_leave_no_history() -> None:
    import_documents([score("2026-11-20", control(score=None))], [profile()])
    assert not ControlScoreDay.objects.exists()
    assert the_action().status == Status.TO_ADDRESS


@pytest.mark.parametrize(
    ("points", "regressed"),
    [
        ([9, 4], True),
        ([9, 4, 4], True),
        ([4, 9], False),
        ([9, 4, 6], False),
        ([4], False),
        ([9, None], False),
    ],
)
def test_an_action_regressed_when_its_latest_change_lost_points(
    points: list[float | None], regressed: bool
) -> None:
    days = [score(f"2026-11-{10 + n}", control(score=value)) for n, value in enumerate(points)]
    import_documents(days, [profile()])
    assert the_action().is_regressed is regressed
    assert ImprovementAction.objects.regressed().exists() is regressed


def test_a_loss_older_than_90_days_is_no_longer_news() -> None:
    import_documents(
        [score("2026-06-01", control(score=9)), score("2026-06-02", control(score=4))], [profile()]
    )
    assert the_action().is_regressed
    import_documents([score("2026-11-20", control(score=4))], [profile()])
    assert not the_action().is_regressed


def test_a_plan_is_out_of_reach_of_imports() -> None:
    import_documents([score("2026-11-20", control())], [profile()])
    ActionPlan.objects.create(action=the_action(), status=Status.PLANNED, notes="In spring", tags=["board"])
    before = list(ActionPlan.objects.values())
    import_documents([score("2026-11-21", control())], [profile(title="New title")])
    assert list(ActionPlan.objects.values()) == before


def test_only_days_that_are_not_stored_are_asked_for() -> None:
    assert days_to_ask(NOW.date()) == 90
    import_documents([score("2026-11-20", control())], [])
    assert days_to_ask(date(2026, 11, 20)) == 2
    assert days_to_ask(date(2026, 11, 23)) == 5
    assert days_to_ask(date(2027, 11, 23)) == 90
    assert days_to_ask(date(2026, 1, 1)) == 2


def test_points_that_differ_by_their_rounding_alone_are_no_change() -> None:
    days = [("2026-11-18", 9), ("2026-11-19", 6), ("2026-11-20", 8.9999999999999982), ("2026-11-21", 9)]
    import_documents([score(day, control(score=points)) for day, points in days], [profile(maxScore=9)])
    assert the_action().previous_score == 6
    assert (the_action().score, the_action().status) == (9, Status.COMPLETED)
    later = score("2026-11-22", control(score=8.9999999999999982))
    import_documents([later], [profile(maxScore=9)])
    assert (the_action().score, the_action().previous_score) == (9, 6)
    assert not the_action().is_regressed
