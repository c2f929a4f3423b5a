"""Values as people read and write them: dates in their own pattern and time zone, durations in words.

Source: ServiceNow documentation, "Date and time formats" (patterns are those of Java).
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo

from sandbox.servicenow.clock import FORMAT, moment_of

_LETTERS = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "hh": "%I", "mm": "%M", "ss": "%S", "a": "%p"}
_DAY_STORED = "%Y-%m-%d"
_UNITS = ((86_400, "Day"), (3_600, "Hour"), (60, "Minute"))


@dataclass(frozen=True)
class Formats:
    """How one person sees moments. `date` and `time` are patterns, empty for the instance's own."""

    time_zone: str
    date: str = ""
    time: str = ""

    @property
    def _day(self) -> str:
        return _translated(self.date or "yyyy-MM-dd")

    @property
    def _moment(self) -> str:
        return f"{self._day} {_translated(self.time or 'HH:mm:ss')}"

    def moment(self, stored: str) -> str:
        """A stored moment (UTC) on the person's clock; other text as it is."""
        moment = moment_of(stored)
        return moment.astimezone(ZoneInfo(self.time_zone)).strftime(self._moment) if moment else stored

    def day(self, stored: str) -> str:
        """A stored day, which lies in no time zone; other text as it is."""
        try:
            return datetime.strptime(stored, _DAY_STORED).replace(tzinfo=UTC).strftime(self._day)
        except ValueError:
            return stored

    def stored_moment(self, written: str) -> str:
        """What a person wrote, as it is stored; a day alone begins at midnight; empty if it is no moment."""
        for pattern in (self._moment, self._day):
            try:
                naive = datetime.strptime(written, pattern)  # noqa: DTZ007 - the zone follows
                return naive.replace(tzinfo=ZoneInfo(self.time_zone)).astimezone(UTC).strftime(FORMAT)
            except (OverflowError, ValueError):
                continue
        return ""

    def stored_day(self, written: str) -> str:
        """A day that a person wrote, as it is stored; empty if it is none."""
        try:
            return datetime.strptime(written, self._day).replace(tzinfo=UTC).strftime(_DAY_STORED)
        except ValueError:
            return ""


# Moments and days as they are stored: what a write without display values must look like.
RAW = Formats("UTC")


def duration(stored: str) -> str:
    """`1970-01-02 04:23:17`, the time since 1970, as `1 Day 4 Hours 23 Minutes`."""
    moment = moment_of(stored)
    if moment is None:
        return stored
    left, words = int(moment.timestamp()), []
    for seconds, unit in _UNITS:
        count, left = divmod(left, seconds)
        words += [_counted(count, unit)] if count else []
    return " ".join(words) or _counted(left, "Second")


def stored_duration(seconds: int) -> str:
    """So many seconds as a duration is stored."""
    return datetime.fromtimestamp(seconds, UTC).strftime(FORMAT)


def integer(stored: str) -> str:
    """`102197` as `102,197`."""
    return f"{int(stored):,}" if stored.lstrip("-").isdigit() else stored


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}{'' if count == 1 else 's'}"


@cache
def _translated(pattern: str) -> str:
    return re.sub("|".join(_LETTERS), lambda found: _LETTERS[found[0]], pattern)
