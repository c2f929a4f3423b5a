"""The geometry of the trend: whatever the days and their values, a drawing comes out, and it is inside its frame."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorecard.pages.chart import draw, scale

FIRST = date(2026, 9, 1)
DAYS = st.dictionaries(
    st.integers(0, 89).map(lambda ago: FIRST + timedelta(days=ago)),
    st.floats(-5, 105, allow_nan=False),
    min_size=1,
)


def on(day: int) -> date:
    return FIRST + timedelta(days=day)


@given(DAYS)
def test_every_day_has_its_strip_and_every_value_its_place(values: dict[date, float]) -> None:
    chart = draw(values)
    assert [column.on for column in chart.columns if column.y is not None] == sorted(values)
    assert chart.columns[0].on == min(values)
    assert chart.columns[-1].on == max(values)
    assert sum(column.width for column in chart.columns) == pytest.approx(100, abs=1)
    for column in chart.columns:
        assert column.left <= column.x <= column.left + column.width + 0.02
        assert column.y is None or 0 <= column.y <= 100


@given(DAYS)
def test_axes_are_named_in_few_round_numbers(values: dict[date, float]) -> None:
    chart = draw(values)
    named = [value for value, _ in chart.values]
    assert 2 <= len(named) <= 5
    assert {value % 5 for value in named} == {0}
    assert [y for _, y in chart.values] == sorted((y for _, y in chart.values), reverse=True)
    assert (chart.values[0][1], chart.values[-1][1]) == (100, 0)
    assert len(chart.dates) <= 5


@given(st.floats(0, 100), st.floats(0, 100))
def test_an_axis_holds_its_values_and_makes_no_cliff_of_a_tenth(one: float, other: float) -> None:
    low, high, step = scale(min(one, other), max(one, other))
    assert 0 <= low <= min(one, other) <= max(one, other) <= high <= 100
    assert high - low >= 10
    assert (high - low) % step == 0


@pytest.mark.parametrize(
    ("least", "most", "axis"),
    [
        (0, 0, (0, 10, 5)),
        (100, 100, (90, 100, 5)),
        (45, 45, (40, 50, 5)),
        (46.7, 46.7, (40, 50, 5)),
        (99, 99.2, (90, 100, 5)),
        (64.5, 76.6, (60, 80, 5)),
        (3, 97, (0, 100, 25)),
    ],
)
def test_an_axis_is_as_short_as_its_values_let_it_be(
    least: float, most: float, axis: tuple[int, int, int]
) -> None:
    assert scale(least, most) == axis


def test_days_stand_at_their_true_distance_and_what_is_missing_is_bridged() -> None:
    chart = draw({on(0): 40, on(1): 50, on(5): 45, on(9): 50, on(10): 40})
    assert chart.line == "M0.0,100.0 10.0,0.0M50.0,50.0h0M90.0,0.0 100.0,100.0"
    assert chart.bridges == "M10.0,0.0 50.0,50.0M50.0,50.0 90.0,0.0"


def test_only_an_axis_that_begins_at_nothing_has_an_area() -> None:
    assert not draw({on(0): 40, on(1): 50}).area
    assert draw({on(0): 0, on(2): 10}).area == "M0.0,100.0h0V100H0.0ZM100.0,0.0h0V100H100.0Z"


def test_one_day_is_a_dot_in_the_middle() -> None:
    chart = draw({on(0): 45})
    assert (chart.line, chart.bridges) == ("M50.0,50.0h0", "")
    assert chart.dates == ((on(0), 50.0),)


def test_no_day_is_no_chart() -> None:
    with pytest.raises(ValueError, match="needs a day"):
        draw({})


@pytest.mark.parametrize(("days", "named"), [(4, 4), (9, 5), (30, 4), (40, 5), (50, 4), (89, 3)])
def test_a_span_of_any_length_names_a_few_days(days: int, named: int) -> None:
    assert len(draw({on(0): 40, on(days - 1): 50}).dates) == named
