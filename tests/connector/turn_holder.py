"""Holds every turn at an instance until it is killed: `python -m tests.connector.turn_holder INSTANCE`."""

import sys
import threading
import time

import django

django.setup()

from connector.access.turns import AT_ONCE, turn  # noqa: E402

_all_held = threading.Barrier(AT_ONCE + 1)


def main(instance_id: int) -> None:
    """Take all turns, each in a thread of its own as callers do, and say so."""
    for _ in range(AT_ONCE):
        threading.Thread(target=_hold, args=[instance_id], daemon=True).start()
    _all_held.wait()
    sys.stdout.write("held\n")
    sys.stdout.flush()
    time.sleep(600)


def _hold(instance_id: int) -> None:
    with turn(instance_id, 10):
        _all_held.wait()
        time.sleep(600)


if __name__ == "__main__":
    main(int(sys.argv[1]))
