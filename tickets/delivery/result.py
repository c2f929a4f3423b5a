"""How a try to send a job ends: what becomes of its row, and the one place where a ticket's result is written."""

import logging
import random
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connector.db_writes import in_one
from connector.servicenow.errors import (
    NotAuthenticated,
    RateLimited,
    ServiceNowError,
    TokenRefused,
    Unreachable,
)
from tickets.delivery.lease import Claim
from tickets.models import PushAttempt, Ticket, TicketEvent
from tickets.models.backoff import SPENDS_AN_ATTEMPT, AttemptResult, next_attempt_at
from tickets.models.outbound_job import OutboundJob

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Result:
    """How a try ended: `state` and `changes` are what becomes of the job's row, `event` and `detail` what a ticket's
    history says of it, and `error` is what ServiceNow said, for the list of attempts.
    """

    attempt: AttemptResult
    state: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    event: TicketEvent.Type | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    error: ServiceNowError | None = None


def write(claim: Claim[Ticket], result: Result, now: datetime) -> AttemptResult:
    """Move the ticket on, let go of it and tell its story, in one transaction. Returns how the try ended, which is a
    lost claim where the ticket is no longer ours: then only that is told.
    """
    ticket, attempt, error = claim.job, result.attempt, result.error
    with in_one():
        if not claim.let_go(result.state, last_result=attempt, **result.changes):
            attempt = AttemptResult.LOST_CLAIM
        elif result.event is not None:
            TicketEvent.objects.create(ticket=ticket, at=now, type=result.event, detail=dict(result.detail))
        PushAttempt.objects.create(
            ticket=ticket,
            started_at=claim.started_at,
            ended_at=now,
            result=attempt,
            status=error.status if error else None,
            detail=error.detail if error else "",
            transaction_id=(error.transaction_id or "") if error else "",
        )
        sys.audit("tickets.delivery.result.told", ticket.correlation_id)
    logger.info("ticket %s: %s", ticket.pk, attempt.value)
    return attempt


def result_of(error: ServiceNowError, *, sending: bool) -> AttemptResult:
    """Translate an error into the result of a try, by what may be done next."""
    if isinstance(error, RateLimited):
        return AttemptResult.RATE_LIMITED
    if isinstance(error, NotAuthenticated | TokenRefused):
        return AttemptResult.PAUSED
    if error.outcome_unknown and sending:
        return AttemptResult.OUTCOME_UNKNOWN
    if not error.retryable:
        return AttemptResult.REFUSED
    return AttemptResult.UNREACHABLE


def changes_after(
    error: ServiceNowError, job: OutboundJob, now: datetime, *, sending: bool
) -> dict[str, Any]:
    """Return what a call that ended badly changes of a job, its `next_attempt_at` among it: None where a person must
    look.

    While looking up, nothing was sent and what is known of an earlier send stays. While sending, a definite no
    clears the intent, and an answer that cannot be trusted keeps it, with what it said if that may have been a no.
    """
    attempt = result_of(error, sending=sending)
    attempts = job.attempts + (attempt in SPENDS_AN_ATTEMPT)
    retry_after = error.retry_after if isinstance(error, RateLimited) else None
    again = next_attempt_at(attempt, attempts=attempts, now=now, jitter=jitter(), retry_after=retry_after)
    changes: dict[str, Any] = {
        "last_problem": error.detail,
        "attempts": attempts,
        "next_attempt_at": again,
    }
    if sending and isinstance(error, Unreachable):
        changes |= job.intent_as_read()
    elif sending and not error.outcome_unknown:
        changes["sent_at"] = None
    elif sending and error.may_be_a_no:
        changes["possible_refusal"] = error.detail
    return changes


def jitter() -> float:
    """Return a number in [0, 1) that spreads what failed together."""
    return random.random()  # noqa: S311  It spreads load; nothing depends on its being unguessable.
