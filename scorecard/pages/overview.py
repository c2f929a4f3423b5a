"""The score at a glance: newest day, its trend, points by category, comparison."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from django.db.models import Count, Q, Sum
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from scorecard.models import HISTORY, ImprovementAction, ScoreDay
from scorecard.models.choices import COMPARISONS, Category
from scorecard.models.rounding import share
from scorecard.pages.moves import explained, greatest
from scorecard.pages.trend import MoveInWords, in_words, trend

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

    day: ScoreDay
    trend: SafeString
    categories: list[CategoryPoints]
    moves: Sequence[MoveInWords] = ()
    comparisons: Sequence[Comparison] = ()

    @property
    def bars(self) -> SafeString:
        """The points by category, drawn."""
        return _bars(tuple(self.categories), get_language())


# Points hold all that is shown of them, so that bars that were kept are never old ones.
@lru_cache(maxsize=_KEPT)
def _bars(categories: tuple[CategoryPoints, ...], language: str | None) -> SafeString:
    return render_to_string("scorecard/_bars.html", {"categories": categories})


def summary() -> Summary | None:
    """Return the newest score, or None before the first import. Two queries."""
    days = _days()
    return Summary(days[-1], trend(days), points_by_category()) if days else None


def explained_summary() -> Summary | None:
    """Return the newest score with what moved it and how others stand. Three queries, and another where it moved."""
    days = _days()
    if not days:
        return None
    moves = explained(greatest(days))
    return Summary(
        day=days[-1],
        trend=trend(days, moves, with_table=True),
        categories=points_by_category(),
        moves=in_words(moves),
        comparisons=_comparisons(days[-1]),
    )


def _days() -> list[ScoreDay]:
    """Return Microsoft's 90 days up to the newest, the oldest first, with no columns but those of the score."""
    columns = ("scored_on", "calculated_at", "current_score", "max_score")
    days = list(ScoreDay.objects.only(*columns).order_by("-scored_on")[: HISTORY.days])
    return [day for day in reversed(days) if day.scored_on > days[0].scored_on - HISTORY]


def points_by_category() -> list[CategoryPoints]:
    """Add up the scored actions by category, Microsoft's five first and in its order."""
    rows = ImprovementAction.objects.scored().order_by().values("category")
    found = {
        row["category"]: row
        for row in rows.annotate(
            points=Sum("score"), maximum=Sum("max_score"), unknown=Count("pk", filter=Q(max_score=None))
        )
    }
    known = [category.value for category in Category if category.value in found]
    labels = dict(Category.choices)
    return [
        CategoryPoints(
            category=name,
            label=str(labels.get(name, name) or _("Without a category")),
            score=found[name]["points"],
            maximum=found[name]["maximum"],
            unknown=found[name]["unknown"],
        )
        for name in [*known, *sorted(found.keys() - set(known))]
    ]


def _comparisons(day: ScoreDay) -> list[Comparison]:
    return [
        Comparison(
            label=str(COMPARISONS.get(row.get("basis", ""), row.get("basis", ""))), average=row.get("average")
        )
        for row in day.comparisons
    ]
