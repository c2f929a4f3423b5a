"""What becomes of a ticket that was to be sent when no call may be made: nothing was sent, and no try is spent."""

from datetime import datetime, timedelta

from connector.budget import allowed
from connector.models import Instance
from connector.sessions import Pause
from tickets import settle
from tickets.claim import Claim
from tickets.retry import Ending

SOONER = timedelta(minutes=5)


def release(claim: Claim, reason: Pause, now: datetime) -> Ending:
    """Put the ticket back until calls may be made again; where that takes a person, it looks for itself."""
    instance = Instance.objects.get(pk=claim.ticket.instance_id)
    if reason == Pause.BUDGET:
        # Somebody may allow more meanwhile.
        again = min(instance.calls_free_at(now, allowed()), now + SOONER)
        return settle.release(claim, Ending.BUDGET, now, next_try=again)
    if reason == Pause.BREAKER:
        # Only failures that opened the breaker stay counted; whoever asked to wait did answer.
        ending = Ending.UNREACHABLE if instance.consecutive_failures else Ending.RATE_LIMITED
        return settle.release(claim, ending, now, next_try=instance.broken_until)
    return settle.release(claim, Ending.PAUSED, now)
