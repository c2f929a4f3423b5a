"""How many calls of an instance's API were made within an hour, and how many may be.

They are counted by slots of five minutes, and a slot counts until all of it lies more than an hour back. So no sixty
minutes ever hold more calls than are allowed, at the price that a call weighs up to five minutes longer.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from django.conf import settings

HOUR = timedelta(hours=1)
SLOT = timedelta(minutes=5)
EARLIER_SLOTS = HOUR // SLOT
# Of the hour's calls, how much everything else leaves to deliveries, ...
KEPT_FOR_PUSHES = 0.25
# ... how much people who ask for news leave to deliveries and to tracking, ...
KEPT_FROM_PEOPLE = 0.5
# ... and how much one of them may have, though never fewer than so many calls.
OF_ONE_PERSON = 0.1
FEWEST_OF_ONE_PERSON = 20
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def allowed(reserve: float = 0.0) -> int:
    """Return how many calls an hour may hold, with a share left to others."""
    return int(settings.API_CALLS_PER_HOUR * (1 - reserve))


def allowed_to_one_person() -> int:
    """Return how many of an hour's calls may be made because one person asks for news."""
    return max(int(settings.API_CALLS_PER_HOUR * OF_ONE_PERSON), FEWEST_OF_ONE_PERSON)


def slot_of(now: datetime) -> datetime:
    """Return when the slot of this moment began; the same in every process."""
    return now - (now - LONG_AGO) % SLOT


@dataclass(frozen=True)
class Calls:
    """The calls that count: those of all slots together, and of the slots before the last, newest first."""

    slot_at: datetime
    total: int
    earlier: tuple[int, ...] = ()

    def at(self, now: datetime) -> "Calls":
        """Return what counts of them at this moment."""
        slot = slot_of(now)
        if self.slot_at > slot + HOUR:
            # Our clock was put back. To wait until it is as late again could take forever.
            return replace(self, slot_at=slot)
        passed = (slot - slot_of(self.slot_at)) // SLOT
        if passed <= 0:
            return self
        empty = (0,) * min(passed - 1, EARLIER_SLOTS)
        earlier = (*empty, *self.by_slot)[:EARLIER_SLOTS]
        return Calls(slot, sum(earlier), earlier)

    def free_at(self, now: datetime, most: int) -> datetime:
        """Return from when on fewer than `most` calls count: now, or when enough of them are old."""
        counted = self.at(now)
        if counted.total < most:
            return now
        left, slot_at = counted.total, counted.slot_at - len(counted.earlier) * SLOT
        for calls in reversed(counted.by_slot[1:]):
            left -= calls
            if left < most:
                break
            slot_at += SLOT
        return slot_at + SLOT + HOUR

    @property
    def by_slot(self) -> tuple[int, ...]:
        """The calls of each slot, newest first."""
        return self.total - sum(self.earlier), *self.earlier
