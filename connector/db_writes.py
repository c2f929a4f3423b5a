"""Writing from many threads to a database that has one writer at a time.

SQLite does not queue writers: whoever finds the database taken sleeps ever longer before it looks again (SQLite
documentation, "sqlite3_busy_timeout"), so a few threads that write often spend most of their time asleep. Those of one
process queue here instead. Other processes still meet at SQLite's own lock, and PostgreSQL needs none of this.
"""

import contextlib
import threading
from collections.abc import Iterator

from django.db import connection, transaction

_turn = threading.RLock()
# SQLite documentation, "PRAGMA synchronous": in WAL mode, a commit at NORMAL does not wait for the disk.
NORMAL = 1


@contextlib.contextmanager
def in_turn() -> Iterator[None]:
    """Write while no other thread of this process does.

    Inside a transaction the database is ours already: to wait for a turn there could wait for who waits for us.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    with _turn:
        yield


@contextlib.contextmanager
def in_one() -> Iterator[None]:
    """All or nothing: a transaction, in its turn."""
    with in_turn(), transaction.atomic():
        yield


@contextlib.contextmanager
def in_turn_without_the_disk() -> Iterator[None]:
    """Write what may be lost when the power fails, but not when a process dies.

    Nothing is stored out of order: the next commit that waits for the disk takes this one along.
    """
    with in_turn():
        if connection.vendor != "sqlite" or connection.in_atomic_block:
            yield
            return
        with connection.cursor() as cursor:
            [level] = cursor.execute("PRAGMA synchronous").fetchone()
            cursor.execute(f"PRAGMA synchronous = {min(level, NORMAL)}")
            try:
                yield
            finally:
                cursor.execute(f"PRAGMA synchronous = {level}")
