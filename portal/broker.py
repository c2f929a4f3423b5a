"""A broker that needs no server: messages are files in a folder. For one machine.

kombu's own filesystem transport writes a message in place, so that a reader can take half of one, and a single
unreadable file ends its worker (celery/kombu issue 1551). Here a message appears under its name only when it is
whole, is claimed by renaming it, and is set aside when it cannot be read.

Loss of a message costs seconds: the sweeps find what is due in the database.
"""

import contextlib
import json
import os
import time
import uuid
from collections import defaultdict, deque
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from kombu.transport import TRANSPORT_ALIASES, virtual

SCHEME = "files"
# Writing a message, or reading a claimed one, takes milliseconds: what is older was left by a process that died.
LEFT_BEHIND_SECONDS = 3600


def register() -> None:
    """Make `files:///folder` a broker address that kombu understands."""
    TRANSPORT_ALIASES[SCHEME] = f"{__name__}:Transport"


class Channel(virtual.Channel):
    """Queues as folders of JSON files, each file one message, oldest name first."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call]
        # What lay in each queue when it was last looked at: a thousand messages need not be listed a thousand times.
        self._seen: defaultdict[str, deque[Path]] = defaultdict(deque)
        self._tidied: set[str] = set()

    def _folder(self, queue: str) -> Path:
        folder = Path("/", self.connection.client.virtual_host) / queue.replace("/", "_")
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ImproperlyConfigured(f"CELERY_BROKER_URL: cannot use {folder}: {error.strerror}") from error
        if queue not in self._tidied:
            self._tidied.add(queue)
            _tidy(folder)
        return folder

    def _put(self, queue: str, message: dict[str, Any], **kwargs: Any) -> None:
        name = f"{time.time_ns():020d}-{uuid.uuid4().hex}"
        folder = self._folder(queue)
        draft = folder / f"{name}.draft"
        with draft.open("w", encoding="utf-8") as file:
            json.dump(message, file)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(folder / f"{name}.message")

    def _get(self, queue: str, timeout: float | None = None) -> dict[str, Any]:
        for path in self._waiting(queue):
            claimed = path.with_suffix(".claimed")
            try:
                path.rename(claimed)
            except FileNotFoundError:
                continue  # Another worker was quicker.
            try:
                message = _load(claimed)
            except (ValueError, OSError):
                claimed.rename(path.with_suffix(".unreadable"))
                continue
            claimed.unlink()
            return message
        raise Empty

    def _waiting(self, queue: str) -> Iterator[Path]:
        seen = self._seen[queue]
        if not seen:
            seen.extend(self._messages(queue))
        while seen:
            yield seen.popleft()

    def _size(self, queue: str) -> int:
        return len(self._messages(queue))

    def _purge(self, queue: str) -> int:
        messages = self._messages(queue)
        for path in messages:
            path.unlink(missing_ok=True)
        return len(messages)

    def _messages(self, queue: str) -> list[Path]:
        return sorted(self._folder(queue).glob("*.message"))


def _tidy(folder: Path) -> None:
    """Remove what processes that died have left of their messages; the sweeps find what those said."""
    now = time.time()
    for path in [*folder.glob("*.draft"), *folder.glob("*.claimed")]:
        with contextlib.suppress(OSError):  # Somebody else was quicker, or it is no file.
            if now - path.stat().st_mtime > LEFT_BEHIND_SECONDS:
                path.unlink()


def _load(path: Path) -> dict[str, Any]:
    """Read a message. Raises ValueError for what kombu could not deliver, which would end its worker."""
    match json.loads(path.read_text(encoding="utf-8")):
        case {"body": _, "properties": {"delivery_tag": _}} as message:
            return dict(message)
    raise ValueError(f"{path} is not a message")


class Transport(virtual.Transport):
    """kombu's view of the folder; one process group on one machine reads and writes it."""

    Channel = Channel
    driver_type = driver_name = SCHEME
    polling_interval = 0.2

    def driver_version(self) -> str:
        """Nothing but the standard library drives this."""
        return "1"
