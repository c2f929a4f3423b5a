"""Which request is being served by this thread: its ID and the address it came from, for logs and the audit log.

A task that a request started has the ID of that request, and no address: messages to workers hold none.
"""

import re
import secrets
from contextvars import ContextVar
from dataclasses import dataclass

HEADER = "X-Request-ID"
LONGEST_ID = 64
_PLAIN = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Trace:
    """What is known about a request; both are empty outside of one."""

    request_id: str = ""
    address: str = ""


_NOBODY_ASKED = Trace()
_current: ContextVar[Trace] = ContextVar("trace", default=_NOBODY_ASKED)


def current() -> Trace:
    """Return the request that this thread works for."""
    return _current.get()


def begin(request_id: str, address: str = "") -> None:
    """Work for a request from now on."""
    _current.set(Trace(request_id, address))


def end() -> None:
    """Work for nobody in particular again."""
    _current.set(_NOBODY_ASKED)


def accepted(given: object) -> str:
    """Return an ID that somebody else gave, if it is short and plain; empty otherwise."""
    if isinstance(given, str) and len(given) <= LONGEST_ID and _PLAIN.fullmatch(given):
        return given
    return ""


def new() -> str:
    """Return an ID that no other request has: 64 random bits in hexadecimal."""
    return secrets.token_hex(8)
