import contextlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorecard.graph import errors, responses
from scorecard.graph.responses import Answer

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
GRAPH_ERROR = {
    "error": {"code": "Nope", "message": "Because\r\n of  this.", "innerError": {"request-id": "1"}}
}


def answer(status: int, body: object, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, headers or {}, body if isinstance(body, bytes) else json.dumps(body).encode())


@pytest.mark.parametrize(
    ("status", "body", "error", "retryable", "words"),
    [
        (200, b'{"value": [', errors.Unreadable, True, "only the beginning"),
        (200, b"<html>Sign in</html>", errors.Unreadable, True, "not JSON"),
        (200, [], errors.Unreadable, True, "not a JSON object"),
        (200, {"id": "x"}, errors.Unreadable, True, "not a collection"),
        (200, {"value": [], "@odata.nextLink": 7}, errors.Unreadable, True, "next page"),
        (206, {"value": []}, errors.ServerError, True, "incomplete"),
        (302, b"", errors.Rejected, False, "HTTP 302"),
        (400, GRAPH_ERROR, errors.Rejected, False, "Nope: Because of this."),
        (401, GRAPH_ERROR, errors.NotAuthenticated, False, "Nope"),
        (403, GRAPH_ERROR, errors.Forbidden, False, "SecurityEvents.Read.All"),
        (404, GRAPH_ERROR, errors.Rejected, False, "Nope"),
        (429, GRAPH_ERROR, errors.RateLimited, True, "fewer calls"),
        (500, b"<h1>Oops</h1>", errors.ServerError, True, "HTTP 500"),
        (503, GRAPH_ERROR, errors.ServerError, True, "Nope"),
    ],
)
def test_every_other_answer_says_what_to_do_next(
    status: int, body: object, error: type[errors.GraphError], retryable: bool, words: str
) -> None:
    with pytest.raises(error) as caught:
        responses.read_page(answer(status, body), now=NOW)
    assert words in str(caught.value)
    assert caught.value.retryable is retryable
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("120", timedelta(minutes=2)),
        ("2.128", timedelta(seconds=2.128)),
        ("Mon, 23 Nov 2026 12:00:30 GMT", timedelta(seconds=30)),
        ("Mon, 23 Nov 2026 11:00:00 GMT", timedelta(0)),
        ("-5", timedelta(0)),
        ("1e300", timedelta(days=1)),
        ("inf", None),
        ("nan", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, wait: timedelta | None) -> None:
    assert responses.retry_after({"retry-after": value}, now=NOW) == wait


def test_entra_refusing_names_the_settings_and_keeps_its_first_line() -> None:
    body = {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid secret.\r\nTrace ID: 1"}
    with pytest.raises(errors.TokenRefused) as caught:
        responses.read_token(answer(401, body), now=NOW)
    assert "invalid_client: AADSTS7000215: Invalid secret." in str(caught.value)
    assert "GRAPH_CLIENT_SECRET" in str(caught.value)
    assert "Trace" not in str(caught.value)


@pytest.mark.parametrize("token", [None, 7, "", "two\nlines", "日本"])
def test_a_token_that_no_header_can_carry_is_no_token(token: object) -> None:
    with pytest.raises(errors.Unreadable):
        responses.read_token(answer(200, {"access_token": token}), now=NOW)


@given(
    st.integers(100, 599),
    st.binary(max_size=40) | st.sampled_from([b'{"value": []}', b'{"error": 1}', b'{"access_token": "a"}']),
    st.dictionaries(st.just("retry-after"), st.text(max_size=30)),
)
def test_any_answer_gives_a_value_or_one_of_the_errors(
    status: int, body: bytes, headers: dict[str, str]
) -> None:
    for read in (responses.read_page, responses.read_token):
        with contextlib.suppress(errors.GraphError):
            assert read(Answer(status, headers, body), now=NOW)


def test_a_number_of_thousands_of_digits_does_not_make_an_answer_unreadable() -> None:
    body = b'{"value": [{"id": "mfa", "maxScore": ' + b"9" * 5000 + b"}]}"
    assert responses.read_page(answer(200, body), now=NOW)["value"][0]["id"] == "mfa"
