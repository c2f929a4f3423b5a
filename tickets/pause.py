"""What becomes of a ticket that was to be sent when no call may be made: nothing was sent, and no try is spent."""

from datetime import datetime, timedelta

from connector.budget import allowed
from connector.models import Instance
from connector.sessions import Pause
from tickets import settle
from tickets.claim import Claim
from tickets.retry import Ending

SOONER = timedelta(minutes=5)
AFTER_A_TRIAL = timedelta(minutes=1)


def until_keys_are_kept(claim: Claim, now: datetime) -> Ending:
    """Put the ticket back: its record could not be found again, so it waits for a trial that shows otherwise."""
    return settle.release(claim, Ending.KEYLESS, now, next_try=now + AFTER_A_TRIAL)


def release(claim: Claim, reason: Pause, now: datetime) -> Ending:
    """Put the ticket back until calls may be made again; where that takes a person, it looks for itself."""
    instance = Instance.objects.get(pk=claim.ticket.instance_id)
    if reason == Pause.BUDGET:
        # Somebody may allow more meanwhile.
        again = min(instance.calls_free_at(now, allowed()), now + SOONER)
        return settle.release(claim, Ending.BUDGET, now, next_try=again)
    if reason == Pause.RATE_LIMITED:
        return settle.release(claim, Ending.RATE_LIMITED, now, next_try=instance.rate_limited_until)
    if reason == Pause.BREAKER:
        return settle.release(claim, Ending.UNREACHABLE, now, next_try=instance.broken_until)
    if reason == Pause.BUSY:
        return settle.release(claim, Ending.LATE, now)
    return settle.release(claim, Ending.PAUSED, now)
