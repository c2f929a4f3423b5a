"""Graph's pages: `$top` and `$skip` from the caller, `$skiptoken` in the address of the next page.

Source: Microsoft Graph, "Paging Microsoft Graph data in your app": `$top` is the size of a page, not of the
whole, and the next link carries whatever the next request needs.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote

T = TypeVar("T")


class QueryOptionError(ValueError):
    """A query option that Graph refuses with 400."""


@dataclass(frozen=True)
class Window:
    """Which part of a collection a request asks for."""

    start: int
    size: int
    top: int | None

    def next_link(
        self, address: str, total: int, carried: Mapping[str, str], *, repeat: bool = False
    ) -> str | None:
        """The address of the following page, None at the end; with `repeat` the address of this one.

        `carried` are the other options that it needs.
        """
        if self.start + self.size >= total and not repeat:
            return None
        start = self.start if repeat else self.start + self.size
        top = f"$top={self.top}&" if self.top is not None else ""
        others = "".join(f"{name}={quote(value, safe='')}&" for name, value in carried.items())
        return f"{address}?{others}{top}$skiptoken={quote(_token(start))}"

    def of(self, items: Sequence[T]) -> Sequence[T]:
        """The items inside the window."""
        return items[self.start : self.start + self.size]


def window(query: Mapping[str, str], page_size: int) -> Window:
    """Reads the query options.

    Raises QueryOptionError for a `$top` or `$skip` that is no whole number, and for an unknown `$skiptoken`.
    """
    top = _whole(query, "$top", least=1)
    skip = _whole(query, "$skip", least=0) or 0
    start = _start(query["$skiptoken"]) if "$skiptoken" in query else skip
    return Window(start, min(top or page_size, page_size), top)


def _whole(query: Mapping[str, str], name: str, least: int) -> int | None:
    text = query.get(name)
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or int(text) < least:
        raise QueryOptionError(f"The value '{text}' of the query option '{name}' is not {least} or more.")
    return int(text)


def _token(start: int) -> str:
    return base64.urlsafe_b64encode(f"start:{start}".encode()).decode()


def _start(token: str) -> int:
    try:
        name, _, number = base64.urlsafe_b64decode(token).decode("ascii").partition(":")
        if name == "start":
            return int(number)
    except (binascii.Error, ValueError):
        pass
    raise QueryOptionError("The query option '$skiptoken' does not name a page.")
