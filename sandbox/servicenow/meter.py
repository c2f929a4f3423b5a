"""How many requests were made, as a node of the instance counts them."""

import threading
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Window:
    """What one user spends under one rule in one hour, which begins at `begins_at`."""

    rule: str
    user: str
    begins_at: datetime


class Meter:
    """Counts of a node: what it has seen, and what of that is written down."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: Counter[Window] = Counter()
        self._written: Counter[Window] = Counter()
        self._written_at: datetime | None = None

    def spend(self, window: Window, now: datetime, every: timedelta) -> int:
        """Count one request; what was written down before it."""
        with self._lock:
            if self._written_at is None or now - self._written_at >= every:
                self._written, self._written_at = self._seen.copy(), now
            self._seen[window] += 1
            return self._written[window]
