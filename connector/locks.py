"""Locks over all processes that end with whoever holds them, so that they need no clock and leave nothing behind.

SQLite means one machine: there a lock is a file that the kernel frees when its process ends (flock(2)). PostgreSQL
serves several machines: there it is an advisory lock of the session, freed when the connection ends (PostgreSQL
documentation, "Advisory Locks").
"""

import contextlib
import fcntl
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import Error, connection


@dataclass
class Lock:
    """A lock that is held. `number` is its key on PostgreSQL, `descriptor` its open file elsewhere."""

    number: int
    descriptor: int | None = None

    def release(self) -> None:
        """Let go. A connection that broke has let go already."""
        if self.descriptor is not None:
            os.close(self.descriptor)
            return
        with contextlib.suppress(Error), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [self.number])


def acquire(name: str) -> Lock | None:
    """Take the lock of this name, for this database; None where somebody else has it. Never waits."""
    return _advisory(name) if connection.vendor == "postgresql" else _file(name)


def _advisory(name: str) -> Lock | None:
    # Advisory locks belong to a database, so its name need not be part of theirs.
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [number])
        [is_ours] = cursor.fetchone()
    return Lock(number) if is_ours else None


def _file(name: str) -> Lock | None:
    whole = f"{connection.settings_dict['NAME']}\0{name}"
    folder = Path(settings.STATE_DIR, "locks")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / hashlib.sha256(whole.encode()).hexdigest()[:16]
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return Lock(0, descriptor)
