"""The trend of the score as people see it: a drawing, the days in words, and a table of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from django.template.defaultfilters import floatformat
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, pgettext

from scorecard.models.rounding import share
from scorecard.pages.chart import Chart, Column, draw
from scorecard.pages.moves import Move, MovePart, address
from scorecard.pages.score_days import Day
from scorecard.pages.signed import signed

# A day, and the points achieved and the maximum on it.
_Day = tuple[date, float, float]
# Two languages, on the home page and on the overview.
_KEPT = 8


@dataclass(frozen=True, slots=True)
class DayInWords:
    """One day of the calendar: its place in the drawing, what is said of it, and where it is said why it moved."""

    column: Column
    day: str
    percentage: str
    change: str
    points: str
    reasons: str
    why: str = ""

    @property
    def told(self) -> str:
        """Everything in one sentence, and what happened on a line of its own."""
        words = {
            "day": self.day,
            "percentage": self.percentage,
            "change": self.change,
            "points": self.points,
        }
        if not self.percentage:
            return gettext("%(day)s: no score") % words
        if not self.change:
            return gettext("%(day)s: %(percentage)s, %(points)s") % words
        sentence = gettext("%(day)s: %(percentage)s (%(change)s), %(points)s") % words
        return f"{sentence}\n{self.reasons}" if self.reasons else sentence


@dataclass(frozen=True, slots=True)
class ActionInWords:
    """An action that moved the score, and by how many percentage points."""

    title: str
    url: str
    change: str


@dataclass(frozen=True, slots=True)
class PartInWords:
    """One thing that moved the score, by so many percentage points: those actions, and so many `others`."""

    label: str
    change: str
    actions: list[ActionInWords]
    others: int


@dataclass(frozen=True, slots=True)
class MoveInWords:
    """A move of the score. `maximum` says how the maximum changed, empty where it did not."""

    day: str
    change: str
    percentages: str
    parts: list[PartInWords]
    maximum: str
    url: str


def in_words(moves: Sequence[Move]) -> list[MoveInWords]:
    """Tell moves of the score, and what made them."""
    return [
        MoveInWords(
            day=date_format(move.on, "SHORT_DATE_FORMAT"),
            change=signed(move.change, "1"),
            percentages=gettext("from %(before)s%% to %(after)s%%")
            % {
                "before": floatformat(move.before.percentage, 1),
                "after": floatformat(move.after.percentage, 1),
            },
            parts=[_part(part) for part in move.parts],
            maximum=_maximum(move) if move.is_of_maximum else "",
            url=move.url,
        )
        for move in moves
    ]


def trend(days: Sequence[Day], moves: Sequence[Move] = (), *, with_table: bool = False) -> SafeString:
    """Draw the score of these days, the oldest first; the drawing says what made each of the moves.

    Empty where no day has a percentage.
    """
    rows = tuple(
        (day.scored_on, day.current_score, day.max_score) for day in days if day.percentage is not None
    )
    reasons = tuple((move.on, reasons_of(move)) for move in moves)
    return _drawn(rows, reasons, with_table, get_language()) if rows else SafeString("")


def reasons_of(move: Move) -> str:
    """Name what made a move, each with its percentage points."""
    told = [f"{part.kind.label} ({signed(part.change, '2')})" for part in move.parts if part.change]
    return pgettext("between items of a list", ", ").join(told)


def _part(part: MovePart) -> PartInWords:
    return PartInWords(
        label=str(part.kind.label),
        change=signed(part.change, "2"),
        actions=[
            ActionInWords(
                one.title, reverse("scorecard:action", args=[one.control_id]), signed(one.change, "2")
            )
            for one in part.actions
        ],
        others=part.others,
    )


def _maximum(move: Move) -> str:
    before, after = (floatformat(day.max_score, "-2") for day in (move.before, move.after))
    return gettext("The maximum went from %(before)s to %(after)s points.") % {
        "before": before,
        "after": after,
    }


# What is drawn depends on nothing but what it is drawn from, so that a drawing that was kept is never an old one.
@lru_cache(maxsize=_KEPT)
def _drawn(
    days: tuple[_Day, ...], reasons: tuple[tuple[date, str], ...], with_table: bool, language: str | None
) -> SafeString:
    percentages = {on: share(score, maximum) or 0 for on, score, maximum in days}
    chart = draw(percentages)
    told = list(_in_words(chart, days, percentages, dict(reasons)))
    known = [one for one in told if one.percentage]
    context = {
        "chart": chart,
        "dates": [(_axis_date(on), x) for on, x in chart.dates],
        "days": told,
        "first": known[0],
        "last": known[-1],
        "last_place": len(told) - 1,
        "marked": [one.column for one in told if one.column.on in dict(reasons)],
        "newest_first": told[::-1] if with_table else [],
    }
    return render_to_string("scorecard/_trend.html", context)


def _in_words(
    chart: Chart, days: Sequence[_Day], percentages: dict[date, float], reasons: dict[date, str]
) -> Iterator[DayInWords]:
    rows = {on: (score, maximum) for on, score, maximum in days}
    before: float | None = None
    last: date | None = None
    for column in chart.columns:
        on = column.on
        day = date_format(on, "SHORT_DATE_FORMAT")
        if on not in rows:
            yield DayInWords(column, day, "", "", "", "")
            continue
        percentage = percentages[on]
        score, maximum = (floatformat(number, "-2") for number in rows[on])
        yield DayInWords(
            column,
            day,
            percentage=gettext("%(percentage)s%%") % {"percentage": floatformat(percentage, 1)},
            change="" if before is None else signed(percentage - before, "1"),
            points=gettext("%(score)s of %(maximum)s points") % {"score": score, "maximum": maximum},
            reasons=reasons.get(on, ""),
            why=address(last, on) if last else "",
        )
        before, last = percentage, on


def _axis_date(on: date) -> str:
    return date_format(on, pgettext("date below a chart", "j M"))
