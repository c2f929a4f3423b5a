"""The days on which the score moved most, each taken apart by what made it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from itertools import pairwise
from operator import attrgetter

from django.urls import reverse

from scorecard.attribution.parts import Kind, Part, explain
from scorecard.models.import_state import ImportState
from scorecard.models.rounding import has_reached
from scorecard.pages.day_actions import with_actions
from scorecard.pages.score_days import Day

# In percentage points: what many a day brings by itself is no news.
LEAST = 0.5
MOST = 3
# Of each part; the page of the two days has all.
ACTIONS_TOLD = 2
# Before and after an import.
_KEPT = 2


@dataclass(frozen=True, slots=True)
class MovedAction:
    """An action that moved the score, and by how many percentage points."""

    title: str
    control_id: str
    change: float


@dataclass(frozen=True, slots=True)
class MovePart:
    """What made a part of a move, in percentage points: the actions that made most of it, and so many `others`."""

    kind: Kind
    change: float
    actions: tuple[MovedAction, ...]
    others: int


@dataclass(frozen=True, slots=True)
class Move:
    """How the score went from one day to the next that has one, in per cent and of which maximum."""

    before: Day
    after: Day
    parts: tuple[MovePart, ...] = ()

    @property
    def url(self) -> str:
        """Address of the page that tells all about it, without the host."""
        return address(self.before.scored_on, self.after.scored_on)

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


def address(before: date, after: date) -> str:
    """Return the address of the page that says why the score moved between two days, without the host."""
    return f"{reverse('scorecard:why')}?from={before.isoformat()}&to={after.isoformat()}"


def greatest(days: Sequence[Day]) -> list[Move]:
    """Return the greatest moves, the newest first. `days` come oldest first."""
    known = [day for day in days if day.percentage is not None]
    moves = [Move(*pair) for pair in pairwise(known)]
    chosen = sorted((move for move in moves if abs(move.change) >= LEAST), key=lambda move: -abs(move.change))
    return sorted(chosen[:MOST], key=attrgetter("on"), reverse=True)


def explained(moves: Sequence[Move], state: ImportState, now: datetime) -> tuple[Move, ...]:
    """Say of each move what made it: a query where there are any and an import has begun since it was said last.

    Only imports write history, and each begins by saying when.
    """
    if state.started_at is None or state.is_under_way(now):
        return _explained(moves)
    return _kept(tuple(moves), state.started_at)


@lru_cache(maxsize=_KEPT)
def _kept(moves: tuple[Move, ...], begun_at: datetime | None) -> tuple[Move, ...]:
    return _explained(moves)


def _explained(moves: Sequence[Move]) -> tuple[Move, ...]:
    days = with_actions(day for move in moves for day in (move.before, move.after))
    return tuple(
        replace(
            move,
            parts=tuple(map(_told, explain(days[move.before.scored_on], days[move.after.scored_on]).parts)),
        )
        for move in moves
    )


def _told(part: Part) -> MovePart:
    most = part.actions[:ACTIONS_TOLD]
    return MovePart(
        kind=part.kind,
        change=float(part.change.percentage or 0),
        actions=tuple(
            MovedAction(one.action.title, one.action.control_id, float(one.change.percentage or 0))
            for one in most
        ),
        others=len(part.actions) - len(most),
    )
