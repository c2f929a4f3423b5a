"""Whether the portal can answer with pages, for whoever watches it.

The database is asked beside the request: a server that neither answers nor refuses would hold the request for as long
as the network does. However many ask, one look is under way at a time.
"""

import threading
import time

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

LONGEST_SECONDS = 3.0
_SILENT = "the database does not answer"


class _Look:
    """One question to the database, in a thread of its own, which may never come back."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.reason = _SILENT
        self.done = threading.Event()
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        try:
            self.reason = _reason()
        except DatabaseError:
            self.reason = _SILENT
        finally:
            connection.close()
            self.done.set()

    def result(self) -> str:
        left = self.began + LONGEST_SECONDS - time.monotonic()
        return self.reason if self.done.wait(max(0.0, left)) else _SILENT


_lock = threading.Lock()
_looks: list[_Look] = []


def reason_not_ready() -> str:
    """Say why the portal is not ready, within LONGEST_SECONDS; empty when it is."""
    with _lock:
        if not _looks or _looks[-1].done.is_set():
            _looks[:] = [_Look()]
        look = _looks[-1]
    return look.result()


def _reason() -> str:
    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return "migrations are missing" if pending else ""
