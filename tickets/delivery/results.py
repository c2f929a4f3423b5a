"""How a try at delivery ends: the ticket moves on, and the story is told, in one transaction."""

import random
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from connector.db_writes import in_one
from connector.servicenow.errors import (
    NotAuthenticated,
    RateLimited,
    ServiceNowError,
    TokenRefused,
    Unreachable,
)
from connector.servicenow.records import Record
from tickets.delivery.lease import Claim
from tickets.delivery.quarantine import LOOKS_APART
from tickets.models import PushAttempt, TicketEvent
from tickets.models.backoff import SPENDS_AN_ATTEMPT, AttemptResult, next_attempt_at
from tickets.models.choices import Delivery, Kind
from tickets.records import payload
from tickets.tracking import mirror

SOONEST_LOOK = timedelta(seconds=3)


def delivered(
    claim: Claim, record: Record, result: AttemptResult, now: datetime, sent: Mapping[str, str]
) -> AttemptResult:
    """Link the ticket to its record and list every field that ServiceNow did not keep."""
    ticket = claim.ticket
    named = mirror.normalized_states(ticket.instance, Kind(ticket.kind))
    changes = mirror.columns(ticket, record, now, named)
    changes["dropped_fields"] = payload.dropped_fields(sent, record.values)
    changes["delivered_at"] = now
    with in_one():
        if not claim.let_go(
            Delivery.DELIVERED, last_result=result, last_problem="", next_attempt_at=None, **changes
        ):
            return record_attempt(claim, AttemptResult.LOST_CLAIM, now)
        _event(claim, TicketEvent.Type(result.value), now, number=record.number)
        return record_attempt(claim, result, now)


def conflict(claim: Claim, records: list[Record], now: datetime) -> AttemptResult:
    """Two records carry our key: only a person can say which one counts."""
    numbers = [record.number for record in records]
    with in_one():
        if not claim.let_go(
            Delivery.CONFLICT, last_result=AttemptResult.CONFLICT, last_problem=", ".join(numbers)
        ):
            return record_attempt(claim, AttemptResult.LOST_CLAIM, now)
        _event(claim, TicketEvent.Type.CONFLICT, now, numbers=numbers)
        return record_attempt(claim, AttemptResult.CONFLICT, now)


def not_found_yet(
    claim: Claim, now: datetime, left: timedelta, *, counts_anew: bool = False
) -> AttemptResult:
    """Look again, ever more rarely, until the quarantine ends; only then may anything be sent."""
    result = AttemptResult.COUNTS_ANEW if counts_anew else AttemptResult.NOT_FOUND_YET
    soon = now + max(SOONEST_LOOK, (now - (claim.ticket.sent_at or now)) / 2)
    return release(claim, result, now, next_try=min(soon, now + left))


def unseen(claim: Claim, now: datetime) -> AttemptResult:
    """The first look-up after the quarantine found nothing: look once more before anything is sent."""
    claim.ticket.unseen_at = claim.clock.steady()
    return release(claim, AttemptResult.NOT_FOUND_YET, now, next_try=now + LOOKS_APART)


def release(
    claim: Claim, result: AttemptResult, now: datetime, *, next_try: datetime | None = None
) -> AttemptResult:
    """Put the ticket back, certain that this try sent nothing. Spends no attempt."""
    again = next_try or next_attempt_at(result, attempts=claim.ticket.attempts, now=now, jitter=_jitter())
    before = _as_before(claim)
    with in_one():
        if not claim.let_go(Delivery.WAITING, last_result=result, next_attempt_at=again, **before):
            return record_attempt(claim, AttemptResult.LOST_CLAIM, now)
        return record_attempt(claim, result, now)


def _as_before(claim: Claim) -> dict[str, Any]:
    """What an earlier attempt may have sent is as unknown as it was; this try's own intent is taken back."""
    names = ("sent_at", "intent_at", "first_sent_at", "unseen_at", "possible_refusal", "allow_duplicate")
    return {name: getattr(claim.ticket, name) for name in names}


