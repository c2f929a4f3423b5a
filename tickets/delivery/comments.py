"""Comments into ServiceNow's journal, once each, whatever dies.

A journal only grows and has no key: a repeated PATCH writes the note again. So, as with tickets, the intent is stored
before the socket opens, whoever finds one reads the journal first, and an empty journal proves nothing until the
quarantine has passed and it was read twice.
"""

import logging
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from logging import INFO, WARNING
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts.models import AuditEntry, User
from connector.access.calling import calling
from connector.access.client_factory import Paused
from connector.budget import KEPT_FOR_PUSHES, allowed
from connector.clock import SHARED, Clock
from connector.models import Connection
from connector.servicenow.client import Client
from connector.servicenow.errors import ServiceNowError
from tickets.delivery import comment_lookup, quarantine, restore_guard, stopping
from tickets.delivery.lease import Claim
from tickets.delivery.push import TooLate, in_time
from tickets.delivery.result import Result, changes_after, result_of
from tickets.models import Ticket, TicketComment
from tickets.models.backoff import BACKOFF, AttemptResult
from tickets.models.comments import STUCK, CommentState, Element

logger = logging.getLogger(__name__)
Told = Callable[[], datetime]


def write(
    comment_id: UUID, ticket: Ticket, text: str, element: Element, *, by: User, now: datetime
) -> TicketComment:
    """Store a comment to be sent. The form carries the id: a second submit finds the first one's."""
    with transaction.atomic():
        comment, created = TicketComment.objects.get_or_create(
            pk=comment_id,
            defaults={
                "ticket": ticket,
                "text": text,
                "element": element,
                "author": by,
                "next_attempt_at": now,
            },
        )
        if created:
            AuditEntry.objects.record(
                actor=by, verb="ticket.commented", target=str(ticket.pk), element=element
            )
    return comment


def send_again(comment: TicketComment, *, by: User, now: datetime) -> bool:
    """Send what is stuck once more, because a person has looked for it. Returns False when it no longer is."""
    # From now on it is as if it had been written now; where the journal can be read, it is looked for all the same.
    anew = {"created_at": now, "next_attempt_at": now, "sent_at": None, "attempts": 0, "possible_refusal": ""}
    return _decide(comment, "ticket.comment_sent_again", by, state=CommentState.WAITING, **anew)


def give_up(comment: TicketComment, *, by: User) -> bool:
    """Leave what is stuck, or waits for an earlier instance, as it is. Returns False when it no longer does."""
    return _decide(comment, "ticket.comment_given_up", by, state=CommentState.DROPPED, next_attempt_at=None)


def _decide(comment: TicketComment, verb: str, by: User, **changes: Any) -> bool:
    left = (CommentState.WAITING,) if comment.ticket.is_archived else ()
    stuck = TicketComment.objects.filter(pk=comment.pk, state__in=(*STUCK, *left))
    with transaction.atomic():
        if not stuck.update(**changes, last_problem=""):
            return False
        AuditEntry.objects.record(
            actor=by,
            verb=verb,
            target=str(comment.ticket_id),
            element=comment.element,
            comment=str(comment.pk),
        )
    return True


def send_due(*, clock: Told = SHARED, limit: int = 50) -> int:
    """Send what is due, oldest first. Returns how many were tried."""
    connection = Connection.objects.working().first()
    if connection is None or not connection.instance.may_call(clock(), allowed(KEPT_FOR_PUSHES)):
        return 0
    due = TicketComment.objects.due(Clock.read(clock)).filter(ticket__instance=connection.instance)
    keys = list(due.order_by("created_at").values_list("pk", flat=True)[:limit])
    return sum(_send_one(connection, key, Clock.read(clock)) is not None for key in keys)


def _send_one(connection: Connection, key: UUID, clock: Clock) -> AttemptResult | None:
    """Send one comment if it is due, and say how this try ended; None when it was not ours to send."""
    comments = TicketComment.objects.select_related("ticket__instance", "author")
    claim: Claim[TicketComment] | None = None if stopping.is_asked() else Claim.take(comments, key, clock)
    if claim is None:
        return None
    sys.audit("tickets.delivery.comments.claimed", str(key))
    # The comment before it may have opened the breaker.
    connection.instance.refresh_from_db(fields=["circuit_open_until", "rate_limited_until"])
    try:
        with calling(connection, clock=clock) as client:
            return _write(claim, _deliver(claim, client, clock))
    except Paused:
        result = _put_back(claim.job, AttemptResult.PAUSED)
    except TooLate:
        result = _put_back(claim.job, AttemptResult.LATE)
    except ServiceNowError as error:
        result = _failed(claim, error, clock())
    return _write(claim, result)


