"""A line of percentages over days, as coordinates for an SVG drawing. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

WIDTH = 320
HEIGHT = 96
TOP, BOTTOM = 8, 88


@dataclass(frozen=True, slots=True)
class Trend:
    """A drawing of `WIDTH` by `HEIGHT`: 100 per cent at `TOP`, 0 at `BOTTOM`, days at their true distance."""

    points: str
    area: str
    first_on: date
    last_on: date
    first: float
    last: float

    @property
    def box(self) -> str:
        """The drawing's view box."""
        return f"0 0 {WIDTH} {HEIGHT}"


def draw(days: Sequence[tuple[date, float]]) -> Trend | None:
    """Draw (day, percentage) pairs, the oldest first. None where there are fewer than two."""
    if len(days) < 2:
        return None
    (first_on, first), (last_on, last) = days[0], days[-1]
    span = max((last_on - first_on).days, 1)
    spots = [f"{(day - first_on).days * WIDTH / span:.1f},{_height(value):.1f}" for day, value in days]
    points = " ".join(spots)
    return Trend(points, f"M0,{BOTTOM} L{points} L{WIDTH},{BOTTOM} Z", first_on, last_on, first, last)


def _height(percentage: float) -> float:
    return BOTTOM - min(max(percentage, 0), 100) * (BOTTOM - TOP) / 100
