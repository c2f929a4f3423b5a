"""The days on which the score moved most, and which improvement actions moved it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby, pairwise
from operator import attrgetter, itemgetter
from typing import Any

from django.db.models import Case, DateField, FilteredRelation, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.urls import reverse

from accounts.written_query import WrittenQuery
from scorecard.models import ControlScoreDay
from scorecard.models.rounding import has_reached, is_at_most, reaches
from scorecard.pages.score_days import Day

# In percentage points: what many a day brings by itself is no news.
LEAST = 0.5
MOST = 3
ACTIONS_TOLD = 3
# What changed by less than this share of the greatest change is counted and not named.
TOLD_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class ActionChange:
    """The points that one action had on the day of a move, and how many more or fewer than before."""

    title: str
    control_id: str
    score: float
    gained: float

    @property
    def url(self) -> str:
        """Address of the action's page, without the host."""
        return reverse("scorecard:action", args=[self.control_id])


@dataclass(frozen=True, slots=True)
class Move:
    """How the score went from one day to the next that has one, in per cent and of which maximum.

    `actions` are those that moved it most, in its direction first; so many `others` changed as well.
    """

    before: Day
    after: Day
    actions: tuple[ActionChange, ...] = ()
    others: int = 0

    @property
    def on(self) -> date:
        """The day that it showed on."""
        return self.after.scored_on

    @property
    def change(self) -> float:
        """Percentage points gained; negative where they were lost."""
        return (self.after.percentage or 0) - (self.before.percentage or 0)

    @property
    def is_of_maximum(self) -> bool:
        """Whether the maximum changed, which moves the percentage without anybody's doing."""
        one, other = self.before.max_score, self.after.max_score
        return not (has_reached(one, other) and has_reached(other, one))


def greatest(days: Sequence[Day]) -> list[Move]:
    """Return the greatest moves, the newest first. `days` come oldest first."""
    known = [day for day in days if day.percentage is not None]
    moves = [Move(*pair) for pair in pairwise(known)]
    chosen = sorted((move for move in moves if abs(move.change) >= LEAST), key=lambda move: -abs(move.change))
    return sorted(chosen[:MOST], key=attrgetter("on"), reverse=True)


def explained(moves: Sequence[Move]) -> list[Move]:
    """Say of each move which actions made it. One query where there are any.

    An action that was not scored before had no points; what is no longer scored shows in the maximum alone.
    """
    if not moves:
        return []
    found = {on: list(rows) for on, rows in groupby(_changes(moves), key=itemgetter(0))}
    return [_with(move, found.get(move.on, [])) for move in moves]


def _changes(moves: Sequence[Move]) -> Sequence[Sequence[Any]]:
    # Written for so many moves: where there are fewer, the last is asked for again.
    asked = [moves[min(place, len(moves) - 1)] for place in range(MOST)]
    days = {f"day_{place}": move.on for place, move in enumerate(asked)}
    return _CHANGES.rows(
        **days, **{f"before_{place}": one.before.scored_on for place, one in enumerate(asked)}
    )


def _changed(**days: date) -> QuerySet[ControlScoreDay, Any]:
    """Whatever has other points on a day than on the one before."""
    pairs = [(days[f"day_{place}"], days[f"before_{place}"]) for place in range(MOST)]
    day_before = Case(
        *(When(scored_on=day, then=Value(before, DateField())) for day, before in pairs),
        output_field=DateField(),
    )
    # A join: subqueries would be asked three times.
    earlier = FilteredRelation("action__score_days", condition=Q(action__score_days__scored_on=day_before))
    changed = (
        ControlScoreDay.objects.filter(scored_on__in=[day for day, _ in pairs])
        .annotate(earlier=earlier)
        .annotate(before=Coalesce("earlier__score", 0.0))
        .exclude(reaches("score", "before") & is_at_most("score", "before"))
    )
    return changed.order_by("scored_on").values_list(
        "scored_on", "action__title", "action__control_id", "score", "before"
    )


_CHANGES = WrittenQuery(
    _changed, **{f"{name}_{place}": date for name in ("day", "before") for place in range(MOST)}
)


def _with(move: Move, rows: Sequence[Sequence[Any]]) -> Move:
    changes = [ActionChange(title, key, score, score - before) for _, title, key, score, before in rows]
    direction = 1 if move.change > 0 else -1
    changes.sort(key=lambda change: (-direction * change.gained, change.title))
    least = TOLD_SHARE * max((abs(change.gained) for change in changes), default=0)
    told = [change for change in changes if abs(change.gained) >= least][:ACTIONS_TOLD]
    return replace(move, actions=tuple(told), others=len(changes) - len(told))
