"""Answers in, records or errors out; no I/O.

The shapes are those of ServiceNow's REST API reference ("Table API", "OAuth"), its knowledge articles on
quota rules and rate limits, and what instances were seen to send besides: pages of HTML, empty 202s, JSON
that breaks off.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connector.servicenow import refusals
from connector.servicenow.errors import (
    BadRequest,
    Forbidden,
    Hibernating,
    LoginPage,
    Maintenance,
    NoAnswer,
    NotAuthenticated,
    NotFound,
    PkceRefused,
    RateLimited,
    Said,
    ServerError,
    ServiceNowError,
    TokenRefused,
    TokenUnavailable,
    Unreadable,
)
from connector.servicenow.records import Page, Record, Tokens
from connector.servicenow.times import http_date, seconds, unix_time

LONGEST_DETAIL = 500
# More of a sentence than this is not even looked at.
LOOKED_AT = 10_000
# More than any field holds that is asked for, and as much as is shown of a whole journal (`record_journal`).
LONGEST_VALUE = 200_000
LONGEST_WAIT = timedelta(hours=24)
ACCESS_TOKEN_LIFE = timedelta(minutes=30)  # where `expires_in` is missing; what ServiceNow gives by default
LOGIN_MARKS = (
    "login.do",
    "user_password",
    "samlrequest",
    "saml2",
    "/adfs/",
    "login.microsoftonline.com",
    'type="password"',
)
# No documentation shows these pages, so any that speaks of it counts.
MAINTENANCE_MARKS = ("maintenance", "upgrade in progress", "being upgraded")
BY_STATUS = {401: NotAuthenticated, 403: Forbidden, 404: NotFound, 408: NoAnswer}
# What these mean does not depend on who says it.
BY_ANYBODY = (401, 408)
BY_HUNDRED = {4: BadRequest, 5: ServerError}
# Control and format characters (among them those that turn the direction of writing) and halves of characters.
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]+")
SCHEME = re.compile(r"https?://")
# What an answer may repeat to us of our own tokens and codes; ids are shorter.
OPAQUE = re.compile(r"[\w+=~-]{60,}")
# The beginning of one that was cut.
BEGUN = re.compile(r"[\w+=~-]{1,59}\Z")
# JSON can spell what no database stores.
UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
# RFC 6749, appendix A.12; anything else could not travel in a header either.
TOKEN = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True)
class Answer:
    """What came back over HTTP: header names in lower case, the body as far as the transport let it in."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def transaction_id(self) -> str:
        """ServiceNow's id for this call, if it gave one."""
        return clean(self.headers.get("x-transaction-id", ""), 40)


def read_record(table: str, answer: Answer) -> Record:
    """The one record of an answer to create, read or update. Raises a `ServiceNowError`."""
    result = _result(answer)
    # Where a list comes back for one record, ServiceNow has not understood what was asked for.
    if not isinstance(result, dict) or not result:
        raise _unreadable("The answer holds no record.", answer)
    return _record(table, result)


def read_page(table: str, answer: Answer) -> Page:
    """The rows of an answer to a list; those that are no records are counted. Raises a `ServiceNowError`."""
    try:
        result = _result(answer)
    except NotFound:  # version 1 of the Table API answers an empty list so
        result = []
    if not isinstance(result, list):
        raise _unreadable("The answer holds no list.", answer)
    rows = tuple(_record(table, row) for row in result if isinstance(row, dict))
    return Page(rows, server_time(answer), left_out=len(result) - len(rows))


def read_document(answer: Answer) -> dict[str, Any]:
    """The JSON object of a success, whatever it holds. Raises a `ServiceNowError`."""
    return _document(answer)


def read_result(answer: Answer) -> Any:
    """The `result` of an answer of any other part of the REST API. Raises a `ServiceNowError`."""
    return _result(answer)


