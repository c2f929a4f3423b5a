"""Numbers rounded so that they still add up. Pure."""

from collections.abc import Sequence
from fractions import Fraction
from math import floor

from scorecard.models.rounding import DECIMALS

_UNITS: int = 10**DECIMALS
# What people see is told to a hundredth.
_CENTS = 100


def exact(points: float) -> Fraction:
    """Return points as the decimal number that they stand for, without the traces of binary fractions."""
    return Fraction(round(points * _UNITS), _UNITS)


def rounded(number: Fraction) -> Fraction:
    """Round to hundredths, halves away from 0 as Django's `floatformat` does."""
    cents = floor(abs(number) * _CENTS + Fraction(1, 2))
    return Fraction(cents if number >= 0 else -cents, _CENTS)


def apportion(parts: Sequence[Fraction], total: Fraction) -> list[Fraction]:
    """Round parts to hundredths so that they add up to `total`, which is in hundredths and less than one of them away.

    The largest remainders are rounded up. No part moves by a hundredth or more, and what is 0 stays 0.
    """
    cents = [floor(part * _CENTS) for part in parts]
    left = int(total * _CENTS) - sum(cents)
    by_remainder = sorted(
        (place for place, part in enumerate(parts) if part),
        key=lambda place: (cents[place] - parts[place] * _CENTS, place),
    )
    for place in by_remainder[:left]:
        cents[place] += 1
    return [Fraction(each, _CENTS) for each in cents]
