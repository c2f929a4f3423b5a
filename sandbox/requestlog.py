"""What was asked of a port: addresses and statuses, never bodies, never credentials."""

import re
import threading
from collections import Counter, deque
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

KEPT = 20_000
_SECRETS = re.compile(
    r"(?i)\b(token|access_token|refresh_token|code|client_secret|password|user_password)=[^&]*"
)


@dataclass(frozen=True)
class Entry:
    """One call, or one of those `batched` in a call that is noted too. `status` 0: the connection dropped without an
    answer. `bytes_out` are those of the body as it was sent, `ms` is the time until the answer.
    """

    at: str
    route: str
    method: str
    path: str
    query: str
    status: int
    bytes_out: int
    ms: float
    batched: bool = False


class RequestLog:
    """The newest calls (20,000 of them) and counts of all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries: deque[Entry] = deque(maxlen=KEPT)
            self._by_route: Counter[str] = Counter()

    def add(
        self,
        *,
        at: datetime,
        route: str,
        method: str,
        path: str,
        query: str,
        status: int,
        bytes_out: int,
        ms: float,
        batched: bool = False,
    ) -> None:
        """Note one call; values of secret parameters in `query` are masked."""
        query = _SECRETS.sub(r"\1=***", query)
        entry = Entry(at.isoformat(), route, method, path, query, status, bytes_out, round(ms, 1), batched)
        with self._lock:
            self._entries.append(entry)
            self._by_route[route] += 1

    def as_json(self) -> dict[str, Any]:
        """Totals, counts by route and the calls, oldest first."""
        with self._lock:
            calls = [asdict(entry) for entry in self._entries]
            return {"total": self._by_route.total(), "by_route": dict(self._by_route), "requests": calls}
