"""The time zones that a person may choose from: IANA's, by area and place."""

from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

# The areas of places where people live. The rest are older names, and offsets without a place.
AREAS = (
    "Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific",
)  # fmt: skip
UTC = "UTC"


@cache
def by_area() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return each area with its zones: IANA's name, and the name of the place."""
    grouped: dict[str, list[tuple[str, str]]] = {area: [] for area in AREAS}
    for name in sorted(available_timezones()):
        area, _, place = name.partition("/")
        if place and area in grouped:
            grouped[area].append((name, place.replace("_", " ")))
    return [(area, zones) for area, zones in grouped.items() if zones]


def zone(name: str) -> ZoneInfo | None:
    """Return the zone of a stored name; None for an empty one, and for one that this machine does not know."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None
