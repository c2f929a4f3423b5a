"""What came of tickets, by the points that Microsoft counts for their actions.

Nothing is done about it silently: tickets say so, lists filter by it, and a person decides. Secure Score needs 24 to
48 hours for most changes and up to a week for some (Microsoft, "Assess your security posture with Microsoft Secure
Score").
"""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from scorecard.models import ScoreDay
from tickets.states import Delivery, Meaning, Outcome

SCORES_LAG = timedelta(days=7)
_COMPLETED = Q(action__is_scored=True, action__max_score__gt=0, action__score__gte=F("action__max_score"))
_HAD_ALL = Q(
    action__previous_score__isnull=False,
    action__max_score__gt=0,
    action__previous_score__gte=F("action__max_score"),
)
_UNFINISHED = Q(action__is_scored=True, action__score__lt=F("action__max_score"))
_NOT_MOVED = Q(score_when_closed=None) | Q(action__score__lte=F("score_when_closed"))
_CLOSED = Q(delivery=Delivery.DELIVERED, is_open=False, meaning=Meaning.CLOSED)


def judged_until(now: datetime) -> datetime | None:
    """Return the moment up to which the scores speak about what was done; None without any score."""
    calculated_at = ScoreDay.objects.values_list("calculated_at", flat=True).first()
    return min(now, calculated_at) - SCORES_LAG if calculated_at else None


def points_reached() -> Q:
    """The action has all its points, and its ticket is still open. Of a record that is gone nobody knows that."""
    return Q(is_open=True, delivery=Delivery.DELIVERED, missing_since=None) & _COMPLETED


def conditions(judged_until: datetime | None, tickets: QuerySet[Any]) -> dict[Outcome, Q]:
    """Return what each outcome means for one of the tickets; no ticket meets two."""
    later = tickets.filter(action=OuterRef("action"), created_at__gt=OuterRef("created_at"))
    # Whatever has a later ticket is being dealt with.
    last = _CLOSED & ~Q(Exists(later.exclude(delivery=Delivery.DISCARDED)))
    found = {Outcome.POINTS_REACHED: points_reached(), Outcome.REGRESSED: _UNFINISHED & _HAD_ALL & last}
    if judged_until is not None:
        unmoved = _UNFINISHED & ~_HAD_ALL & _NOT_MOVED & Q(closed_at__lte=judged_until)
        found[Outcome.NOT_EFFECTIVE] = unmoved & last
    return found
