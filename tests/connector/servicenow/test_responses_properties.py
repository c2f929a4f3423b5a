"""Whatever comes back: records or an error of the tree, never anything else, and never a secret."""

import json
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.servicenow import responses
from connector.servicenow.errors import ServiceNowError, TokenRefused, TokenUnavailable
from connector.servicenow.records import Page, Record, Tokens
from tests.connector.canaries import leaks_of

# How long an example takes says more about the machine than about the code.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("value"), inner),
    max_leaves=8,
)
tokens = st.dictionaries(
    st.sampled_from(["access_token", "refresh_token", "expires_in", "scope", "error", "error_description"]),
    anything | st.sampled_from(["canary-token", "canary-token\n", 1799, "1799", float("inf")]),
)
bodies = (
    st.binary()
    | anything.map(lambda value: json.dumps(value).encode())
    | st.builds(lambda value, error: json.dumps({"result": value, **error}).encode(), anything, tokens)
    | tokens.map(lambda value: json.dumps(value).encode())
)
headers = st.dictionaries(
    st.sampled_from(
        ["content-type", "location", "retry-after", "date", "x-ratelimit-reset", "x-transaction-id"]
    )
    | st.text(),
    st.text(st.characters(exclude_categories=()))
    | st.sampled_from(
        [
            "application/json",
            "text/html",
            "0",
            "-1",
            "1e9",
            "9999999999",
            "Mon, 23 Nov 2026 05:00:00 -0000",
            "Fri, 31 Dec 9999 23:59:59 -2359",
            "Sat, 01 Jan 0000 00:00:00 +2359",
        ]
    ),
)
json_headers = headers.map(lambda some: {**some, "content-type": "application/json;charset=UTF-8"})
answers = st.builds(responses.Answer, st.integers(0, 999) | st.just(200), headers | json_headers, bodies)


Read = Callable[[responses.Answer], Any]
READS: dict[str, Read] = {
    "record": partial(responses.read_record, "incident"),
    "page": partial(responses.read_page, "incident"),
    "tokens": responses.read_tokens,
    "revocation": responses.check_revoked,
}


def ending(read: Read, answer: responses.Answer) -> Any:
    """What a function gives, or the error of the tree that it raises."""
    try:
        return read(answer)
    except ServiceNowError as error:
        return error


def check(given: object) -> None:
    """Whatever came out can be stored, shown on a page and written into a log."""
    if isinstance(given, ServiceNowError):
        assert len(given.detail) <= responses.LONGEST_DETAIL
        assert "\n" not in f"{given.detail}{given.transaction_id}".encode().decode()
        assert given.retryable or not given.outcome_unknown
    elif isinstance(given, Page):
        for record in given.records:
            check(record)
    elif isinstance(given, Record):
        assert all(value.encode().count(0) == 0 for value in given.values.values())
    elif isinstance(given, Tokens):
        assert f"{given.access_token}{given.refresh_token}".isascii()
        assert f"{given.access_token}{given.refresh_token}".isprintable()
        assert given.expires_in >= timedelta(0)
    else:
        assert given is None


@pytest.mark.parametrize("name", READS)
@unhurried
@given(answer=answers)
def test_any_answer_is_read_or_gives_an_error_of_the_tree(name: str, answer: responses.Answer) -> None:
    check(ending(READS[name], answer))


@unhurried
@given(answers)
def test_whoever_asks_for_a_token_learns_only_no_or_not_now(answer: responses.Answer) -> None:
    assert isinstance(ending(responses.read_tokens, answer), Tokens | TokenRefused | TokenUnavailable)


@pytest.mark.parametrize("name", READS)
@unhurried
@given(
    st.integers(0, 999),
    st.integers(0, 400),
    st.sampled_from(["application/json", "text/html", ""]),
    st.booleans(),
)
def test_a_token_in_an_answer_never_gets_into_an_error(
    name: str, status: int, end: int, content_type: str, refused: bool
) -> None:
    secrets = {
        "access_token": "canary-a",
        "refresh_token": "canary-r",
        "expires_in": 1799,
        "id_token": "canary-i",
    }
    document = secrets | ({"error": "server_error", "error_description": "access_denied"} if refused else {})
    body = json.dumps(document).encode()[:end]
    given = ending(READS[name], responses.Answer(status, {"content-type": content_type}, body))
    assert not isinstance(given, ServiceNowError) or leaks_of(given) == []
