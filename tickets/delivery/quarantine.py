"""How long an open intent still stands in the way of a second sending.

It counts by the clock that nobody can set, and not by what another process or an earlier life of this one has counted:
after a start, and whenever this process sees that its clock was set, the full time counts anew for every open job.
"""

import logging
from datetime import datetime, timedelta

from django.conf import settings

from connector.clock import Clock, watch
from tickets.models import Ticket, TicketComment
from tickets.models.choices import Delivery
from tickets.models.comments import CommentState
from tickets.models.outbound_job import OutboundJob

logger = logging.getLogger(__name__)
# Two look-ups after the quarantine come before a second sending, at least so far apart: a row that one read leaves out
# (a replica that is behind, an index being built) is there for the next.
LOOKS_APART = timedelta(seconds=5)


def left(job: OutboundJob, clock: Clock) -> timedelta:
    """Return how long to wait before it may be sent again; zero or less: no longer."""
    return max(_left_of_its_own(job, clock), _left_anew(clock)) if job.sent_at else timedelta(0)


def counts_anew(job: OutboundJob, clock: Clock) -> bool:
    """Whether more is left than its own age asks for: this process began, or its clock was set, since it was sent."""
    return _left_anew(clock) > max(_left_of_its_own(job, clock), timedelta(0))


def was_unseen(job: OutboundJob, clock: Clock) -> bool:
    """Whether a look-up since the last sending found nothing, long enough ago for another."""
    return job.unseen_at is not None and clock.steady() >= job.unseen_at + LOOKS_APART


def _left_of_its_own(job: OutboundJob, clock: Clock) -> timedelta:
    if job.sent_at is None:
        return timedelta(0)
    age = clock.steady() - job.intent_at if job.intent_at else clock() - job.sent_at
    # One from the future was counted by a clock that was set since, or by another machine's.
    return timedelta(0) if age < timedelta(0) else _whole() - age


def _left_anew(clock: Clock) -> timedelta:
    return _whole() - timedelta(seconds=watch.trusted_for(clock.boot()))


def _whole() -> timedelta:
    return timedelta(seconds=settings.PUSH_QUARANTINE)


def _tell(difference: float, now: datetime) -> None:
    """Say that the clock was set. Where it was put back, nothing waits for a moment that is far ahead now."""
    tickets = Ticket.objects.filter(sent_at__isnull=False).undelivered().count()
    comments = TicketComment.objects.filter(sent_at__isnull=False, state=CommentState.WAITING).count()
    logger.warning(
        "The clock was set by %+.0f s. The quarantine counts anew for %d tickets and %d notes that were sent without"
        " an answer.",
        difference,
        tickets,
        comments,
    )
    if difference < 0:
        ahead = {"next_attempt_at__gt": now}
        Ticket.objects.filter(delivery=Delivery.WAITING, **ahead).update(next_attempt_at=now)
        TicketComment.objects.filter(state=CommentState.WAITING, **ahead).update(next_attempt_at=now)


watch.listeners.append(_tell)
