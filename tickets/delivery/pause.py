"""What becomes of a ticket that was to be sent when no call may be made: nothing was sent, and no try is spent."""

from datetime import datetime, timedelta

from connector.access.client_factory import Pause
from connector.budget import allowed
from connector.models import Instance
from tickets.delivery import results
from tickets.delivery.lease import Claim
from tickets.models.backoff import AttemptResult

SOONER = timedelta(minutes=5)
AFTER_A_TRIAL = timedelta(minutes=1)


def until_keys_are_kept(claim: Claim, now: datetime) -> AttemptResult:
    """Put the ticket back: its record could not be found again, so it waits for a trial that shows otherwise."""
    return results.release(claim, AttemptResult.KEYLESS, now, next_try=now + AFTER_A_TRIAL)


def release(claim: Claim, reason: Pause, now: datetime) -> AttemptResult:
    """Put the ticket back until calls may be made again; where that takes a person, it looks for itself."""
    instance = Instance.objects.get(pk=claim.ticket.instance_id)
    if reason == Pause.BUDGET:
        # Somebody may allow more meanwhile.
        again = min(instance.calls_free_at(now, allowed()), now + SOONER)
        return results.release(claim, AttemptResult.BUDGET, now, next_try=again)
    if reason == Pause.RATE_LIMITED:
        return results.release(claim, AttemptResult.RATE_LIMITED, now, next_try=instance.rate_limited_until)
    if reason == Pause.BREAKER:
        return results.release(claim, AttemptResult.UNREACHABLE, now, next_try=instance.circuit_open_until)
    if reason == Pause.BUSY:
        return results.release(claim, AttemptResult.LATE, now)
    return results.release(claim, AttemptResult.PAUSED, now)
