"""Turns at calling an instance: so many calls are under way at once over all processes, reads and tokens included.

ServiceNow works on a few calls of a user at a time and answers further ones with 429 once its queue is full, and the
instance is not ours alone.
"""

import contextlib
import random
import threading
import time
from collections.abc import Iterator

from connector import locks
from connector.locks import Lock

AT_ONCE = 4
# How long somebody who waits for a page, and a worker, wait for a turn, in seconds.
PAGE_PATIENCE = 2.0
WORKER_PATIENCE = 60.0
# Turns that end in another process are noticed by looking, those of this one are told.
_GLANCE = 0.02
_ended = threading.Condition()


class NoTurn(Exception):
    """All turns stayed taken for as long as one may wait; no call was made."""


@contextlib.contextmanager
def turn(instance_id: int, patience: float) -> Iterator[None]:
    """Hold one of the turns at an instance. `patience` is in seconds. Raises NoTurn."""
    held = _wait(instance_id, time.monotonic() + patience)
    try:
        yield
    finally:
        held.release()
        with _ended:
            _ended.notify()


@contextlib.contextmanager
def alone(instance_id: int, work: str) -> Iterator[bool]:
    """Whether nobody else does this work at the instance now, in any process, until the block ends."""
    held = locks.acquire(f"{work} {instance_id}")
    try:
        yield held is not None
    finally:
        if held is not None:
            held.release()


def _wait(instance_id: int, until: float) -> Lock:
    while True:
        first = random.randrange(AT_ONCE)  # noqa: S311  It spreads who looks where.
        for number in range(first, first + AT_ONCE):
            held = locks.acquire(f"call {instance_id} {number % AT_ONCE}")
            if held is not None:
                return held
        if time.monotonic() >= until:
            raise NoTurn
        with _ended:
            _ended.wait(_GLANCE)
