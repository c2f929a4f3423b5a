"""Answers of Graph and Entra in, values or errors out. No input or output of its own.

Sources: Microsoft Graph documentation, "Microsoft Graph error responses and resource types", "Paging
Microsoft Graph data in your app", "Microsoft Graph throttling guidance"; Microsoft identity platform,
"OAuth 2.0 client credentials flow".
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from scorecard.graph.errors import (
    Forbidden,
    GraphError,
    NotAuthenticated,
    RateLimited,
    Rejected,
    ServerError,
    TokenRefused,
    Unreadable,
)

SENTENCE_LENGTH = 300
LONGEST_NUMBER = 300
# More than this is not even looked at, of a sentence, of a header, of an address.
LOOKED_AT = 4_000
HEADER_LENGTH = 100
ADDRESS_LENGTH = 8_000
PERMISSION = "SecurityEvents.Read.All"


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def read_page(answer: Answer, *, now: datetime) -> dict[str, Any]:
    """Return one page of a collection: an object with the list `value` and perhaps `@odata.nextLink`.

    Raises a `GraphError` for everything else. `now` serves where `Retry-After` is a date.
    """
    if answer.status != 200:
        raise _refusal(answer, now)
    page = _object(answer)
    if not isinstance(page.get("value"), list):
        raise Unreadable("Microsoft Graph's answer is not a collection.", status=answer.status)
    if not isinstance(page.get("@odata.nextLink", ""), str):
        raise Unreadable("Microsoft Graph's link to the next page is not text.", status=answer.status)
    if len(page.get("@odata.nextLink", "")) > ADDRESS_LENGTH:
        raise Unreadable("Microsoft Graph's link to the next page is too long.", status=answer.status)
    return page


def read_token(answer: Answer, *, now: datetime) -> str:
    """Return the access token of an answer of Entra's token endpoint.

    Raises `TokenRefused` for a definite no, another `GraphError` where asking again may help.
    """
    if answer.status in (429, 206) or answer.status >= 500:
        raise _refusal(answer, now)
    if answer.status != 200:
        raise TokenRefused(
            f"Microsoft Entra refused the sign-in of the app registration: {_sentence(answer)} "
            "Check GRAPH_TENANT_ID, GRAPH_CLIENT_ID and GRAPH_CLIENT_SECRET or GRAPH_CLIENT_CERTIFICATE.",
            status=answer.status,
            code=_error_code(answer),
        )
    token = _object(answer).get("access_token")
    if not isinstance(token, str) or not (token and token.isascii() and token.isprintable()):
        raise Unreadable("Microsoft Entra's answer holds no access token.", status=answer.status)
    return token


def retry_after(headers: Mapping[str, str], *, now: datetime) -> timedelta | None:
    """Return how long the answer asks to wait, or None if it does not say.

    The header holds seconds, with Graph possibly a fraction of them, or an HTTP date.
    """
    value = headers.get("retry-after", "")[:HEADER_LENGTH].strip()
    try:
        seconds = float(value)
    except ValueError:
        seconds = _seconds_until(value, now)
    if not math.isfinite(seconds):
        return None
    return timedelta(seconds=min(max(seconds, 0.0), 86_400.0))


def whole_number(digits: str) -> int | float:
    """Read a number of JSON. Python refuses thousands of digits as one, and such a number must not stop all others."""
    return int(digits) if len(digits) <= LONGEST_NUMBER else math.inf


def _seconds_until(value: str, now: datetime) -> float:
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return math.nan
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds()


def _refusal(answer: Answer, now: datetime) -> GraphError:
    status, sentence = answer.status, _sentence(answer)
    if status == 429:
        wait = retry_after(answer.headers, now=now)
        return RateLimited(
            "Microsoft asks for fewer calls. Try again later.", status=status, retry_after=wait
        )
    if status == 206:
        return ServerError(
            "Microsoft Graph's answer is incomplete: one of its providers failed.", status=status
        )
    if status >= 500:
        return ServerError(f"Microsoft is in trouble: {sentence}", status=status)
    if status == 401:
        return NotAuthenticated(
            f"Microsoft Graph does not accept the access token: {sentence}", status=status
        )
    if status == 403:
        return Forbidden(
            f"Microsoft Graph refuses to show Secure Score: {sentence} Grant the app registration the "
            f"application permission {PERMISSION} with admin consent.",
            status=status,
        )
    return Rejected(f"Microsoft Graph refused the call: {sentence}", status=status)


def _object(answer: Answer) -> dict[str, Any]:
    try:
        value = json.loads(answer.body, parse_int=whole_number)
    except (ValueError, RecursionError):
        raise Unreadable(
            "Microsoft's answer is not JSON, or only the beginning of it.", status=answer.status
        ) from None
    if not isinstance(value, dict):
        raise Unreadable("Microsoft's answer is not a JSON object.", status=answer.status)
    return value


def _sentence(answer: Answer) -> str:
    """Microsoft's own words: Graph nests them in `error`, Entra puts them beside it; else the bare status."""
    try:
        value = _object(answer)
    except Unreadable:
        value = {}
    error = value.get("error")
    parts = (
        [error.get("code"), error.get("message")] if isinstance(error, dict) else [error, _first_line(value)]
    )
    told = [part[:LOOKED_AT] for part in parts if isinstance(part, str) and part]
    words = ": ".join(told) or f"HTTP {answer.status}"
    printable = re.sub(r"\s+", " ", "".join(c if c.isprintable() else " " for c in words)).strip()
    return printable[:SENTENCE_LENGTH].rstrip(".") + "."


def _error_code(answer: Answer) -> int | None:
    """The number of Entra's error, which its answer lists beside the words."""
    try:
        codes = _object(answer).get("error_codes")
    except Unreadable:
        return None
    first = codes[0] if isinstance(codes, list) and codes else None
    return first if isinstance(first, int) else None


def _first_line(value: Mapping[str, Any]) -> str:
    # The lines after the first are trace and correlation identifiers.
    return str(value.get("error_description", "")).partition("\n")[0]
