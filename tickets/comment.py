"""Comments into ServiceNow's journal, once each, whatever dies.

A journal only grows and has no key: a repeated PATCH writes the note again. So, as with tickets, the intent is stored
before the socket opens, whoever finds one reads the journal first, and an empty journal proves nothing until the
quarantine has passed.
"""

import logging
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import AuditEntry, User
from connector.budget import KEPT_FOR_PUSHES, allowed
from connector.models import Connection, Instance
from connector.servicenow.client import Client
from connector.servicenow.errors import RateLimited, ServiceNowError
from connector.sessions import Paused, open_client
from tickets import journal
from tickets.claim import lease
from tickets.fresh import is_fresh
from tickets.models import Ticket, TicketComment
from tickets.notes import CommentState, Element
from tickets.push import TooLate, in_time
from tickets.retry import next_try_at
from tickets.settle import ending_of

logger = logging.getLogger(__name__)
Clock = Callable[[], datetime]


def write(
    comment_id: UUID, ticket: Ticket, text: str, element: Element, *, by: User, now: datetime
) -> TicketComment:
    """Store a comment to be sent. The form carries the id: a second submit finds the first one's."""
    with transaction.atomic():
        comment, created = TicketComment.objects.get_or_create(
            pk=comment_id,
            defaults={"ticket": ticket, "text": text, "element": element, "author": by, "next_try_at": now},
        )
        if created:
            AuditEntry.objects.record(
                actor=by, verb="ticket.commented", target=str(ticket.pk), element=element
            )
    return comment


def send_due(*, clock: Clock = timezone.now, limit: int = 50) -> int:
    """Send what is due, oldest first. Returns how many were tried."""
    connection = Connection.objects.working().first()
    if connection is None or connection.instance.is_broken(clock()):
        return 0
    if not connection.instance.calls_left(clock(), allowed(KEPT_FOR_PUSHES)):
        return 0
    due = TicketComment.objects.due(clock()).filter(ticket__instance=connection.instance)
    keys = list(due.order_by("created_at").values_list("pk", flat=True)[:limit])
    return sum(_send_one(connection, key, clock) for key in keys)


def _send_one(connection: Connection, key: UUID, clock: Clock) -> bool:
    token, now = uuid.uuid4(), clock()
    free = TicketComment.objects.due(now).filter(pk=key)
    if not free.update(claim_token=token, claimed_until=now + lease()):
        return False
    comment = TicketComment.objects.select_related("ticket__instance", "author").get(pk=key)
    earlier = comment.sent_at
    instance = Instance.objects.filter(pk=connection.instance_id)
    # The comment before it may have opened the breaker.
    connection.instance.refresh_from_db(fields=["broken_until"])
    try:
        _deliver(comment, token, open_client(connection, now=now), clock)
        instance.record_success(clock())
    except (Paused, TooLate):
        # Nothing was sent on this try's intent; an earlier one's is as unknown as it was.
        comment.settle(token, sent_at=earlier)
    except ServiceNowError as error:
        instance.record_failure(clock(), error)
        _failed(comment, token, error, clock(), sending=comment.sent_at != earlier)
    return True


def _deliver(comment: TicketComment, token: UUID, client: Client, clock: Clock) -> None:
    ticket = comment.ticket
    if comment.sent_at is not None or not is_fresh(comment.created_at, clock()):
        [page] = client.lists([journal.listing([ticket.sys_id], optional=False)])
        journal.store({ticket.sys_id: ticket}, page.records)
        if journal.recognise(comment):
            comment.settle(token, state=CommentState.DELIVERED, delivered_at=clock(), last_problem="")
            return
    if comment.sent_at is not None:
        may_arrive_until = comment.sent_at + timedelta(seconds=settings.PUSH_QUARANTINE)
        if clock() < may_arrive_until:
            comment.settle(token, next_try_at=min(clock() + timedelta(seconds=10), may_arrive_until))
            return
    comment.sent_at = clock()
    if not TicketComment.objects.filter(pk=comment.pk, claim_token=token).update(sent_at=comment.sent_at):
        return
    check = in_time(comment.sent_at, clock)
    client.update(ticket.kind, ticket.sys_id, {comment.element: comment.written}, check=check)
    comment.settle(token, state=CommentState.DELIVERED, delivered_at=clock(), last_problem="")


def _failed(
    comment: TicketComment, token: UUID, error: ServiceNowError, now: datetime, *, sending: bool
) -> None:
    """Settle a call that ended badly. While sending, a definite no clears the intent; everything else keeps it."""
    attempts = comment.attempts + (sending and error.outcome_unknown)
    retry_after = error.retry_after if isinstance(error, RateLimited) else None
    ending = ending_of(error, sending=sending)
    again = next_try_at(ending, attempts=attempts, now=now, jitter=0.5, retry_after=retry_after)
    comment.settle(
        token,
        state=CommentState.WAITING if again else CommentState.REFUSED,
        attempts=attempts,
        next_try_at=again,
        sent_at=None if sending and not error.outcome_unknown else comment.sent_at,
        last_problem=error.detail,
    )
    logger.warning("comment %s: %s", comment.pk, error)
