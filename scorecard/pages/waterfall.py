"""A waterfall: how parts lead from one value to another, as places in a drawing. Pure: knows no colors and no words."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate

# Of the width; what is smaller would not be seen.
_LEAST = 0.8
# Left at both ends, for the dots.
_MARGIN = 3.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One part: where it stands in per cent of the drawing's width. `start` is where the one before it ended."""

    left: str
    width: str
    start: str
    end: str
    is_loss: bool


@dataclass(frozen=True, slots=True)
class Waterfall:
    """`first` and `last` are the places of the two values, between them one bar for each part."""

    first: str
    bars: list[Bar]
    last: str


def waterfall(first: float, parts: Iterable[float]) -> Waterfall:
    """Draw how parts lead on from a value. Without any change everything stands in the middle."""
    changes = list(parts)
    values = list(accumulate(changes, initial=first))
    low, high = min(values), max(values)
    scale = (100 - 2 * _MARGIN) / (high - low) if high > low else 0.0

    def place(value: float) -> float:
        return _MARGIN + (value - low) * scale if scale else 50.0

    bars = []
    for change, start, end in zip(changes, values, values[1:], strict=False):
        left, right = sorted((place(start), place(end)))
        bars.append(
            Bar(
                _text(left),
                _text(max(right - left, _LEAST)),
                _text(place(start)),
                _text(place(end)),
                change < 0,
            )
        )
    return Waterfall(_text(place(values[0])), bars, _text(place(values[-1])))


def _text(number: float) -> str:
    return f"{number:.2f}%"
