"""The tenant that is as untidy as real ones."""

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from tests.sandbox_microsoft.conftest import Microsoft


@pytest.fixture
def untidy(microsoft: Microsoft) -> Microsoft:
    microsoft.control("POST", "settings", {"tenant": "untidy"}).raise_for_status()
    return microsoft


def test_profiles_are_as_untidy_as_real_ones(untidy: Microsoft) -> None:
    profiles = {each["id"]: each for each in untidy.everything("secureScoreControlProfiles")}
    levels = {each["userImpact"] for each in profiles.values()}
    assert {None, "Low", "low", "High", "high", "Unknown", "unknown"} <= levels
    assert max(len(each["remediation"]) for each in profiles.values()) > 2_000
    newest = untidy.get("secureScores", **{"$top": "1"}).json()["value"][0]
    missing = {each["controlName"] for each in newest["controlScores"]} - profiles.keys()
    assert len(missing) == 3
    states = {update["state"] for each in profiles.values() for update in each["controlStateUpdates"]}
    assert {"alternateMitigation", "IGNORED", "thirdparty", "default", "InScopeReview"} <= states


def test_each_day_adds_up_while_controls_come_go_and_move(untidy: Microsoft) -> None:
    days = sorted(untidy.everything("secureScores"), key=lambda day: day["id"])
    changes: Counter[str] = Counter()
    for day in days:
        assert day["currentScore"] == pytest.approx(
            sum(each["score"] for each in day["controlScores"]), abs=0.01
        )
    for before, after in pairwise(map(_categories, days)):
        changes["added"] += len(after.keys() - before.keys())
        changes["withdrawn"] += len(before.keys() - after.keys())
        moved = [name for name in before.keys() & after.keys() if before[name] != after[name]]
        changes["days of a move"] += bool(moved)
        changes["moved"] += len(moved)
    assert changes["added"] >= 5
    assert changes["withdrawn"] >= 5
    assert (changes["days of a move"], changes["moved"]) == (1, 5)
    # The newest scores and the profiles agree on where a control belongs.
    profiles = untidy.everything("secureScoreControlProfiles")
    newest = _categories(days[-1])
    assert not [
        each["id"]
        for each in profiles
        if newest.get(each["id"], each["controlCategory"]) != each["controlCategory"]
    ]


def _categories(day: dict[str, Any]) -> dict[str, str]:
    return {each["controlName"]: each["controlCategory"] for each in day["controlScores"]}