def _write(claim: Claim[TicketComment], result: Result) -> AttemptResult:
    """Change the row and give up the hold, where it is still ours. Returns how the try ended."""
    is_ours = claim.let_go(result.state, **result.changes)
    attempt = result.attempt if is_ours else AttemptResult.LOST_CLAIM
    logger.log(
        WARNING if result.error else INFO, "comment %s: %s", claim.job.pk, result.error or attempt.value
    )
    return attempt


def _deliver(claim: Claim[TicketComment], client: Client, clock: Clock) -> Result:
    comment = claim.job
    if _may_be_there(comment, clock()):
        result = _look(comment, client, clock)
        if result is not None:
            return result
    sent_at = claim.begin_sending(CommentState.WAITING)
    if sent_at is None:
        return Result(AttemptResult.LOST_CLAIM, CommentState.WAITING)
    sys.audit("tickets.delivery.comments.intent_stored", str(comment.pk))
    check = in_time(sent_at, clock)
    ticket = comment.ticket
    try:
        client.update(ticket.kind, ticket.sys_id, {comment.element: comment.written}, check=check)
    finally:
        sys.audit("tickets.delivery.comments.answered", str(comment.pk))
    return _delivered(comment, AttemptResult.DELIVERED, clock())


def _look(comment: TicketComment, client: Client, clock: Clock) -> Result | None:
    """Look for what an earlier try may have added. None: it may be sent."""
    is_there, now = comment_lookup.is_there(comment, client), clock()
    sys.audit("tickets.delivery.comments.looked", str(comment.pk))
    if is_there:
        return _delivered(comment, AttemptResult.ADOPTED, now)
    if (left := quarantine.left(comment, clock)) > timedelta(0):
        again = now + (left if is_there is None else min(timedelta(seconds=10), left))
        return _put_back(comment, AttemptResult.NOT_FOUND_YET, next_attempt_at=again)
    if not _may_be_sent(comment, is_there=is_there):
        changes: dict[str, Any] = {"next_attempt_at": None}
        return Result(AttemptResult.UNVERIFIABLE, CommentState.UNCERTAIN, changes)
    if comment.sent_at and not quarantine.was_unseen(comment, clock):
        again = now + quarantine.LOOKS_APART
        unseen = {"unseen_at": clock.steady(), "next_attempt_at": again}
        return _put_back(comment, AttemptResult.NOT_FOUND_YET, **unseen)
    if comment.possible_refusal:
        changes = {"next_attempt_at": None, "sent_at": None, "last_problem": comment.possible_refusal}
        return Result(AttemptResult.DOUBTED, CommentState.REFUSED, changes)
    return None


def _delivered(comment: TicketComment, attempt: AttemptResult, now: datetime) -> Result:
    changes = {"record_sys_id": comment.ticket.sys_id, "delivered_at": now, "last_problem": ""}
    return Result(attempt, CommentState.DELIVERED, changes)


def _put_back(comment: TicketComment, attempt: AttemptResult, **changes: Any) -> Result:
    """Nothing was sent on this try's intent; an earlier one's is as unknown as it was."""
    return Result(attempt, CommentState.WAITING, comment.intent_as_read() | changes)


def _may_be_there(comment: TicketComment, now: datetime) -> bool:
    # The portal's own is made anew after a backup was restored that is older than it.
    return comment.author is None or restore_guard.may_be_there(comment, now)


def _may_be_sent(comment: TicketComment, *, is_there: bool | None) -> bool:
    """Whether a comment that was not found may be sent: `is_there` is None where it could not be looked for."""
    if comment.sent_at is None:
        return is_there is False or restore_guard.is_of_this_process(comment.created_at)
    return is_there is False and comment.attempts <= len(BACKOFF)


def _failed(claim: Claim[TicketComment], error: ServiceNowError, now: datetime) -> Result:
    """A call ended badly: it is tried again as `changes_after` says, or left to a person."""
    comment, sending = claim.job, claim.is_sending
    attempt = result_of(error, sending=sending)
    changes = changes_after(error, comment, now, sending=sending)
    if changes["next_attempt_at"] is None and attempt == AttemptResult.OUTCOME_UNKNOWN:
        # It was tried too often to be sent once more, not to be found.
        changes["next_attempt_at"] = now + timedelta(seconds=settings.PUSH_QUARANTINE)
    stopped = CommentState.REFUSED if sending else CommentState.UNCERTAIN
    state = CommentState.WAITING if changes["next_attempt_at"] else stopped
    return Result(attempt, state, changes, error=error)