def read_tokens(answer: Answer) -> Tokens:
    """What the token endpoint gave.

    Raises `PkceRefused` or `TokenRefused` for a definite no, `TokenUnavailable` for every answer that settles
    nothing. ServiceNow says 401 `access_denied` for nearly every cause alike; the real one is in its own
    system log (ServiceNow documentation, "OAuth 2.0").
    """
    if answer.status in (400, 401):
        raise _token_refusal(answer)
    try:
        document = _document(answer)
    except ServiceNowError as error:
        raise TokenUnavailable.because(error) from error
    if document.get("error"):
        raise _token_refusal(answer)
    access_token = _token(document.get("access_token"))
    if not access_token:
        raise TokenUnavailable.because(_unreadable("The answer holds no access token.", answer))
    return Tokens(
        access_token=access_token,
        expires_in=seconds(document.get("expires_in")) or ACCESS_TOKEN_LIFE,
        refresh_token=_token(document.get("refresh_token")),
        scope=_text(document.get("scope")),
    )


def check_revoked(answer: Answer) -> None:
    """Raise a `ServiceNowError` unless the instance took a token back. What the body of a yes looks like
    is not documented.
    """
    _check_page(answer)
    document = _json(answer)
    if not 200 <= answer.status < 300:
        raise _error(answer, document)
    if answer.status == 202:
        raise _unreadable("The instance has not carried it out yet.", answer)
    _check_whole(answer, document)


def server_time(answer: Answer) -> datetime | None:
    """The server's clock by its `Date` header, to the second, in UTC."""
    return http_date(answer.headers.get("date", ""))


def retry_after(answer: Answer) -> timedelta | None:
    """How long to wait after a 429: `Retry-After` in seconds or as a date, else `X-RateLimit-Reset` (a Unix time).

    At most 24 hours; None where the answer does not say.
    """
    said = answer.headers.get("retry-after", "").strip()
    now = server_time(answer)
    wait = seconds(said)
    if wait is None and now is not None:
        until = http_date(said) or unix_time(answer.headers.get("x-ratelimit-reset", ""))
        wait = until - now if until is not None else None
    return None if wait is None else min(max(wait, timedelta(0)), LONGEST_WAIT)


def clean(text: str, longest: int = LONGEST_DETAIL) -> Said:
    """A foreign text fit for a page and a log line: one line, printable, cut, addresses without their
    query, nothing as long as a token.
    """
    words = UNPRINTABLE.sub(" ", text[:LOOKED_AT]).split()
    bare = OPAQUE.sub("…", " ".join(map(_without_query, words)))
    if len(text) > LOOKED_AT:
        bare = bare[:-59] + BEGUN.sub("", bare[-59:]) + "…"
    return Said(bare if len(bare) <= longest else bare[: longest - 1] + "…")


def _without_query(word: str) -> str:
    """A word, up to the question mark where it holds an address."""
    scheme = SCHEME.search(word)
    return word[: scheme.end()] + word[scheme.end() :].partition("?")[0] if scheme else word


def as_stored(value: Any) -> str:
    """What a field holds, as text fit for a database, cut; empty for what no field can hold.

    References come as {"link", "value"}, with display values also as {"display_value", "value"}.
    """
    while isinstance(value, dict):
        value = value.get("value")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    # No field holds a list; to write one out as Python does would pass it off as what is stored.
    return UNSTORABLE.sub("\ufffd", _text(value)[:LONGEST_VALUE])


def _result(answer: Answer) -> Any:
    document = _document(answer)
    if "result" not in document:
        raise _unreadable("The answer has no result.", answer)
    return document["result"]


def _document(answer: Answer) -> dict[str, Any]:
    """The JSON object of a success."""
    _check_page(answer)
    document = _json(answer)
    if not 200 <= answer.status < 300:
        raise _error(answer, document)
    if answer.status not in (200, 201) or document is None:
        raise _unreadable("The answer is not one of the Table API.", answer)
    _check_whole(answer, document)
    return document


