"""Moments and waits as HTTP headers give them; None for whatever is none. Pure."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

# A date has 29 letters (RFC 9110, section 5.6.7). Nothing looks at more of a header than this.
LONGEST = 100


def seconds(value: Any) -> timedelta | None:
    """Read a number of seconds, such as `expires_in` or `Retry-After`."""
    try:
        count = int(value[:LONGEST] if isinstance(value, str) else value)
    except (TypeError, ValueError, OverflowError):
        return None
    return timedelta(seconds=count) if 0 <= count < 10**10 else None


def http_date(value: str) -> datetime | None:
    """Read a date as RFC 9110 writes it, in UTC."""
    try:
        moment = parsedate_to_datetime(value[:LONGEST])
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


def unix_time(value: str) -> datetime | None:
    """Read seconds since 1970."""
    wait = seconds(value)
    return datetime.fromtimestamp(wait.total_seconds(), UTC) if wait is not None else None
