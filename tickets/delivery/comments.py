"""Comments into ServiceNow's journal, once each, whatever dies.

A journal only grows and has no key: a repeated PATCH writes the note again. So, as with tickets, the intent is stored
before the socket opens, whoever finds one reads the journal first, and an empty journal proves nothing until the
quarantine has passed and it was read twice.
"""

import logging
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts.models import AuditEntry, User
from connector.access.client_factory import Paused, open_client
from connector.budget import KEPT_FOR_PUSHES, allowed
from connector.clock import SHARED, Clock
from connector.models import Connection, Instance
from connector.servicenow.client import Client
from connector.servicenow.errors import RateLimited, ServiceNowError, Unreachable
from tickets.delivery import comment_lookup, quarantine, stopping
from tickets.delivery.lease import lease
from tickets.delivery.push import TooLate, in_time
from tickets.delivery.restore_guard import is_fresh, is_of_this_process
from tickets.delivery.results import result_of
from tickets.models import Ticket, TicketComment
from tickets.models.backoff import BACKOFF, SPENDS_AN_ATTEMPT, next_attempt_at
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
    due = TicketComment.objects.due(Clock.read(clock), lease()).filter(ticket__instance=connection.instance)
    keys = list(due.order_by("created_at").values_list("pk", flat=True)[:limit])
    return sum(_send_one(connection, key, Clock.read(clock)) for key in keys)


def _send_one(connection: Connection, key: UUID, clock: Clock) -> bool:
    token, now = uuid.uuid4(), clock()
    free = TicketComment.objects.due(clock, lease()).filter(pk=key)
    if stopping.is_asked() or not free.update(claim_token=token, claimed_until=clock.steady() + lease()):
        return False
    comment = TicketComment.objects.select_related("ticket__instance", "author").get(pk=key)
    earlier = {name: getattr(comment, name) for name in ("sent_at", "intent_at", "first_sent_at")}
    instance = Instance.objects.filter(pk=connection.instance_id)
    # The comment before it may have opened the breaker.
    connection.instance.refresh_from_db(fields=["circuit_open_until", "rate_limited_until"])
    try:
        _deliver(comment, token, open_client(connection, now=now), clock)
        instance.record_success(clock())
    except (Paused, TooLate):
        # Nothing was sent on this try's intent; an earlier one's is as unknown as it was.
        comment.settle(token, **earlier)
    except ServiceNowError as error:
        instance.record_failure(clock(), error)
        if isinstance(error, Unreachable):
            for name, value in earlier.items():
                setattr(comment, name, value)
        _failed(comment, token, error, clock(), sending=comment.sent_at != earlier["sent_at"])
    return True


def _deliver(comment: TicketComment, token: UUID, client: Client, clock: Clock) -> None:
    if _may_be_there(comment, clock()) and not _looked_for(comment, token, client, clock):
        return
    comment.sent_at, comment.intent_at = clock(), clock.steady()
    comment.first_sent_at = comment.first_sent_at or comment.sent_at
    intent = {
        "sent_at": comment.sent_at,
        "intent_at": comment.intent_at,
        "first_sent_at": comment.first_sent_at,
        "unseen_at": None,
    }
    held = TicketComment.objects.filter(pk=comment.pk, claim_token=token)
    if not held.update(**intent, possible_refusal=""):
        return
    check = in_time(comment.sent_at, clock)
    ticket = comment.ticket
    client.update(ticket.kind, ticket.sys_id, {comment.element: comment.written}, check=check)
    _delivered(comment, token, clock())


def _looked_for(comment: TicketComment, token: UUID, client: Client, clock: Clock) -> bool:
    """Whether a comment that may be there already was looked for and is to be sent; where not, it is settled."""
    is_there, now = comment_lookup.is_there(comment, client), clock()
    if is_there:
        _delivered(comment, token, now)
    elif (left := quarantine.left(comment, clock)) > timedelta(0):
        again = now + (left if is_there is None else min(timedelta(seconds=10), left))
        comment.settle(token, next_attempt_at=again)
    elif not _may_be_sent(comment, is_there=is_there):
        comment.settle(token, state=CommentState.UNCERTAIN, next_attempt_at=None)
    elif comment.sent_at and not quarantine.was_unseen(comment, clock):
        comment.settle(token, unseen_at=clock.steady(), next_attempt_at=now + quarantine.LOOKS_APART)
    elif comment.possible_refusal:
        said = comment.possible_refusal
        comment.settle(
            token, state=CommentState.REFUSED, next_attempt_at=None, sent_at=None, last_problem=said
        )
    else:
        return True
    return False


def _delivered(comment: TicketComment, token: UUID, now: datetime) -> None:
    done = {"state": CommentState.DELIVERED, "record_sys_id": comment.ticket.sys_id, "last_problem": ""}
    comment.settle(token, delivered_at=now, **done)


def _may_be_there(comment: TicketComment, now: datetime) -> bool:
    # The portal's own is made anew after a backup was restored that is older than it.
    was_sent = comment.sent_at is not None or comment.first_sent_at is not None
    return was_sent or comment.author is None or not is_fresh(comment.created_at, now)


def _may_be_sent(comment: TicketComment, *, is_there: bool | None) -> bool:
    """Whether a comment that was not found may be sent: `is_there` is None where it could not be looked for."""
    if comment.sent_at is None:
        return is_there is False or is_of_this_process(comment.created_at)
    return is_there is False and comment.attempts <= len(BACKOFF)


def _quarantine() -> timedelta:
    return timedelta(seconds=settings.PUSH_QUARANTINE)


def _failed(
    comment: TicketComment, token: UUID, error: ServiceNowError, now: datetime, *, sending: bool
) -> None:
    """Settle a call that ended badly. While sending, a certain no clears the intent; everything else keeps it."""
    is_unknown = sending and error.outcome_unknown
    result = result_of(error, sending=sending)
    attempts = comment.attempts + (result in SPENDS_AN_ATTEMPT)
    retry_after = error.retry_after if isinstance(error, RateLimited) else None
    again = next_attempt_at(result, attempts=attempts, now=now, jitter=0.5, retry_after=retry_after)
    if again is None and is_unknown:
        # It was tried too often to be sent once more, not to be found.
        again = now + _quarantine()
    stopped = CommentState.REFUSED if sending else CommentState.UNCERTAIN
    comment.settle(
        token,
        state=CommentState.WAITING if again else stopped,
        attempts=attempts,
        next_attempt_at=again,
        sent_at=None if sending and not is_unknown else comment.sent_at,
        intent_at=comment.intent_at,
        first_sent_at=comment.first_sent_at,
        possible_refusal=error.detail if sending and error.may_be_a_no else comment.possible_refusal,
        last_problem=error.detail,
    )
    logger.warning("comment %s: %s", comment.pk, error)
