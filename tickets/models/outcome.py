"""What came of tickets, by the points that Microsoft counts for their actions.

Nothing is done about it silently: tickets say so, lists filter by it, and a person decides. Secure Score needs 24 to
48 hours for most changes and up to a week for some (Microsoft, "Assess your security posture with Microsoft Secure
Score").
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import (
    Case,
    CharField,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, TruncDate

from scorecard.models import ControlScoreDay, ScoreDay
from scorecard.models.rounding import is_at_most, is_below, reaches
from tickets.models.choices import Delivery, NormalizedState, Outcome

SCORES_LAG = timedelta(days=7)
_COMPLETED = Q(action__is_scored=True, action__max_score__gt=0) & reaches(
    "action__score", "action__max_score"
)
_UNFINISHED = Q(action__is_scored=True) & is_below("action__score", "action__max_score")
_CLOSED = Q(delivery=Delivery.DELIVERED, is_open=False, normalized_state=NormalizedState.CLOSED)


def judged_until(now: datetime) -> datetime | None:
    """Return the moment up to which the scores speak about what was done; None without any score."""
    return judged_by(now, ScoreDay.objects.values_list("calculated_at", flat=True).first())


def scored_at() -> Subquery:
    """When the newest score was calculated, for a query of tickets to bring along."""
    return Subquery(ScoreDay.objects.values("calculated_at")[:1])


def judged_by(now: datetime, calculated_at: datetime | None) -> datetime | None:
    """Return the same where the newest score was calculated at that moment, or where there is none."""
    return min(now, calculated_at) - SCORES_LAG if calculated_at else None


def points_reached() -> Q:
    """The action has all its points, and its ticket is still open. Of a record that is gone nobody knows that."""
    return Q(is_open=True, delivery=Delivery.DELIVERED, missing_since=None) & _COMPLETED


def points_lost() -> Q:
    """The ticket is open, and its action has points to gain."""
    return Q(is_open=True) & _UNFINISHED


def conditions(judged_until: datetime | None, tickets: QuerySet[Any]) -> dict[Outcome, Q]:
    """Return what each outcome means for one of the tickets; no ticket meets two."""
    unfinished, had_all = _closed_unfinished(tickets), _had_all()
    found = {Outcome.POINTS_REACHED: points_reached(), Outcome.REGRESSED: unfinished & had_all}
    if judged_until is not None:
        found[Outcome.NOT_EFFECTIVE] = unfinished & ~had_all & _not_moved() & _is_counted(judged_until)
    return found


def named(judged_until: datetime | None, tickets: QuerySet[Any]) -> Case:
    """Return the name of what came of each ticket, empty where nothing did: `conditions`, each part asked once."""
    text = CharField()
    cases = [When(_had_all(), then=Value(Outcome.REGRESSED.value))]
    if judged_until is not None:
        is_counted = _not_moved() & _is_counted(judged_until)
        cases.append(When(is_counted, then=Value(Outcome.NOT_EFFECTIVE.value)))
    of_closed = Case(*cases, default=Value(""), output_field=text)
    return Case(
        When(points_reached(), then=Value(Outcome.POINTS_REACHED.value)),
        When(_closed_unfinished(tickets), then=of_closed),
        default=Value(""),
        output_field=text,
    )


def _closed_unfinished(tickets: QuerySet[Any]) -> Q:
    """It was closed, its action has points to gain, and no other ticket deals with that."""
    return _CLOSED & _UNFINISHED & ~Q(Exists(_at_work(tickets)))


def _at_work(tickets: QuerySet[Any]) -> QuerySet[Any]:
    """The tickets that deal with the same action: what is open, as far as anybody knows, and what was closed later."""
    others = tickets.filter(action=OuterRef("action")).exclude(pk=OuterRef("pk"))
    later = Q(created_at__gt=OuterRef("created_at"))
    # An older one was opened again, unless its instance is history: of that nobody hears any more.
    opened = Q(is_open=True, missing_since=None) & (later | Q(instance=OuterRef("instance")))
    closed_later = Q(closed_at__gt=OuterRef("closed_at")) | Q(closed_at=OuterRef("closed_at")) & later
    return others.exclude(delivery=Delivery.UNLINKED).filter(opened | _CLOSED & closed_later)


def _had_all() -> Q:
    """All points were counted when it was closed, or after that. A loss before is what it may have been made for."""
    since = _days().filter(reaches("score", OuterRef("action__max_score")), scored_on__gte=_day("closed_at"))
    return reaches("score_when_closed", "action__max_score") | Q(Exists(since))


def _not_moved() -> Q:
    """There are no more points than when it was closed, nor than when it was shared: work comes before closing.

    Where it is unknown how many there were then, only none at all is certainly no more.
    """
    shared = _days().filter(scored_on__lte=_day("created_at")).order_by("-scored_on").values("score")[:1]
    since_closed = is_at_most("action__score", Coalesce("score_when_closed", Value(0.0)))
    return since_closed & is_at_most("action__score", Coalesce(Subquery(shared), "action__score"))


def _is_counted(judged_until: datetime) -> Q:
    """Microsoft has had the time it needs, and has looked since: some products report once a month only."""
    synced = Q(action__last_synced_at=None) | Q(action__last_synced_at__gt=F("closed_at"))
    return Q(closed_at__lte=judged_until) & synced


def _days() -> QuerySet[ControlScoreDay]:
    return ControlScoreDay.objects.filter(action=OuterRef("action"))


def _day(moment: str) -> TruncDate:
    """The day of a ticket's moment as scores have it, in UTC."""
    return TruncDate(ExpressionWrapper(OuterRef(moment), DateTimeField()), tzinfo=UTC)
