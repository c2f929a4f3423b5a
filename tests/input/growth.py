"""How the work on a text grows with its length, told by ratios within one run: machines differ, proportions do not."""

import time
from collections.abc import Callable
from functools import partial

SMALLEST, LARGEST = 15_625, 1_000_000
# CPU seconds below which a measurement is noise.
FLOOR = 0.05
# Twice the text may take twice the time, and somewhat more on a busy machine; quadratic work takes four times as long.
MOST = 3.0


def check_growth(work: Callable[[str], object], worst: Callable[[int], str]) -> None:
    """Feed ever longer texts, doubled up to a million letters, and fail as soon as doubling one costs too much.

    Small texts come first, so that quadratic work fails within seconds instead of hanging.
    """
    size, half = SMALLEST, partial(work, worst(SMALLEST))
    before = _cost(half)
    while size < LARGEST:
        size *= 2
        whole = partial(work, worst(size))
        before = check_doubling(half, whole, f"{size} letters", before)
        half = whole


def check_doubling(
    half: Callable[[], object], whole: Callable[[], object], name: str, before: float | None = None
) -> float:
    """Fail when the work on a whole costs far more than twice the work on its half. Returns what the whole cost, in CPU
    seconds; `before` is what the half did, where that is known.
    """
    before = _cost(half) if before is None else before
    cost = _cost(whole)
    for _try in range(3):
        if cost <= MOST * max(before, FLOOR):
            return cost
        # Once more before it counts: something else may have got in between.
        before, cost = max(before, _cost(half)), min(cost, _cost(whole))
    assert cost <= MOST * max(before, FLOOR), f"{name}: {before:.3f} s became {cost:.3f} s"
    return cost


def _cost(work: Callable[[], object]) -> float:
    began = time.thread_time()
    work()
    return time.thread_time() - began


def repeated(unit: str, end: str = "") -> Callable[[int], str]:
    """Return what builds a text of any length out of one piece, with something at its end."""
    return lambda size: unit * (size // len(unit)) + end
