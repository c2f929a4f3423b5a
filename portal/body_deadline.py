"""A deadline for the body of a request: sent slowly, it would hold up a thread of the web server without end."""

import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from io import BytesIO
from socket import SHUT_RD, socket
from typing import Any

from django.conf import settings

SECONDS = 60.0
# In the environ of WSGI: that the body did not come in time, or not to its end.
WAS_LATE = "portal.body_was_late"

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class BodyDeadline:
    """A WSGI application whose requests have their whole body at once, or a mark that it did not come in time.

    gunicorn's threads wait for each piece of a body without end. Only hanging up wakes one; the answer can still be
    sent. Servers that do not tell their socket (`gunicorn.socket`) are left to their own limits.
    """

    def __init__(self, application: Application, seconds: float = SECONDS) -> None:
        self.application = application
        self.seconds = seconds

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        length = length_of(environ)
        line: socket | None = environ.get("gunicorn.socket")
        if line is not None and 0 < length <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            body = self._read(environ["wsgi.input"], line, length)
            environ[WAS_LATE] = len(body) < length
            environ["wsgi.input"] = BytesIO(body)
        return self.application(environ, start_response)

    def _read(self, body: Any, line: socket, length: int) -> bytes:
        watch = threading.Timer(self.seconds, _hang_up, [line])
        watch.daemon = True
        watch.start()
        try:
            return bytes(body.read(length))
        except Exception:  # noqa: BLE001  gunicorn has one of its own for each way a body can break off.
            return b""
        finally:
            watch.cancel()


def _hang_up(line: socket) -> None:
    with suppress(OSError):
        line.shutdown(SHUT_RD)


def length_of(environ: Mapping[str, Any]) -> int:
    """How many bytes a request announces; 0 where it does not say, or says nonsense."""
    text = str(environ.get("CONTENT_LENGTH") or "")
    return int(text) if text.isdecimal() and len(text) < 20 else 0
