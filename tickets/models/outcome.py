"""What came of tickets, by the points that Microsoft counts for their actions.

Nothing is done about it silently: tickets say so, lists filter by it, and a person decides. Secure Score needs 24 to
48 hours for most changes and up to a week for some (Microsoft, "Assess your security posture with Microsoft Secure
Score").
"""

from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

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

from scorecard.models import ControlScoreDay, ImprovementAction, ScoreDay
from scorecard.models.rounding import is_at_most, is_below, reaches
from tickets.models.choices import Delivery, NormalizedState, Outcome

if TYPE_CHECKING:
    from tickets.models.querysets import TicketQuerySet

SCORES_LAG = timedelta(days=7)
_COMPLETED = Q(action__is_scored=True, action__max_score__gt=0) & reaches(
    "action__score", "action__max_score"
)
_UNFINISHED = Q(action__is_scored=True) & is_below("action__score", "action__max_score")
_OPENED = Q(is_open=True, missing_since=None)
_REACHED = _OPENED & _COMPLETED
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
    return Q(delivery=Delivery.DELIVERED) & _REACHED


def points_lost() -> Q:
    """The ticket is open, and its action has points to gain."""
    return Q(is_open=True) & _UNFINISHED


def named(judged_until: datetime | None, tickets: QuerySet[Any]) -> Case:
    """Return the name of what came of each ticket, empty where nothing did."""
    text, verdicts = CharField(), _verdicts(judged_until)
    of_closed = Case(*(When(q, then=Value(name.value)) for name, q in verdicts.items()), output_field=text)
    # A database takes them in this order: all tickets of an action are looked at only where something is to be said.
    is_due = _CLOSED & _UNFINISHED & reduce(or_, verdicts.values()) & ~Q(Exists(_at_work(tickets)))
    return Case(
        When(points_reached(), then=Value(Outcome.POINTS_REACHED.value)),
        When(is_due, then=of_closed),
        default=Value(""),
        output_field=text,
    )


def only(wanted: Outcome, judged_until: datetime | None, tickets: "TicketQuerySet") -> "TicketQuerySet":
    """Return those of all tickets of which this came. Of what was closed for an action the last one alone is asked
    about: to hold every ticket against all others takes a database seconds.
    """
    if wanted == Outcome.POINTS_REACHED:
        return tickets.having({"delivery": Delivery.DELIVERED}, by_index=False).filter(_REACHED)
    verdicts = _verdicts(judged_until)
    if wanted not in verdicts:
        return tickets.none()
    found = tickets.filter(pk__in=_last_closed(tickets)).filter(verdicts[wanted])
    if wanted == Outcome.NOT_EFFECTIVE:
        found = found.exclude(verdicts[Outcome.REGRESSED])
    opened = _opened(tickets)
    # Most actions have nothing open, which one look at what is open tells of all.
    actions = opened.order_by().values(known=Coalesce("action_id", 0))
    return found.filter(~Q(action__in=actions) | ~Q(Exists(_others(opened).filter(_opened_again()))))


def _last_closed(tickets: "TicketQuerySet") -> QuerySet[Any, Any]:
    """Return the keys of the tickets that were closed last, for each action that has points to gain."""
    stored = {"delivery": Delivery.DELIVERED, "normalized_state": NormalizedState.CLOSED}
    # By these, SQLite would read all that ever was closed for each action.
    closed = tickets.having(stored, by_index=False).filter(is_open=False, action=OuterRef("pk"))
    last = closed.order_by(F("closed_at").desc(nulls_last=True), "-created_at").values("pk")[:1]
    unfinished = ImprovementAction.objects.filter(is_below("score", "max_score"), is_scored=True)
    return unfinished.order_by().values(last=Subquery(last))


def _verdicts(judged_until: datetime | None) -> dict[Outcome, Q]:
    """Return what else each outcome asks of a ticket that is closed while its action has points to gain; where a ticket
    meets two, the first counts.
    """
    found = {Outcome.REGRESSED: _had_all()}
    if judged_until is not None:
        found[Outcome.NOT_EFFECTIVE] = _is_counted(judged_until) & _not_moved()
    return found


def _at_work(tickets: QuerySet[Any]) -> QuerySet[Any]:
    """The tickets that deal with the same action: what is open, as far as anybody knows, and what was closed later."""
    later = Q(created_at__gt=OuterRef("created_at"))
    closed_later = Q(closed_at__gt=OuterRef("closed_at")) | Q(closed_at=OuterRef("closed_at")) & later
    opened = _OPENED & _opened_again()
    return _others(tickets).exclude(delivery=Delivery.UNLINKED).filter(opened | _CLOSED & closed_later)


def _others(tickets: QuerySet[Any]) -> QuerySet[Any]:
    return tickets.filter(action=OuterRef("action")).exclude(pk=OuterRef("pk"))


def _opened(tickets: QuerySet[Any]) -> QuerySet[Any]:
    return tickets.filter(_OPENED).exclude(delivery=Delivery.UNLINKED)


def _opened_again() -> Q:
    """An older one was opened again, unless its instance is history: of that nobody hears any more."""
    return Q(created_at__gt=OuterRef("created_at")) | Q(instance=OuterRef("instance"))


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
