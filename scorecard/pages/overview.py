"""The score at a glance: newest day, its trend, points by category, comparison."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q, Sum
from django.utils.translation import gettext as _

from scorecard.models import HISTORY, ImprovementAction, ScoreDay
from scorecard.models.choices import COMPARISONS, Category
from scorecard.models.rounding import share
from scorecard.pages.trend import Trend, draw


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
    """What the overview and the home page's card show."""

    day: ScoreDay
    trend: Trend | None
    categories: list[CategoryPoints]
    comparisons: list[Comparison]


def summary() -> Summary | None:
    """Return the newest score, or None before the first import. Two queries."""
    days = list(ScoreDay.objects.order_by("-scored_on")[: HISTORY.days])
    if not days:
        return None
    return Summary(days[0], trend(days), points_by_category(), _comparisons(days[0]))


def trend(days: Sequence[ScoreDay]) -> Trend | None:
    """Draw the percentages of Microsoft's 90 days up to the newest. `days` come newest first."""
    recent = [day for day in reversed(days) if day.scored_on > days[0].scored_on - HISTORY]
    return draw([(day.scored_on, day.percentage) for day in recent if day.percentage is not None])


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
