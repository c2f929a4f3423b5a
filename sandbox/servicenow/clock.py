"""Moments as ServiceNow writes them: `YYYY-MM-DD HH:MM:SS`, in UTC where stored."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

FORMAT = "%Y-%m-%d %H:%M:%S"


def stamp(moment: datetime) -> str:
    """A moment as it is stored, cut to the second."""
    return moment.astimezone(UTC).strftime(FORMAT)


def moment_of(stored: str) -> datetime | None:
    """The moment that a stored text stands for; none if it stands for none."""
    try:
        return datetime.strptime(stored, FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None


def local(stored: str, time_zone: str) -> str:
    """A stored moment as a person in that time zone sees it; other text as it is."""
    moment = moment_of(stored)
    return moment.astimezone(ZoneInfo(time_zone)).strftime(FORMAT) if moment else stored
