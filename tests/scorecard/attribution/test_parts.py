"""Why the score moved: each part where it belongs, and all of them together the whole change, to the hundredth."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from scorecard.attribution.parts import ActionOnDay, Day, Explanation, Kind, explain
from scorecard.attribution.rounding import apportion, rounded

FIRST = datetime(2026, 11, 1, tzinfo=UTC)
HUNDREDTH = Fraction(1, 100)


def action(key: int = 1, score: float = 0, most: float | None = 10, **others: object) -> ActionOnDay:
    known = ActionOnDay(
        key, f"control_{key}", f"Action {key}", score, most, "Apps", "Default", None, "", None
    )
    return known._replace(**others)  # type: ignore[arg-type]


def day(number: int, *actions: ActionOnDay, points: float | None = None, maximum: float | None = None) -> Day:
    """A day whose totals are the sums of its actions, if nothing else is said."""
    at = FIRST + timedelta(days=number)
    return Day(
        scored_on=at.date(),
        calculated_at=at,
        points=sum(each.score for each in actions) if points is None else points,
        maximum=sum(each.max_score or 0 for each in actions) if maximum is None else maximum,
        actions={each.action_id: each for each in actions},
    )


def found(explanation: Explanation) -> dict[Kind, tuple[float, float, float | None]]:
    return {
        part.kind: (
            float(part.change.points),
            float(part.change.maximum),
            None if part.change.percentage is None else float(part.change.percentage),
        )
        for part in explanation.parts
    }


def kinds(old: ActionOnDay, new: ActionOnDay) -> set[Kind]:
    return set(found(explain(day(0, old, action(9, 5)), day(1, new, action(9, 5)))))


def test_points_that_are_won_and_lost_are_told_apart_each_with_its_actions() -> None:
    explanation = explain(
        day(0, action(1, 0), action(2, 10), action(3, 4)),
        day(1, action(1, 6), action(2, 7), action(3, 4.0000000001)),
    )
    assert found(explanation) == {Kind.GAINED: (6, 0, 20), Kind.REGRESSED: (-3, 0, -10)}
    assert [[one.action.control_id for one in part.actions] for part in explanation.parts] == [
        ["control_1"], ["control_2"],
    ]  # fmt: skip


def test_a_new_action_without_points_moves_the_percentage() -> None:
    explanation = explain(day(0, action(1, 5)), day(1, action(1, 5), action(2, 0)))
    assert found(explanation) == {Kind.ADDED: (0, 10, -25)}
    assert found(explain(explanation.after, explanation.before)) == {Kind.WITHDRAWN: (0, -10, 25)}


def test_what_is_added_and_withdrawn_with_points_counts_in_all_measures() -> None:
    explanation = explain(day(0, action(1, 5), action(2, 10)), day(1, action(1, 5), action(3, 10, 20)))
    assert found(explanation) == {Kind.ADDED: (10, 20, 0), Kind.WITHDRAWN: (-10, -10, -25)}
    assert explanation.change.percentage == -25


def test_a_maximum_that_changed_takes_its_points_along_at_the_new_share() -> None:
    assert found(explain(day(0, action(1, 5)), day(1, action(1, 10, 20)))) == {Kind.MAXIMUM: (5, 10, 0)}
    assert found(explain(day(0, action(1, 2)), day(1, action(1, 10, 20)))) == {
        Kind.GAINED: (3, 0, 30),
        Kind.MAXIMUM: (5, 10, 0),
    }
    # Microsoft's rounding of a third is nobody's doing.
    assert set(found(explain(day(0, action(1, 1.67, 5)), day(1, action(1, 3.33))))) == {Kind.MAXIMUM}
    # Unknown is not 0.
    unknown = explain(day(0, action(1, 5, None), maximum=10), day(1, action(1, 7), maximum=10))
    assert found(unknown) == {Kind.GAINED: (2, 0, 20)}


def test_a_move_to_another_category_is_named_and_changes_nothing() -> None:
    explanation = explain(day(0, action(1, 5)), day(1, action(1, 5, category="Identity")))
    assert found(explanation) == {Kind.MOVED: (0, 0, 0)}
    assert kinds(action(1), action(1, category="apps")) == set()
    assert kinds(action(1), action(1, category="")) == set()


SET = FIRST - timedelta(days=2)
LONG_AGO = FIRST - timedelta(days=8)


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (("Default", None, ""), ("thirdParty", FIRST, "Default"), Kind.STATUS),
        # Set before, and seen in the points only now.
        (("ThirdParty", SET, ""), ("ThirdParty", SET, ""), Kind.STATUS),
        (("AlternateMitigation", LONG_AGO, ""), ("AlternateMitigation", LONG_AGO, ""), Kind.GAINED),
        # Nothing is known of the earlier day.
        (("", None, ""), ("ThirdParty", None, ""), Kind.STATUS),
        (("", None, ""), ("ThirdParty", LONG_AGO, ""), Kind.GAINED),
        (("Default", None, ""), ("Ignored", FIRST, "Default"), Kind.GAINED),
    ],
)
def test_points_that_a_status_gives_are_no_change(
    old: tuple[str, datetime | None, str], new: tuple[str, datetime | None, str], kind: Kind
) -> None:
    names = ("state", "state_since", "state_before")
    told: list[dict[str, Any]] = [dict(zip(names, state, strict=True)) for state in (old, new)]
    assert kinds(action(1, 0, **told[0]), action(1, 10, **told[1])) == {kind}


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (("ThirdParty", LONG_AGO, ""), ("Default", FIRST, "ThirdParty"), Kind.STATUS),
        (("Default", SET, "ThirdParty"), ("Default", SET, "ThirdParty"), Kind.STATUS),
        (("Default", LONG_AGO, "ThirdParty"), ("Default", LONG_AGO, "ThirdParty"), Kind.REGRESSED),
        (("ThirdParty", LONG_AGO, ""), ("alternateMitigation", FIRST, "ThirdParty"), Kind.REGRESSED),
        (("Ignored", SET, "Default"), ("Default", FIRST, "Ignored"), Kind.REGRESSED),
    ],
)
def test_points_that_a_status_gave_are_no_regression(
    old: tuple[str, datetime | None, str], new: tuple[str, datetime | None, str], kind: Kind
) -> None:
    names = ("state", "state_since", "state_before")
    told: list[dict[str, Any]] = [dict(zip(names, state, strict=True)) for state in (old, new)]
    assert kinds(action(1, 10, **told[0]), action(1, 0, **told[1])) == {kind}


def test_what_no_action_explains_is_said_and_nothing_where_it_is_a_rounding() -> None:
    one = action(1, 5)
    assert found(explain(day(0, one), day(1, one, points=6, maximum=12))) == {Kind.UNEXPLAINED: (1, 2, 0)}
    big = action(2, 60, 90)
    assert found(explain(day(0, one, big), day(1, one, big, points=65.004))) == {}
    # Without a single action, or with some that could not be read, nobody was added or withdrawn.
    assert found(explain(day(0, points=5, maximum=10), day(1, one, action(2, 5)))) == {
        Kind.UNEXPLAINED: (5, 10, 0)
    }
    damaged = replace(day(1, one, points=10, maximum=20), is_whole=False)
    assert found(explain(day(0, one, action(2, 5)), damaged)) == {}


def test_more_than_all_points_and_none_at_all_still_add_up() -> None:
    one = action(1, 10)
    assert explain(day(0, one), day(1, one, points=12)).change.percentage == 0
    nothing = explain(day(0, one), day(1, points=0, maximum=0))
    assert nothing.change.percentage is None
    assert found(nothing) == {Kind.UNEXPLAINED: (-10, -10, None)}


POINTS = st.floats(0, 60).map(lambda number: round(number, 6))
STATES = st.sampled_from(["", "Default", "thirdParty", "Ignored", "AlternateMitigation"])
MOMENTS = st.none() | st.integers(-20, 20).map(lambda days: FIRST + timedelta(days=days))
ACTIONS: Callable[[int], st.SearchStrategy[ActionOnDay]] = lambda key: st.builds(  # noqa: E731
    action,
    st.just(key),
    POINTS,
    st.none() | st.sampled_from([0.0, 3.0, 5.0, 10.0]) | POINTS,
    category=st.sampled_from(["Apps", "Identity", ""]),
    state=STATES,
    state_since=MOMENTS,
    state_before=STATES,
)


@st.composite
def days(draw: st.DrawFn, number: int) -> Day:
    """A day of any tenant: some of eight actions, and totals that need not be their sums."""
    keys = draw(st.sets(st.integers(1, 8)))
    actions = [draw(ACTIONS(key)) for key in sorted(keys)]
    points, maximum = (draw(st.none() | POINTS) for _ in range(2))
    made = day(number, *actions, points=points, maximum=maximum)
    return replace(made, is_whole=draw(st.booleans()))


def add(numbers: Iterable[Fraction | None]) -> Fraction:
    return sum((number or Fraction(0) for number in numbers), Fraction(0))


@given(st.tuples(*(days(number) for number in range(4))))
@examples(max_examples=60, deadline=None)
def test_for_every_pair_of_days_the_parts_add_up_to_the_hundredth(tenant: Sequence[Day]) -> None:
    for before, after in combinations(tenant, 2):
        for one, other in ((before, after), (after, before)):
            _check(explain(one, other))


def _check(explanation: Explanation) -> None:
    before, after, change, parts = (
        explanation.before, explanation.after, explanation.change, explanation.parts,
    )  # fmt: skip
    assert add(part.change.points for part in parts) == change.points
    assert add(part.change.maximum for part in parts) == change.maximum
    assert abs(change.points - Fraction(after.points) + Fraction(before.points)) <= HUNDREDTH
    assert abs(change.maximum - Fraction(after.maximum) + Fraction(before.maximum)) <= HUNDREDTH
    if before.percentage is None or after.percentage is None:
        assert change.percentage is None
    else:
        assert add(part.change.percentage for part in parts) == change.percentage
        assert change.percentage == rounded(after.percentage) - rounded(before.percentage)
    for part in parts:
        if part.kind == Kind.UNEXPLAINED:
            assert part.change
            continue
        assert part.actions
        for measure in ("points", "maximum", "percentage"):
            told = add(getattr(one.change, measure) for one in part.actions)
            assert told == (getattr(part.change, measure) or 0)
        if part.kind == Kind.MOVED:
            assert not part.change


@given(st.lists(st.fractions(-50, 50)))
def test_rounding_moves_no_part_by_a_hundredth(parts: list[Fraction]) -> None:
    whole = rounded(add(parts))
    told = apportion(parts, whole)
    assert add(told) == whole
    assert all(abs(one - other) < HUNDREDTH for one, other in zip(told, parts, strict=True))
    assert all(one == 0 for one, other in zip(told, parts, strict=True) if other == 0)


def test_halves_are_rounded_as_pages_do() -> None:
    assert [float(rounded(Fraction(number, 1000))) for number in (5, -5, 4, 15, 0)] == [
        0.01,
        -0.01,
        0,
        0.02,
        0,
    ]
