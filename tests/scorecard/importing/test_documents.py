import json
from collections.abc import Mapping
from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scorecard.importing.documents import (
    DocumentError,
    ProfileRow,
    ScoreRow,
    document,
    is_incomplete,
    parse,
    read_profiles,
    read_scores,
)
from tests.scorecard.documents import control, page, profile, score


def scores(*items: dict[str, object]) -> list[ScoreRow]:
    return read_scores([document(page(*items), "scores.json")])


def profiles(*items: dict[str, object]) -> list[ProfileRow]:
    return read_profiles([document(page(*items), "profiles.json")])


def test_days_come_the_oldest_first() -> None:
    rows = scores(score("2026-11-20", control()), score("2026-11-18", control()))
    assert [row.scored_on for row in rows] == [date(2026, 11, 18), date(2026, 11, 20)]


def test_of_two_answers_for_one_day_the_later_counts() -> None:
    late = score("2026-11-20", control(), createdDateTime="2026-11-20T09:00:00Z", currentScore=5)
    assert scores(late, score("2026-11-20", control(), currentScore=4))[0].current_score == 5


def test_missing_points_are_unknown_and_not_zero() -> None:
    row = scores(score("2026-11-20", control(score=None, scoreInPercentage=None)))[0].controls["mfa"]
    assert (row.score, row.percentage) == (None, None)
    assert profiles(profile(maxScore=None, rank=None))[0].max_score is None


@pytest.mark.parametrize(
    ("given_value", "number"),
    [(3, 3.0), (2.5, 2.5), ("4", 4.0), ("", None), (True, None), ("NaN", None), (1e999, None), ([], None)],
)
def test_numbers_may_be_text_and_nonsense_is_unknown(given_value: object, number: float | None) -> None:
    assert profiles(profile(maxScore=given_value))[0].max_score == number


@pytest.mark.parametrize(
    ("word", "level"),
    [
        ("Low", "low"),
        ("low", "low"),
        ("medium", "moderate"),
        ("Moderate", "moderate"),
        ("Unknown", ""),
        (None, ""),
    ],
)
def test_levels_are_one_word_whatever_microsoft_writes(word: object, level: str) -> None:
    assert profiles(profile(userImpact=word))[0].user_impact == level


def test_no_data_to_compare_with_is_not_minus_one_per_cent() -> None:
    row = scores(
        score("2026-11-20", control(), averageComparativeScores=[{"basis": "TotalSeats", "averageScore": -1}])
    )[0]
    assert row.comparisons is not None
    assert row.comparisons[0]["average"] is None


def test_unknown_properties_are_tolerated() -> None:
    assert profiles(profile(somethingNew={"deep": [1]}))[0].control_id == "mfa"


def test_moments_are_utc_and_have_up_to_seven_decimals() -> None:
    row = scores(score("2026-11-20", control(), createdDateTime="2026-11-20T23:30:00.1234567-05:00"))[0]
    assert row.calculated_at == datetime(2026, 11, 21, 4, 30, 0, 123456, UTC)
    assert row.scored_on == date(2026, 11, 21)


def test_what_postgresql_cannot_store_is_left_out() -> None:
    text = json.loads(r'"a\u0000b\ud800"')
    assert profiles(profile(title=text))[0].title == "ab?"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"value": [{"id": "a", ', "cut off"),
        ("", "cut off"),
        ("[]", '"value"'),
        ('{"error": {"code": "x"}}', '"value"'),
        ('{"value": [1]}', "objects"),
        ("[" * 100_000, "cut off"),
    ],
)
def test_a_broken_document_says_what_is_wrong(text: str, complaint: str) -> None:
    with pytest.raises(DocumentError, match=r"^scores\.json") as error:
        parse(text, "scores.json")
    assert complaint in str(error.value)


def test_profiles_given_as_scores_are_recognised() -> None:
    with pytest.raises(DocumentError, match="--profiles"):
        scores(profile())


def test_scores_given_as_profiles_are_recognised() -> None:
    with pytest.raises(DocumentError, match="--scores"):
        profiles(score())


def test_users_are_neither_scores_nor_profiles() -> None:
    with pytest.raises(DocumentError, match="no Secure Scores"):
        scores({"displayName": "Aya"})
    with pytest.raises(DocumentError, match="no control profiles"):
        profiles({"displayName": "Aya"})


def test_no_day_at_all_is_an_error() -> None:
    with pytest.raises(DocumentError, match="holds no score"):
        scores()


@pytest.mark.parametrize("key", ["createdDateTime", "currentScore", "maxScore"])
def test_a_day_without_its_essentials_is_an_error(key: str) -> None:
    with pytest.raises(DocumentError, match="tenant_2026-11-20 lacks"):
        scores(score() | {key: None})


@pytest.mark.parametrize("control_id", ["", None, 7, "x" * 201])
def test_a_control_needs_a_usable_id(control_id: object) -> None:
    with pytest.raises(DocumentError, match="controlName"):
        scores(score("2026-11-20", control(controlName=control_id)))


def test_two_pages_that_name_the_same_next_page_are_an_error() -> None:
    pages = [document(page(profile(), next_link="https://x/?2"), name) for name in ("one.json", "two.json")]
    with pytest.raises(DocumentError, match=r"two\.json and one\.json name the same next page"):
        read_profiles(pages)


def test_a_page_is_missing_where_every_page_names_a_next_one() -> None:
    first, last = document(page(next_link="https://x/?2"), "one"), document(page(), "two")
    assert is_incomplete([first])
    assert not is_incomplete([first, last])
    assert not is_incomplete([last, first])


KEYS = st.sampled_from(sorted(score() | profile() | control()))
LEAF = st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8)
ENTRY = st.dictionaries(KEYS, LEAF, max_size=6)
ITEM = st.dictionaries(KEYS, LEAF | st.lists(LEAF | ENTRY, max_size=3), max_size=8)


def score_with(others: Mapping[str, object]) -> dict[str, object]:
    return score("2026-11-20", control()) | dict(others)


def profile_with(others: Mapping[str, object]) -> dict[str, object]:
    return profile() | dict(others)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.one_of(ITEM, ITEM.map(score_with), ITEM.map(profile_with)), max_size=2))
def test_any_json_is_read_or_refused_and_nothing_else(items: list[dict[str, object]]) -> None:
    for read in (read_scores, read_profiles):
        try:
            read([document({"value": items}, "any.json")])
        except DocumentError:
            continue
