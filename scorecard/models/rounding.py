"""Points are binary fractions that Microsoft adds up: 8.9999999999999982 of 9 are all of them. Pure.

Whoever compares points does it by these. What differs by less than `ROUNDING` is the same number of points; the least
that Microsoft gives for one user of many is larger.
"""

from typing import Any

from django.db.models import F, OuterRef, Q
from django.db.models.expressions import Combinable

DECIMALS = 6
ROUNDING = 10.0**-DECIMALS

# Names a field of the row itself, or an expression.
Points = str | Combinable | OuterRef


def reaches(points: str, most: Points) -> Q:
    """The points of one field are at least those of another."""
    return Q(**{f"{points}__gte": _of(most) - ROUNDING})


def is_below(points: str, most: Points) -> Q:
    """The points of one field are fewer than those of another."""
    return Q(**{f"{points}__lt": _of(most) - ROUNDING})


def is_at_most(points: str, most: Points) -> Q:
    """The points of one field are no more than those of another."""
    return Q(**{f"{points}__lte": _of(most) + ROUNDING})


def has_reached(points: float, most: float) -> bool:
    """Whether the points are at least so many."""
    return points >= most - ROUNDING


def share(points: float | None, most: float | None) -> float | None:
    """The points in per cent of the most, at most 100; None where either is unknown, negative, or there is no most."""
    if points is None or most is None or points < 0 or most <= 0:
        return None
    return min(points / most, 1.0) * 100


def _of(points: Points) -> Any:
    return F(points) if isinstance(points, str) else points
