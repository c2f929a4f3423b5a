"""An instance's clock, as the `Date` headers of its answers tell it.

Such a header may be wrong for a while: a node or a proxy whose clock jumped. What is stored from it (cursors, the
offset between the clocks) must not outlive that, so a jump is believed only once it has lasted.
"""

from datetime import datetime, timedelta

from connector.models import Instance

# A server tells its time in whole seconds, and the answer takes a moment.
NOISE = timedelta(seconds=3)
# Clocks that are put right a little at a time are followed at once.
STEP = timedelta(minutes=5)
LASTING = timedelta(minutes=2)
# Further apart than that, one of the two clocks is plainly wrong, and none of what is stored relies on it.
MOST_APART = timedelta(hours=1)


def note(instance: Instance, offset: timedelta, now: datetime) -> None:
    """Store the instance's clock minus ours where that is news. `now` is ours."""
    known, doubt, since = instance.clock_offset, instance.clock_doubt, instance.clock_doubt_since
    if known is not None and abs(offset - known) <= NOISE:
        if doubt is not None:
            _store(instance, known)
        return
    is_lasting = (
        doubt is not None and since is not None and abs(offset - doubt) <= STEP and now - since >= LASTING
    )
    if is_lasting or abs(offset - (known or timedelta(0))) <= (MOST_APART if known is None else STEP):
        _store(instance, offset)
    elif doubt is None or abs(offset - doubt) > STEP or since is None or since > now:
        _store(instance, known, doubt=offset, since=now)


def believed_offset(instance: Instance) -> timedelta:
    """Return the offset that a cursor may rely on: none where it is unknown, and never more than clocks differ by."""
    return min(max(instance.clock_offset or timedelta(0), -MOST_APART), MOST_APART)


def lowest_offset(instance: Instance) -> timedelta:
    """Return the least that the instance's clock may be ahead of ours, for moments that it stamps from now on."""
    return min(*_offsets(instance), MOST_APART)


def highest_offset(instance: Instance) -> timedelta:
    """Return the most that the instance's clock may be ahead of ours."""
    return max(*_offsets(instance), -MOST_APART)


def _offsets(instance: Instance) -> tuple[timedelta, timedelta]:
    """Return the known offset, and the other one that it may have by now."""
    known, doubt = instance.clock_offset or timedelta(0), instance.clock_doubt
    return known, doubt if doubt is not None and abs(doubt) <= MOST_APART else known


def latest(instance: Instance, now: datetime) -> datetime:
    """Return the latest moment that the instance's clock may show at `now`."""
    return now + believed_offset(instance) + STEP


def is_plausible(instance: Instance, server_at: datetime, now: datetime) -> bool:
    """Whether the instance's clock may show this moment at `now`, going by what is known of both clocks."""
    return abs(server_at - now - believed_offset(instance)) <= STEP


def _store(
    instance: Instance,
    offset: timedelta | None,
    *,
    doubt: timedelta | None = None,
    since: datetime | None = None,
) -> None:
    instance.clock_offset, instance.clock_doubt, instance.clock_doubt_since = offset, doubt, since
    changes = {"clock_offset": offset, "clock_doubt": doubt, "clock_doubt_since": since}
    Instance.objects.filter(pk=instance.pk).update(**changes)
