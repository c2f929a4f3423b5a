"""Days with their actions, as `scorecard.attribution` takes changes apart."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import Count, F, Max, Min, Q, QuerySet, Subquery, Value

from accounts.written_query import WrittenQuery
from scorecard.attribution import parts
from scorecard.models import ControlScoreDay
from scorecard.pages.score_days import Day

# The two days of each move that the overview tells.
MOST_DAYS = 6
_NAMES = [f"day_{number}" for number in range(MOST_DAYS)]
_COMPARED = ("score", "max_score", "category")
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


def with_actions(days: Iterable[Day], *, differing: bool = False) -> dict[date, parts.Day]:
    """Return at most `MOST_DAYS` days with what is stored of their actions, or only of those that are not alike on all
    of the days, and of one more. One query where there are days.
    """
    known = {day.scored_on: day for day in days}
    actions: dict[date, dict[int, parts.ActionOnDay]] = {on: {} for on in known}
    if known:
        # Written for so many days: where there are fewer, the last is asked for again.
        asked = [*known, *[max(known)] * (MOST_DAYS - len(known))]
        query = _DIFFERING if differing else _ACTIONS
        for scored_on, *columns in query.rows(**dict(zip(_NAMES, asked, strict=True))):
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


def _differing_of_days(**days: date) -> QuerySet[ControlScoreDay, Any]:
    """Those rows whose action differs among the days: a database finds them sooner than they are read."""
    rows = ControlScoreDay.objects.filter(scored_on__in=list(days.values())).order_by()
    stored = rows.values(none=Value(0)).annotate(days=Count("scored_on", distinct=True)).values("days")
    compared = rows.values("action").annotate(
        **{f"least_{column}": Min(column) for column in _COMPARED},
        **{f"most_{column}": Max(column) for column in _COMPARED},
        days=Count("pk"),
        known=Count("max_score"),
    )
    differs = Q(days__lt=Subquery(stored)) | Q(known__gt=0, known__lt=F("days"))
    for column in _COMPARED:
        differs |= Q(**{f"least_{column}__lt": F(f"most_{column}")})
    # A day that has no action tells nothing: one stays in any case.
    first = rows.values("scored_on").annotate(first=Min("action")).values("first")
    shown = rows.filter(Q(action__in=compared.filter(differs).values("action")) | Q(action__in=first))
    return shown.values_list("scored_on", *_COLUMNS)


_ACTIONS = WrittenQuery(_of_days, **dict.fromkeys(_NAMES, date))
_DIFFERING = WrittenQuery(_differing_of_days, **dict.fromkeys(_NAMES, date))
