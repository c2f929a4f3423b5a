"""What the ninety days tell, whichever day is today."""

import functools
import json
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest

from sandbox.microsoft.catalogue import scored_on
from sandbox.microsoft.documents import days_kept, secure_score
from sandbox.microsoft.seasons import SEASON, Life, season_and_day
from sandbox.microsoft.tenant import TENANT_ID

# Days spread over two seasons, with the first day of one, the last of another.
FIRST_OF_SEASON = date.fromordinal(739_000 // SEASON.days * SEASON.days)
TODAYS = [FIRST_OF_SEASON + timedelta(days=days) for days in (0, 1, 13, 44, 88, 89, 120, 177)]

Score = dict[str, Any]


def told(today: date) -> list[Score]:
    return [secure_score(TENANT_ID, day, scored_on(day)) for day in reversed(days_kept(today))]


@functools.cache
def days_of(today: date) -> list[Score]:
    """Oldest first."""
    return told(today)


def points_of(score: Score) -> dict[str, float]:
    return {entry["controlName"]: entry["score"] for entry in score["controlScores"]}


def changes(days: list[Score]) -> list[tuple[str, float]]:
    """Each step of each control that was scored on both days."""
    found = []
    for before, after in pairwise(map(points_of, days)):
        found += [(name, after[name] - before[name]) for name in before.keys() & after.keys()]
    return found


@pytest.fixture(params=TODAYS, ids=str)
def days(request: pytest.FixtureRequest) -> list[Score]:
    return days_of(request.param)


def test_history_is_the_same_each_time_it_is_told() -> None:
    assert json.dumps(told(TODAYS[2])) == json.dumps(days_of(TODAYS[2]))


def test_past_days_do_not_change_as_time_goes_by() -> None:
    today = TODAYS[3]
    assert days_of(today)[1:] == days_of(today + timedelta(days=1))[:-1]


def test_points_are_the_sum_of_the_control_scores(days: list[Score]) -> None:
    for day in days:
        assert day["currentScore"] == pytest.approx(sum(points_of(day).values()), abs=0.005)
        assert 0 < day["currentScore"] < day["maxScore"]


def test_maximum_is_the_sum_of_the_maxima_of_the_profiles(microsoft: Any) -> None:
    maxima = {p["id"]: p["maxScore"] for p in microsoft.everything("secureScoreControlProfiles")}
    newest = microsoft.get("secureScores").json()["value"][0]
    assert newest["maxScore"] == sum(maxima[name] for name in points_of(newest))


def test_at_least_eighty_controls_over_four_categories_are_scored(days: list[Score]) -> None:
    newest = days[-1]["controlScores"]
    assert len(newest) >= 80
    assert {entry["controlCategory"] for entry in newest} == {"Identity", "Data", "Device", "Apps"}


def test_at_least_four_controls_regress_outright(days: list[Score]) -> None:
    assert len({name for name, step in changes(days) if step <= -1}) >= 4


def test_some_controls_are_completed(days: list[Score]) -> None:
    percents = [{e["controlName"]: e["scoreInPercentage"] for e in day["controlScores"]} for day in days]
    completed = {n for a, b in pairwise(percents) for n in a.keys() & b.keys() if a[n] < 100 == b[n]}
    assert len(completed) >= 4


def test_some_controls_move_slowly(days: list[Score]) -> None:
    gains: dict[str, int] = {}
    for name, step in changes(days):
        gains[name] = gains.get(name, 0) + (0 < step < 0.5)
    assert sum(count > 20 for count in gains.values()) >= 5


def test_one_control_disappears_and_one_is_added(days: list[Score]) -> None:
    first, last = points_of(days[0]).keys(), points_of(days[-1]).keys()
    assert {*(first - last), *(last - first)} == {"AATP_SIDHistory", "AATP_EntitiesWithOldPassword"}


def test_maximum_changes_once(days: list[Score]) -> None:
    assert sum(a["maxScore"] != b["maxScore"] for a, b in pairwise(days)) == 1


def test_average_is_missing_once_in_a_season() -> None:
    days = days_of(FIRST_OF_SEASON + SEASON - timedelta(days=1))[1:]
    averages = [average["averageScore"] for day in days for average in day["averageComparativeScores"]]
    assert averages.count(-1) == 1


def test_counts_and_switches_are_strings() -> None:
    for entry in days_of(TODAYS[0])[-1]["controlScores"]:
        present = [entry[word] for word in ("count", "total", "on") if word in entry]
        assert present
        assert all(isinstance(value, str) for value in present)


def test_whole_numbers_come_as_integers_and_as_floats() -> None:
    kinds = {type(entry["score"]) for entry in days_of(TODAYS[0])[-1]["controlScores"]}
    assert kinds == {int, float}


def test_a_day_can_be_told_alone() -> None:
    assert secure_score(TENANT_ID, TODAYS[1], scored_on(TODAYS[1])) == days_of(TODAYS[1])[-1]


def test_turn_holds_until_the_next_and_over_the_new_season() -> None:
    life = Life(turns=((10, 0), (40, 100)))
    percents = [life.percent(FIRST_OF_SEASON + timedelta(days=day)) for day in (0, 9, 10, 39, 40, 88)]
    assert percents == [100, 100, 0, 0, 100, 100]


def test_slow_turn_is_a_straight_line() -> None:
    life = Life(turns=((0, 20), (80, 100)), slow=True)
    percents = [life.percent(FIRST_OF_SEASON + timedelta(days=day)) for day in (0, 40, 80, 88)]
    assert percents == [20, 60, 100, 100]


def test_season_starts_at_day_zero() -> None:
    assert season_and_day(FIRST_OF_SEASON)[1] == 0
