"""Days with their actions, as `scorecard.attribution` takes changes apart."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import QuerySet

from accounts.written_query import WrittenQuery
from scorecard.attribution import parts
from scorecard.models import ControlScoreDay
from scorecard.pages.score_days import Day

# The two days of each move that the overview tells.
MOST_DAYS = 6
_NAMES = [f"day_{number}" for number in range(MOST_DAYS)]
_COLUMNS = (
    "action_id",
    "action__control_id",
    "action__title",
    "score",
    "max_score",
    "category",
    "state",
    "state_since",
    "state_before",
    "profile_read_on",
)


def with_actions(days: Iterable[Day]) -> dict[date, parts.Day]:
    """Return at most `MOST_DAYS` days with what is stored of their actions. One query where there are days."""
    known = {day.scored_on: day for day in days}
    actions: dict[date, dict[int, parts.ActionOnDay]] = {on: {} for on in known}
    if known:
        # Written for so many days: where there are fewer, the last is asked for again.
        asked = [*known, *[max(known)] * (MOST_DAYS - len(known))]
        for scored_on, *columns in _ACTIONS.rows(**dict(zip(_NAMES, asked, strict=True))):
            actions[scored_on][columns[0]] = parts.ActionOnDay._make(columns)
    return {
        on: parts.Day(
            scored_on=on,
            calculated_at=day.calculated_at,
            points=day.current_score,
            maximum=day.max_score,
            actions=actions[on],
            is_whole=not day.unread_controls,
        )
        for on, day in known.items()
    }


def _of_days(**days: date) -> QuerySet[ControlScoreDay, Any]:
    rows = ControlScoreDay.objects.filter(scored_on__in=list(days.values())).order_by()
    return rows.values_list("scored_on", *_COLUMNS)


_ACTIONS = WrittenQuery(_of_days, **dict.fromkeys(_NAMES, date))