def _check_whole(answer: Answer, document: Mapping[str, Any] | None) -> None:
    """Raise for an error inside a success, which is how ServiceNow ends an answer whose time has run out."""
    if document is not None and isinstance(document.get("error"), dict):
        raise ServerError(_sentence(document), status=answer.status, transaction_id=answer.transaction_id)


def _check_page(answer: Answer) -> None:
    """Raise for the pages that stand in for an instance: asleep, under repair, or asking somebody to sign in."""
    if "json" in answer.headers.get("content-type", "").lower():
        return
    text = (answer.body[:20_000].decode("utf-8", "replace") + answer.headers.get("location", "")).lower()
    facts: dict[str, Any] = {"status": answer.status, "transaction_id": answer.transaction_id}
    if (
        "instance hibernating" in text
        or "developer.servicenow.com" in answer.headers.get("location", "").lower()
    ):
        raise Hibernating("The instance is hibernating.", **facts)
    if answer.status < 400 and any(mark in text for mark in LOGIN_MARKS):
        raise LoginPage("A sign-in page came in place of data.", **facts)
    if not 400 <= answer.status < 500 and any(mark in text for mark in MAINTENANCE_MARKS):
        raise Maintenance("The instance is under maintenance.", **facts)


def _json(answer: Answer) -> dict[str, Any] | None:
    if "json" not in answer.headers.get("content-type", "").lower():
        return None
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _error(answer: Answer, document: dict[str, Any] | None) -> ServiceNowError:
    """What a status other than 2xx means. The texts differ by release and language, so the status decides what it is,
    and the text only whether what was sent is certainly undone.
    """
    detail = (_sentence(document) if document else "") or f"HTTP {answer.status}"
    facts: dict[str, Any] = {
        "status": answer.status,
        "transaction_id": answer.transaction_id,
        "outcome_unknown": not refusals.is_certain(answer.status, document),
    }
    if answer.status == 429:
        return RateLimited(detail, retry_after=retry_after(answer), **facts)
    if answer.status not in BY_ANYBODY and answer.status < 500 and not refusals.is_of_the_api(document):
        # Not from the API but from a machine in front of it, which knows nothing of records.
        return Unreadable(detail, **facts)
    if refusals.is_out_of_time(document):
        return ServerError(detail, **facts)
    kind = BY_STATUS.get(answer.status) or BY_HUNDRED.get(answer.status // 100, Unreadable)
    return kind(detail, **facts)


def is_certain_no(answer: Answer) -> bool:
    """Whether an answer says for certain that nothing was carried out."""
    return refusals.is_certain(answer.status, _json(answer))


def _token_refusal(answer: Answer) -> TokenRefused:
    document = _json(answer) or {}
    said = " ".join(_text(document.get(name)) for name in ("error", "error_description"))
    kind = (
        PkceRefused if "code challenge" in said.lower() or "code_verifier" in said.lower() else TokenRefused
    )
    return kind(clean(said), status=answer.status, transaction_id=answer.transaction_id)


def _unreadable(detail: str, answer: Answer) -> Unreadable:
    return Unreadable(detail, status=answer.status, transaction_id=answer.transaction_id)


def _record(table: str, row: dict[str, Any]) -> Record:
    shown = {
        str(name): as_stored(value["display_value"])
        for name, value in row.items()
        if isinstance(value, dict) and "display_value" in value
    }
    return Record(table, {str(name): as_stored(value) for name, value in row.items()}, shown)


def _sentence(document: Mapping[str, Any]) -> Said:
    error = document.get("error")
    if not isinstance(error, dict):
        return clean(_text(error))
    parts = [_text(error.get("message")), _text(error.get("detail"))]
    return clean(": ".join(part for part in parts if part))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _token(value: Any) -> str:
    return value if isinstance(value, str) and TOKEN.fullmatch(value) else ""
