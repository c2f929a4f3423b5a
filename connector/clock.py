"""The two clocks of whatever must not be fooled by a wall clock that somebody sets.

`now` is read once for a piece of work and moves on with the time that passes: on PostgreSQL it is the database's, which
all processes share, on SQLite the machine's. `steady` is what leases and the quarantine count by. On SQLite, where all
processes are on one machine, it is the time since that was started (`CLOCK_BOOTTIME`), which nobody can set; it begins
anew with the machine, and so does every process that reads it. On PostgreSQL it is the database's clock again, which
each process holds against its own machine's `CLOCK_BOOTTIME` (`Watch`).
"""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol, Self, runtime_checkable

from django.db import connection
from django.db.models import Q
from django.utils import timezone

_BOOTED = datetime(1970, 1, 1, tzinfo=UTC)
# More than this, two readings never differ by because the machine was busy.
LARGEST_DIFFERENCE = 5.0


def boottime() -> float:
    """Return the seconds since the machine was started, sleep included; where it does not say, since any moment."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@runtime_checkable
class Timepiece(Protocol):
    """What tells the time: the moment, and `boottime` in seconds."""

    def __call__(self) -> datetime: ...

    def boot(self) -> float: ...


class SharedClock:
    """The clock that all processes share: the database's, or the machine's."""

    def __call__(self) -> datetime:
        if connection.vendor != "postgresql":
            return timezone.now()
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            [now] = cursor.fetchone()
        return now  # type: ignore[no-any-return]

    def boot(self) -> float:
        return boottime()


SHARED = SharedClock()


@dataclass(frozen=True)
class Clock:
    """A given moment that moves on with the time that passes."""

    began_at: datetime
    began: float = field(default_factory=boottime)
    source: Callable[[], float] = boottime

    @classmethod
    def read(cls, told: Callable[[], datetime]) -> Self:
        """Read the time, once."""
        source = told.boot if isinstance(told, Timepiece) else boottime
        before, now = source(), told()
        watch.hold(now, before, source())
        return cls(now, source(), source)

    def __call__(self) -> datetime:
        return self.began_at + timedelta(seconds=self.source() - self.began)

    def boot(self) -> float:
        return self.source()

    def steady(self) -> datetime:
        """The moment by the clock for leases and the quarantine; of no calendar on SQLite."""
        return self() if connection.vendor == "postgresql" else _BOOTED + timedelta(seconds=self.source())


def lapsed(column: str, steady: datetime, lease: timedelta) -> Q:
    """Whether a lease is over; so is one of which more is left than it ever had: another clock counted that."""
    return Q(**{f"{column}__lte": steady}) | Q(**{f"{column}__gt": steady + 2 * lease})


class Watch:
    """Holds the clock that this process reads against the time that passes, which nobody can set."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.listeners: list[Callable[[float, datetime], None]] = []
        self.restart()

    def restart(self) -> None:
        """Begin to watch: nothing is known of the time before."""
        self._last: tuple[datetime, float] | None = None
        self.trusted_since = boottime()
        self.jumped_at: float | None = None

    def hold(self, now: datetime, before: float, after: float) -> None:
        """Compare a reading of the clock, taken between two moments of the time that passes, with the one before.

        Where they differ by more than a busy machine explains, the clock was set: whoever counts by it counts anew.
        """
        with self._lock:
            difference = self._difference(now, before, after)
            self._last = now, after
            if abs(difference) <= LARGEST_DIFFERENCE:
                return
            self.trusted_since = self.jumped_at = after
        for listener in self.listeners:
            listener(difference, now)

    def _difference(self, now: datetime, before: float, after: float) -> float:
        if self._last is None:
            return 0.0
        last, boot = self._last
        told = (now - last).total_seconds()
        least, most = before - boot, after - boot
        return told - min(max(told, least), most)

    def trusted_for(self, boot: float) -> float:
        """Return for how many seconds this process has seen its clock run as it should."""
        return boot - self.trusted_since

    def has_just_jumped(self, boot: float, seconds: float) -> bool:
        """Whether the clock was set within the last so many seconds."""
        return self.jumped_at is not None and boot - self.jumped_at < seconds


watch = Watch()
os.register_at_fork(after_in_child=watch.restart)
