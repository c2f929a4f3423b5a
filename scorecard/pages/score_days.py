"""The score of the days that pages show, as bare columns: a home page reads ninety of them every few seconds."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol

from django.db.models import QuerySet

from accounts.written_query import WrittenQuery
from scorecard.models import HISTORY, ScoreDay
from scorecard.models.rounding import share


class Day(Protocol):
    """A day and its score: bare columns, or a row of the model."""

    @property
    def scored_on(self) -> date: ...

    @property
    def calculated_at(self) -> datetime: ...

    @property
    def current_score(self) -> float: ...

    @property
    def max_score(self) -> float: ...

    @property
    def unread_controls(self) -> int: ...

    @property
    def percentage(self) -> float | None: ...


class DayColumns(NamedTuple):
    """What pages show of a `ScoreDay`."""

    scored_on: date
    calculated_at: datetime
    current_score: float
    max_score: float
    unread_controls: int

    @property
    def percentage(self) -> float | None:
        """Points achieved in per cent of the maximum, at most 100, or None where that cannot be said."""
        return share(self.current_score, self.max_score)


def score_days() -> Sequence[DayColumns]:
    """Return Microsoft's 90 days up to the newest, the oldest first. One query."""
    days = [DayColumns._make(row) for row in reversed(_DAYS.rows())]
    return [day for day in days if day.scored_on > days[-1].scored_on - HISTORY]


def newest_day() -> DayColumns | None:
    """Return the newest day that is stored. One query."""
    row = ScoreDay.objects.order_by("-scored_on").values_list(*DayColumns._fields).first()
    return DayColumns._make(row) if row else None


def _days() -> QuerySet[ScoreDay, Any]:
    return ScoreDay.objects.order_by("-scored_on").values_list(*DayColumns._fields)[: HISTORY.days]


_DAYS = WrittenQuery(_days)