def failed(claim: Claim, error: ServiceNowError, now: datetime) -> AttemptResult:
    """Settle a call that ended badly.

    While looking up, nothing was sent and what is known of an earlier send stays. While sending, a definite no
    clears the intent, and an answer that cannot be trusted keeps it, with what it said if that may have been a no.
    """
    sending = claim.stage == Delivery.SENT
    result = result_of(error, sending=sending)
    ticket = claim.ticket
    ticket.attempts += result in SPENDS_AN_ATTEMPT
    retry_after = error.retry_after if isinstance(error, RateLimited) else None
    again = next_attempt_at(
        result, attempts=ticket.attempts, now=now, jitter=_jitter(), retry_after=retry_after
    )
    changes = {
        "last_result": result,
        "last_problem": error.detail,
        "attempts": ticket.attempts,
        "next_attempt_at": again,
    }
    if sending and isinstance(error, Unreachable):
        changes |= _as_before(claim)
    elif sending and not error.outcome_unknown:
        changes |= {"sent_at": None, "allow_duplicate": ticket.allow_duplicate}
    elif sending and error.may_be_a_no:
        changes["possible_refusal"] = error.detail
    with in_one():
        if not claim.let_go(Delivery.WAITING if again else Delivery.ATTENTION, **changes):
            return record_attempt(claim, AttemptResult.LOST_CLAIM, now, error)
        if again is None:
            _event(claim, TicketEvent.Type.ATTENTION, now, problem=error.detail)
        return record_attempt(claim, result, now, error)


def stranger(claim: Claim, record: Record, now: datetime) -> AttemptResult:
    """ServiceNow answered a create with a record that carries none of our keys: it could never be found again."""
    return _ask_a_person(claim, AttemptResult.UNMATCHED_RECORD, record.number or record.sys_id, now)


def unverifiable(claim: Claim, now: datetime) -> AttemptResult:
    """An earlier send was not answered, and its record could not be found if there were one."""
    return _ask_a_person(claim, AttemptResult.UNVERIFIABLE, claim.ticket.last_problem, now)


def doubted(claim: Claim, now: datetime) -> AttemptResult:
    """What was sent is not there, and the answer to it may have been a refusal: sending it again would end likewise."""
    return _ask_a_person(claim, AttemptResult.DOUBTED, claim.ticket.possible_refusal, now)


def other_kind(claim: Claim, record: Record, now: datetime) -> AttemptResult:
    """The ticket was another kind's when it was sent: a person sets that right, and the record is adopted then."""
    # Nothing of its own kind is there, nor on its way: the kind may be edited.
    return _ask_a_person(claim, AttemptResult.OTHER_KIND, record.number or record.sys_id, now, sent_at=None)


def unproven(claim: Claim, template: str, now: datetime) -> AttemptResult:
    """Nothing is sent with a standard change template that was seen not to keep our key."""
    return _ask_a_person(claim, AttemptResult.UNPROVEN, template, now)


def _ask_a_person(
    claim: Claim, result: AttemptResult, problem: str, now: datetime, **changes: Any
) -> AttemptResult:
    with in_one():
        if not claim.let_go(Delivery.ATTENTION, last_result=result, last_problem=problem, **changes):
            return record_attempt(claim, AttemptResult.LOST_CLAIM, now)
        _event(claim, TicketEvent.Type.ATTENTION, now, problem=problem)
        return record_attempt(claim, result, now)


def result_of(error: ServiceNowError, *, sending: bool) -> AttemptResult:
    """Translate an error into an ending, by what may be done next."""
    if isinstance(error, RateLimited):
        return AttemptResult.RATE_LIMITED
    if isinstance(error, NotAuthenticated | TokenRefused):
        return AttemptResult.PAUSED
    if error.outcome_unknown and sending:
        return AttemptResult.OUTCOME_UNKNOWN
    if not error.retryable:
        return AttemptResult.REFUSED
    return AttemptResult.UNREACHABLE


def record_attempt(
    claim: Claim, result: AttemptResult, now: datetime, error: ServiceNowError | None = None
) -> AttemptResult:
    """Add one line to the ticket's story."""
    PushAttempt.objects.create(
        ticket=claim.ticket,
        started_at=claim.started_at,
        ended_at=now,
        result=result,
        status=error.status if error else None,
        detail=error.detail if error else "",
        transaction_id=(error.transaction_id or "") if error else "",
    )
    sys.audit("tickets.delivery.results.told", claim.ticket.correlation_id)
    return result


def _event(claim: Claim, what: TicketEvent.Type, now: datetime, **detail: object) -> None:
    TicketEvent.objects.create(ticket=claim.ticket, at=now, type=what, detail=detail)


def _jitter() -> float:
    return random.random()  # noqa: S311  It spreads load; nothing depends on its being unguessable.
