"""What is kept of each day: everything that Microsoft said of it, whatever comes when, for as long as it is wanted."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import transaction
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from scorecard.importing.documents import document, read_profiles, read_scores
from scorecard.importing.states import StateUpdate, in_order, state_at
from scorecard.importing.store import days_to_ask, import_rows
from scorecard.models import ControlScoreDay, ScoreDay, StatusText
from scorecard.tasks import forget_old_scores
from tests.scorecard.documents import control, page, profile, score

pytestmark = pytest.mark.django_db
FIRST = date(2026, 11, 1)
NAMES = ("mfa", "guests", "devices")


def on(day: int) -> date:
    return FIRST + timedelta(days=day)


def read(scores: Sequence[Mapping[str, Any]], profiles: Sequence[Mapping[str, Any]], day: int = 20) -> None:
    """Import what Microsoft says on a day."""
    import_rows(
        read_scores([document(page(*map(dict, scores)), "scores")]),
        read_profiles([document(page(*map(dict, profiles)), "profiles")]),
        now=datetime.combine(on(day), datetime.min.time(), UTC) + timedelta(hours=12),
    )


def history() -> list[Any]:
    """All that is kept, without the numbers of the rows."""
    hidden = ("id", "action_id", "status_text_id")
    controls = ControlScoreDay.objects.select_related("action", "status_text")
    rows = [
        [day.action.control_id, day.status_text and day.status_text.text]
        + [getattr(day, field.attname) for field in day._meta.concrete_fields if field.attname not in hidden]
        for day in controls.order_by("scored_on", "action__control_id")
    ]
    return [*ScoreDay.objects.order_by("scored_on").values_list(*_names(ScoreDay)), *rows]


def _names(model: type[ScoreDay]) -> list[str]:
    return [field.name for field in model._meta.concrete_fields if field.name != "id"]


def test_a_day_keeps_all_that_microsoft_says_of_it() -> None:
    averages = {"basis": "IndustryTypes", "averageScore": 46, "categoryValue": "Food",
                "appsScore": 29.65, "appsScoreMax": 79, "identityScore": -1, "xScoreMax": 4}  # fmt: skip
    said = control(score=4, scoreInPercentage=40, count="4", total="10", on="false", controlCategory="Apps")
    read(
        [
            score(
                str(on(3)),
                said,
                control("guests", count=None, on=None, scoreInPercentage=None),
                averageComparativeScores=[averages],
                enabledServices=["HasEXOP2", None, "HasMDOP2"],
            )
        ],
        [profile(controlStateUpdates=[{"state": "ignored", "updatedDateTime": "2026-11-02T09:00:00Z"}])],
    )
    day, (guests, mfa) = ScoreDay.objects.get(), ControlScoreDay.objects.order_by("action__control_id")
    assert day.enabled_services == ["HasEXOP2", "HasMDOP2"]
    assert day.comparisons[0] | {"seats_from": 0, "seats_to": 0} == {
        "basis": "IndustryTypes", "average": 46, "industry": "Food", "seats_from": 0, "seats_to": 0,
        "categories": {"Apps": [29.65, 79], "Identity": [None, None]},
    }  # fmt: skip
    assert (mfa.score, mfa.max_score, mfa.percentage, mfa.category) == (4, 10, 40, "Apps")
    assert (mfa.count, mfa.total, mfa.is_on, mfa.status_text and mfa.status_text.text) == (
        4,
        10,
        False,
        "Not yet.",
    )
    assert (mfa.state, mfa.state_since) == ("ignored", datetime(2026, 11, 2, 9, tzinfo=UTC))
    assert mfa.profile_read_on == on(20)
    assert (guests.max_score, guests.percentage, guests.count, guests.total) == (None,) * 4
    assert (guests.is_on, guests.state, guests.profile_read_on) == (None, "", None)
    # The same words, kept once.
    assert StatusText.objects.get() == mfa.status_text == guests.status_text


def test_a_maximum_is_that_of_the_first_reading_after_the_day() -> None:
    days = [score(str(on(day)), control()) for day in range(4)]
    read(days[:2], [profile(maxScore=5)], day=1)
    read(days[:3], [profile(maxScore=10)], day=2)
    read(days[3:], [profile(maxScore=None)], day=3)
    read(days, [profile(maxScore=20)], day=9)
    found = ControlScoreDay.objects.order_by("scored_on").values_list("max_score", "profile_read_on")
    assert list(found) == [(5, on(1)), (5, on(1)), (10, on(2)), (20, on(9))]


def test_a_day_calculated_again_has_no_more_what_only_the_earlier_one_had() -> None:
    later = score(str(on(1)), control("guests"), createdDateTime=f"{on(1)}T09:00:00Z")
    read([score(str(on(1)), control(), control("guests"))], [profile()])
    read([later], [profile()])
    assert [day.action.control_id for day in ControlScoreDay.objects.all()] == ["guests"]


def test_a_day_that_was_read_whole_is_not_replaced_by_a_damaged_one() -> None:
    whole = score(str(on(1)), *map(control, NAMES), currentScore=7)
    damaged = score(
        str(on(1)), *map(control, NAMES[1:]), control(controlName=None), createdDateTime=f"{on(1)}T09:00:00Z"
    )
    read([whole], [])
    read([damaged], [])
    assert (ScoreDay.objects.get().current_score, ControlScoreDay.objects.count()) == (7, 3)
    read([damaged | {"id": "x", "createdDateTime": f"{on(2)}T00:00:00Z"}], [])
    assert ScoreDay.objects.latest().unread_controls == 1


def test_a_state_is_the_one_of_the_day_in_any_casing_and_says_what_came_before() -> None:
    def at(day: int) -> datetime:
        return datetime.combine(on(day), datetime.min.time(), UTC)

    entries = [("thirdParty", 5), ("ThirdParty", 7), ("Default", None), ("ignored", 9)]
    updates = in_order(StateUpdate(state, None if day is None else at(day)) for state, day in entries)
    told = [
        (found.state, found.since, found.before)
        for found in (state_at(updates, at(day)) for day in (1, 6, 8, 9))
    ]
    assert told == [
        ("Default", None, ""),
        ("thirdParty", at(5), "Default"),
        ("ThirdParty", at(5), "Default"),
        ("ignored", at(9), "ThirdParty"),
    ]
    assert state_at(updates[1:], at(1)).state == ""


@pytest.mark.parametrize(
    "odd",
    [
        "@{state=Default}",
        ["@{state=Default}"],
        {"state": "Default"},
        [None, 7],
        [{"state": ["x"]}],
        "",
        None,
        5,
    ],
)
def test_states_that_cannot_be_read_stop_nothing(odd: object) -> None:
    read([score(str(on(1)), control(score=4))], [profile(controlStateUpdates=odd)])
    day = ControlScoreDay.objects.get()
    assert (day.score, day.max_score, day.state) == (4, 10, "")


def test_after_an_upgrade_all_days_are_read_again_and_get_what_they_lacked() -> None:
    days = [score(str(on(day)), control(score=day)) for day in range(3)]
    read(days, [profile()])
    assert days_to_ask(on(3)) == 3
    ControlScoreDay.objects.update(percentage=None, category="", max_score=None, profile_read_on=None)
    ScoreDay.objects.update(enabled_services=None)
    assert days_to_ask(on(3)) == 90
    read(days, [profile()])
    assert set(ControlScoreDay.objects.values_list("max_score", "category")) == {(10, "Identity")}
    assert days_to_ask(on(3)) == 3


def test_scores_are_kept_for_as_long_as_the_operator_says(settings: LazySettings) -> None:
    today = datetime.now(UTC).date()
    days = [today - timedelta(days=ago) for ago in (200, 100, 99, 0)]
    read([score(str(day), control(implementationStatus=f"On {day}.")) for day in days], [profile()])
    forget_old_scores()
    assert ScoreDay.objects.count() == 4
    settings.SCORE_HISTORY_DAYS = 99
    forget_old_scores()
    for model in (ScoreDay, ControlScoreDay):
        assert sorted(model._default_manager.values_list("scored_on", flat=True)) == days[2:]
    assert StatusText.objects.count() == 2
    ScoreDay.objects.filter(scored_on=today).delete()
    settings.SCORE_HISTORY_DAYS = 90
    forget_old_scores()
    # Better an old score than none.
    assert ScoreDay.objects.get().scored_on == days[2]


MOMENTS = st.tuples(st.integers(0, 3), st.sampled_from([0, 9]))
CONTROLS = st.dictionaries(
    st.sampled_from(NAMES),
    st.tuples(
        st.sampled_from([0, 2.5, 5]), st.sampled_from(["Apps", "Identity"]), st.sampled_from(["", "Done."])
    ),
    min_size=1,
)
PROFILES = st.dictionaries(
    st.sampled_from(NAMES),
    st.tuples(st.sampled_from([5, 10, None]), st.sampled_from(["Default", "thirdParty"])),
)
# What Microsoft says of each day at each calculation, how much of it is damaged, and what is read when.
TRUTHS = st.fixed_dictionaries({moment: st.tuples(CONTROLS, st.integers(0, 1)) for moment in
                                [(day, hour) for day in range(4) for hour in (0, 9)]})  # fmt: skip
READINGS = st.lists(st.tuples(st.sets(MOMENTS, min_size=1, max_size=5), PROFILES), min_size=2, max_size=4)


@given(st.data())
@examples(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    # An example takes a second where there is little processor; making it smaller would take minutes.
    phases=[Phase.explicit, Phase.generate],
)
def test_days_in_any_order_any_number_of_times_give_the_same_history(data: st.DataObject) -> None:
    truths, readings = data.draw(TRUTHS), list(enumerate(data.draw(READINGS)))
    order = data.draw(st.permutations(readings))
    twice = list(chain.from_iterable((reading, reading) for reading in order))
    assert _history_of([*twice, order[0]], truths) == _history_of(readings, truths)


def _history_of(readings: Any, truths: Any) -> list[Any]:
    with transaction.atomic():
        for number, (moments, profiles) in readings:
            read(
                [_day(day, hour, *truths[day, hour]) for day, hour in sorted(moments)],
                [
                    profile(name, maxScore=most, controlStateUpdates=[{"state": state}])
                    for name, (most, state) in profiles.items()
                ],
                # Each on a day of its own: what is read on one day has no order but that.
                day=10 + number,
            )
        found = history()
        transaction.set_rollback(True)
    return found


def _day(day: int, hour: int, controls: Any, damaged: int) -> dict[str, Any]:
    rows = [
        control(name, points, controlCategory=category, implementationStatus=text)
        for name, (points, category, text) in controls.items()
    ]
    rows += [control(controlName=None)] * damaged
    return score(str(on(day)), *rows, createdDateTime=f"{on(day)}T{hour:02}:00:00Z")
