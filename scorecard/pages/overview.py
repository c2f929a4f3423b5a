"""The score at a glance: newest day, its trend, points by category, comparison."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.written_query import WrittenQuery
from scorecard.models import ImprovementAction, ScoreDay
from scorecard.models.choices import COMPARISONS, Category
from scorecard.models.import_state import ImportState
from scorecard.models.rounding import share
from scorecard.pages.moves import Move, explained, greatest
from scorecard.pages.score_days import DayColumns, score_days
from scorecard.pages.trend import in_words, trend

# Two languages, and a change of the day.
_KEPT = 8


@dataclass(frozen=True, slots=True)
class CategoryPoints:
    """The points of one category. `maximum` adds up what is known; `unknown` actions lack theirs."""

    category: str
    label: str
    score: float | None
    maximum: float | None
    unknown: int

    @property
    def percentage(self) -> float | None:
        """Points achieved in per cent, or None where that cannot be said."""
        return None if self.unknown else share(self.score, self.maximum)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The average of other tenants in per cent; None where Microsoft has no data."""

    label: str
    average: float | None


@dataclass(frozen=True, slots=True)
class Summary:
    """What the home page's card shows, and with `moves` and `comparisons` the overview."""

    day: DayColumns
    trend: SafeString
    categories: tuple[CategoryPoints, ...]
    moves: tuple[Move, ...] = ()
    comparisons: tuple[Comparison, ...] = ()

    @property
    def bars(self) -> SafeString:
        """The points by category, drawn."""
        return _bars(self.categories, get_language())

    @property
    def told_moves(self) -> SafeString:
        """What moved the score, in words."""
        return _moves(self.moves, get_language())

    @property
    def compared(self) -> SafeString:
        """The score beside those of others, drawn."""
        return _compared(self.day.percentage, self.comparisons, get_language())


# What is drawn is given each time, so that what was kept is never an old one.
@lru_cache(maxsize=_KEPT)
def _bars(categories: tuple[CategoryPoints, ...], language: str | None) -> SafeString:
    return render_to_string("scorecard/_bars.html", {"categories": categories})


@lru_cache(maxsize=_KEPT)
def _moves(moves: tuple[Move, ...], language: str | None) -> SafeString:
    return render_to_string("scorecard/_moves.html", {"moves": in_words(moves)})


@lru_cache(maxsize=_KEPT)
def _compared(own: float | None, others: tuple[Comparison, ...], language: str | None) -> SafeString:
    return render_to_string("scorecard/_comparison.html", {"own": own, "others": others})


def summary() -> Summary | None:
    """Return the newest score, or None before the first import. Two queries."""
    days = score_days()
    return Summary(days[-1], trend(days), points_by_category()) if days else None


def explained_summary(state: ImportState, now: datetime) -> Summary | None:
    """Return the newest score with what moved it and how others stand. Three queries, and another where it moved."""
    days = score_days()
    if not days:
        return None
    moves = explained(greatest(days), state, now)
    return Summary(
        day=days[-1],
        trend=trend(days, moves, with_table=True),
        categories=points_by_category(),
        moves=moves,
        comparisons=_comparisons(),
    )


def points_by_category() -> tuple[CategoryPoints, ...]:
    """Add up the scored actions by category, Microsoft's five first and in its order. One query."""
    found = {category: points for category, *points in _POINTS.rows()}
    known = [category.value for category in Category if category.value in found]
    labels = dict(Category.choices)
    return tuple(
        CategoryPoints(name, str(labels.get(name, name) or _("Without a category")), *found[name])
        for name in [*known, *sorted(found.keys() - set(known))]
    )


def _points() -> QuerySet[ImprovementAction, Any]:
    added = {
        "points": Sum("score"),
        "maximum": Sum("max_score"),
        "unknown": Count("pk", filter=Q(max_score=None)),
    }
    grouped = ImprovementAction.objects.scored().order_by().values("category")
    return grouped.annotate(**added).values_list("category", *added)


_POINTS = WrittenQuery(_points)


def _newest_comparisons() -> QuerySet[ScoreDay, Any]:
    return ScoreDay.objects.order_by("-scored_on").values_list("comparisons")[:1]


_COMPARISONS = WrittenQuery(_newest_comparisons)


def _comparisons() -> tuple[Comparison, ...]:
    return tuple(
        Comparison(
            label=str(COMPARISONS.get(row.get("basis", ""), row.get("basis", ""))), average=row.get("average")
        )
        for [rows] in _COMPARISONS.rows()
        for row in rows
    )
