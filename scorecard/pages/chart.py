"""A line of percentages over days, as places in a drawing. Pure: knows no colors, no words and no mark-up.

Places are per cent of the drawing's width from the left and of its height from the top, so that the drawing may have
any size while texts and dots in it keep theirs.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

# The axis has at most so many steps, each of a round number of per cent.
_STEPS = (5, 10, 20, 25, 50)
_MOST_STEPS = 4
# A change of a few tenths is not to look like a cliff.
_LEAST_SPAN = 10
# More dates than that touch each other on a phone.
_MOST_DATES = 5


@dataclass(frozen=True, slots=True)
class Column:
    """One day of the calendar: the strip of the drawing that is its own, and where its value stands.

    `y` is None where the day has no value.
    """

    on: date
    left: float
    width: float
    x: float
    y: float | None


@dataclass(frozen=True, slots=True)
class Chart:
    """What to draw.

    `line` and `bridges` are the data of SVG paths in a box of 100 by 100: days that follow each other are joined by the
    line, and where days are missing a bridge says so. `area` is what lies below the line, empty where the axis does not
    begin at 0: its size would mean nothing. `values` are (percentage, y) and `dates` (day, x), one for each tick.
    """

    columns: tuple[Column, ...]
    line: str
    bridges: str
    area: str
    values: tuple[tuple[int, float], ...]
    dates: tuple[tuple[date, float], ...]


def draw(values: Mapping[date, float]) -> Chart:
    """Draw the percentage of each day; there is at least one.

    Days stand at their true distance from the first to the last. What is below 0 or above 100 is drawn at the edge.

    Raises ValueError where there is no day.
    """
    if not values:
        raise ValueError("a chart needs a day")
    known = {on: min(max(value, 0.0), 100.0) for on, value in values.items()}
    low, high, step = scale(min(known.values()), max(known.values()))
    columns = tuple(_columns(known, low, high))
    runs = list(_runs(columns))
    named = _named(columns)
    return Chart(
        columns=columns,
        line="".join(map(_path, runs)),
        bridges="".join(_path((one[-1], other[0])) for one, other in pairwise(runs)),
        area="".join(map(_area, runs)) if low == 0 else "",
        values=tuple((value, _height(value, low, high)) for value in range(low, high + 1, step)),
        dates=tuple((column.on, column.x) for column in columns if column.on in named),
    )


def scale(least: float, most: float) -> tuple[int, int, int]:
    """Return where an axis for values from `least` to `most` begins and ends, and its step; all in 0 to 100."""
    for step in _STEPS:
        low, high = math.floor(least / step) * step, math.ceil(most / step) * step
        while high - low < _LEAST_SPAN:
            is_nearer_the_top = high - most <= least - low
            low, high = (
                (low, high + step) if low == 0 or (is_nearer_the_top and high < 100) else (low - step, high)
            )
        if high - low <= _MOST_STEPS * step:
            return low, high, step
    return 0, 100, _STEPS[-1]


def _columns(known: Mapping[date, float], low: int, high: int) -> Iterator[Column]:
    first, last = min(known), max(known)
    span = (last - first).days
    half = 50 / span if span else 50.0
    for day in range(span + 1):
        on = first + timedelta(days=day)
        x = 2 * half * day if span else 50.0
        left, right = max(x - half, 0.0), min(x + half, 100.0)
        y = _height(known[on], low, high) if on in known else None
        yield Column(on, round(left, 2), round(right - left, 2), round(x, 2), y)


def _height(value: float, low: int, high: int) -> float:
    return round(100 - (value - low) * 100 / (high - low), 2)


def _runs(columns: tuple[Column, ...]) -> Iterator[tuple[Column, ...]]:
    """Yield days with a value that follow each other without a gap."""
    run: list[Column] = []
    for column in columns:
        if column.y is not None:
            run.append(column)
        elif run:
            yield tuple(run)
            run = []
    yield tuple(run)


def _path(run: tuple[Column, ...]) -> str:
    spots = " ".join(f"{column.x},{column.y}" for column in run)
    # A line to where it begins: a day between two gaps is a dot.
    return f"M{spots}" if len(run) > 1 else f"M{spots}h0"


def _area(run: tuple[Column, ...]) -> str:
    return f"{_path(run)}V100H{run[0].x}Z"


def _named(columns: tuple[Column, ...]) -> set[date]:
    """Choose days to name: each, every other, Mondays, every other Monday, or the first of each month."""
    days = [column.on for column in columns]
    mondays = [on for on in days if on.weekday() == 0]
    for chosen in (days, days[::-2], mondays, mondays[::2]):
        if 0 < len(chosen) <= _MOST_DATES:
            return set(chosen)
    return {on for on in days if on.day == 1}
