"""Days, weeks, months, quarters and years as people in a time zone count them."""

from calendar import monthrange
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

# In the words of ServiceNow's relative operators, in which `dayofweek` counts plain days.
FIXED = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "dayofweek": timedelta(days=1),
    "week": timedelta(weeks=1),
}
MONTHS = {"month": 1, "quarter": 3, "year": 12}
UNITS = frozenset({*FIXED, *MONTHS})


def shifted(moment: datetime, unit: str, count: int) -> datetime:
    """A moment some units later (earlier if negative); a month has no 31st where it has none."""
    if unit in FIXED:
        return moment + FIXED[unit] * count
    months = moment.year * 12 + moment.month - 1 + MONTHS[unit] * count
    year, month = months // 12, months % 12 + 1
    return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))


def start_of(unit: str, moment: datetime) -> datetime:
    """The beginning of the unit in which a moment lies; weeks begin on Monday."""
    if unit == "minute":
        return moment.replace(second=0, microsecond=0)
    if unit == "hour":
        return moment.replace(minute=0, second=0, microsecond=0)
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if unit in ("day", "dayofweek"):
        return day
    if unit == "week":
        return day - timedelta(days=day.weekday())
    months = MONTHS[unit]
    return day.replace(day=1, month=(day.month - 1) // months * months + 1)


def end_of(unit: str, moment: datetime) -> datetime:
    """The last second of the unit in which a moment lies."""
    start = start_of(unit, moment)
    # A day of summer time has 23 or 25 hours: the end is counted on the calendar, not in hours.
    return start_of(unit, shifted(start, unit, 1)) - timedelta(seconds=1)


def in_zone(moment: datetime, time_zone: str) -> datetime:
    """The same moment on the clock of a time zone."""
    return moment.astimezone(ZoneInfo(time_zone))


def part_of(moment: datetime, part: str) -> int | None:
    """A part of a moment as a number: `dayofweek` 1 is Monday; none for a part that is unknown."""
    parts = {
        "dayofweek": moment.isoweekday(),
        "hour": moment.hour,
        "week": moment.isocalendar().week,
        "month": moment.month,
        "quarter": (moment.month - 1) // 3 + 1,
        "year": moment.year,
    }
    return parts.get(part)
