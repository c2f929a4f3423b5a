"""Answers in, records or errors out."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connector.servicenow import responses
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
    ServerError,
    ServiceNowError,
    TokenRefused,
    TokenUnavailable,
    Unreadable,
)
from connector.servicenow.records import Record

JSON = {"content-type": "application/json;charset=UTF-8"}
HTML = {"content-type": "text/html;charset=UTF-8"}
ASLEEP = b"<html><head><title>Instance Hibernating page</title></head></html>"
ERROR = {"error": {"message": "Operation Failed", "detail": "ACL Exception"}, "status": "failure"}


def json_answer(document: Any, status: int = 200, **headers: str) -> responses.Answer:
    return responses.Answer(
        status, JSON | {k.replace("_", "-"): v for k, v in headers.items()}, json.dumps(document).encode()
    )


def test_references_are_flattened_to_their_value() -> None:
    caller = {"link": "https://x/api/now/table/sys_user/1", "value": "u1"}
    row = {
        "sys_id": "a",
        "caller_id": caller,
        "state": {"display_value": "New", "value": "1"},
        "active": True,
        "n": None,
    }
    record = responses.read_record("incident", json_answer({"result": row}, 201))
    assert record == Record(
        "incident",
        {"sys_id": "a", "caller_id": "u1", "state": "1", "active": "true", "n": ""},
        shown={"state": "New"},
    )
    assert record.get("unheard_of") == ""
    assert record.is_true("active")


def test_moments_are_utc_and_empty_ones_are_none() -> None:
    record = Record("incident", {"opened_at": "2026-11-23 04:05:06", "closed_at": "", "due_date": "tomorrow"})
    assert record.at("opened_at") == datetime(2026, 11, 23, 4, 5, 6, tzinfo=UTC)
    assert record.at("closed_at") is None
    assert record.at("due_date") is None


@pytest.mark.parametrize("written", ["9999-12-31 23:59:59", "0001-01-01 00:00:00"])
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_a_moment_at_the_calendars_ends_can_be_shown_in_every_time_zone(written: str, zone: str) -> None:
    at = Record("change_request", {"due_date": written}).at("due_date")
    assert at is not None
    assert str(at.astimezone(ZoneInfo(zone)).year).zfill(4) == written[:4]


@pytest.mark.parametrize(
    ("answer", "kind", "retryable", "unknown"),
    [
        (json_answer(ERROR, 401), NotAuthenticated, True, True),
        (json_answer(ERROR, 403), Forbidden, False, False),
        (responses.Answer(403, HTML, b"<html>blocked</html>"), Unreadable, True, True),
        (json_answer(ERROR, 400), BadRequest, False, True),
        (json_answer(ERROR, 404), NotFound, False, True),
        (responses.Answer(404, HTML, b"<html>nothing here</html>"), Unreadable, True, True),
        (json_answer(ERROR, 405), BadRequest, False, True),
        (json_answer({}, 408), NoAnswer, True, True),
        (json_answer(ERROR, 429), RateLimited, True, True),
        (json_answer(ERROR, 500), ServerError, True, True),
        (responses.Answer(502, HTML, b"<html>Bad Gateway</html>"), ServerError, True, True),
        (responses.Answer(503, HTML, ASLEEP), Hibernating, True, True),
        (responses.Answer(200, HTML, ASLEEP), Hibernating, True, True),
        (
            responses.Answer(302, {"location": "https://developer.servicenow.com/dev.do"}, b""),
            Hibernating,
            True,
            True,
        ),
        (responses.Answer(302, {"location": "/login.do"}, b""), LoginPage, True, True),
        (responses.Answer(302, {"location": "https://elsewhere.example/"}, b""), Unreadable, True, True),
        (
            responses.Answer(200, HTML, b'<form><input id="user_password" type="password">'),
            LoginPage,
            True,
            True,
        ),
        (responses.Answer(200, HTML, b"<html>upgrade in progress</html>"), Maintenance, True, True),
        (responses.Answer(503, HTML, b"<title>Instance under maintenance</title>"), Maintenance, True, True),
        (responses.Answer(403, HTML, b"<html>blocked for maintenance</html>"), Unreadable, True, True),
        (responses.Answer(200, HTML, b"<html>welcome</html>"), Unreadable, True, True),
        (responses.Answer(200, HTML, b'{"result": {"sys_id": "a"}}'), Unreadable, True, True),
        (responses.Answer(202, {}, b""), Unreadable, True, True),
        (json_answer({"result": {"sys_id": "a"}}, 202), Unreadable, True, True),
        (responses.Answer(204, {}, b""), Unreadable, True, True),
        (responses.Answer(201, JSON, b'{"result": {"sys_id": "a"'), Unreadable, True, True),
        (json_answer({"results": []}), Unreadable, True, True),
        (json_answer({"result": []}), Unreadable, True, True),
        (json_answer({"result": {}}), Unreadable, True, True),
        (json_answer(["result"]), Unreadable, True, True),
        (json_answer({"result": {"sys_id": "a"}, **ERROR}), ServerError, True, True),
    ],
)
def test_every_other_answer_is_typed_by_what_to_do_next(
    answer: responses.Answer, kind: type[ServiceNowError], retryable: bool, unknown: bool
) -> None:
    with pytest.raises(ServiceNowError) as caught:
        responses.read_record("incident", answer)
    assert type(caught.value) is kind
    assert (caught.value.retryable, caught.value.outcome_unknown) == (retryable, unknown)
    assert caught.value.status == answer.status


def test_an_empty_list_is_an_empty_page_in_both_versions_of_the_api() -> None:
    date = "Mon, 23 Nov 2026 05:00:00 GMT"
    page = responses.read_page("task", json_answer({"result": []}, date=date))
    assert (len(page), page.server_at) == (0, datetime(2026, 11, 23, 5, tzinfo=UTC))
    assert len(responses.read_page("task", json_answer(ERROR, 404))) == 0


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry-after": "7"}, timedelta(seconds=7)),
        ({"retry-after": "Mon, 23 Nov 2026 05:01:00 GMT"}, timedelta(minutes=1)),
        ({"retry-after": "Mon, 23 Nov 2026 04:00:00 GMT"}, timedelta(0)),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "999999999999"}, None),
        ({"retry-after": "999999"}, timedelta(hours=24)),
        ({"x-ratelimit-reset": "1795410030"}, timedelta(seconds=30)),
        ({}, None),
    ],
)
def test_retry_after_is_understood_in_seconds_and_as_a_date(
    headers: dict[str, str], wait: timedelta | None
) -> None:
    answer = responses.Answer(429, {"date": "Mon, 23 Nov 2026 05:00:00 GMT", **headers}, b"")
    assert responses.retry_after(answer) == wait


def test_foreign_texts_are_one_printable_line_without_queries() -> None:
    said = "Data Policy Exception: \n\tmandatory:\u202e x\x00 see https://a.example/p?token=canary now"
    assert responses.clean(said) == "Data Policy Exception: mandatory: x see https://a.example/p now"
    assert len(responses.clean("x " * 10_000)) == responses.LONGEST_DETAIL


def test_what_looks_like_a_token_is_left_out_of_foreign_texts() -> None:
    rule = "Change Model: Check State Transition^dcb2c1b2c3a1110164d4d7d8c840dd4e"
    assert responses.clean(f"no {'Ab1-' * 16} in {rule}") == f"no … in {rule}"


def test_values_that_no_table_holds_do_no_harm() -> None:
    deep: dict[str, Any] = {"value": "end"}
    for _ in range(500):
        deep = {"value": deep}
    row = {"deep": deep, "list": ["a"], "float": 1.5, "halves": "\ud800", "nul": "a\x00b", "nothing": {}}
    record = responses.read_record("incident", json_answer({"result": row}))
    assert record.values == {
        "deep": "end",
        "list": "",
        "float": "1.5",
        "halves": "\ufffd",
        "nul": "a\ufffdb",
        "nothing": "",
    }


def test_a_row_that_is_no_record_is_left_out_and_counted() -> None:
    page = responses.read_page("incident", json_answer({"result": ["no row", {"sys_id": "a"}, None, 7]}))
    assert ([record.sys_id for record in page.records], page.left_out) == (["a"], 3)


@pytest.mark.parametrize("result", ["text", None, {"sys_id": "a"}], ids=["text", "null", "record"])
def test_a_list_of_anything_but_rows_is_unreadable(result: Any) -> None:
    with pytest.raises(Unreadable):
        responses.read_page("incident", json_answer({"result": result}))


@pytest.mark.parametrize(
    "date", ["", "soon", "Fri, 31 Dec 9999 23:59:59 -2300", "Mon, 23 Nov 2026 05:00:00 +9900"]
)
def test_a_clock_that_cannot_be_read_is_no_clock(date: str) -> None:
    assert responses.server_time(json_answer({}, date=date)) is None


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (responses.Answer(202, {}, b""), Unreadable),
        (responses.Answer(302, {"location": "/login.do"}, b""), LoginPage),
        (json_answer({"result": {}, **ERROR}), ServerError),
        (json_answer({}, 429), RateLimited),
    ],
)
def test_only_a_plain_yes_takes_a_token_back(answer: responses.Answer, kind: type[ServiceNowError]) -> None:
    with pytest.raises(kind):
        responses.check_revoked(answer)
    responses.check_revoked(responses.Answer(200, HTML, b""))
    responses.check_revoked(json_answer({"result": "revoked"}))


def test_tokens_are_read_and_never_shown() -> None:
    document = {
        "access_token": "canary-a",
        "refresh_token": "canary-r",
        "scope": "useraccount",
        "expires_in": 1799,
    }
    tokens = responses.read_tokens(json_answer(document))
    assert (tokens.access_token, tokens.refresh_token) == ("canary-a", "canary-r")
    assert tokens.expires_in == timedelta(seconds=1799)
    assert "canary" not in repr(tokens)


DENIED = {"error_description": "access_denied", "error": "server_error"}
WRONG_CODE = {"error_description": "can't verify code challenge", "error": "invalid_request"}


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (json_answer(DENIED, 401), TokenRefused),
        (json_answer(DENIED, 400), TokenRefused),
        (json_answer(DENIED, 200), TokenRefused),
        (json_answer(WRONG_CODE, 401), PkceRefused),
        (responses.Answer(200, HTML, ASLEEP), TokenUnavailable),
        (responses.Answer(502, HTML, b"<html>"), TokenUnavailable),
        (responses.Answer(403, HTML, b"<html>blocked</html>"), TokenUnavailable),
        (json_answer({"expires_in": 5}), TokenUnavailable),
        (json_answer({"access_token": "canary\r\nX-Other: 1"}), TokenUnavailable),
        (json_answer({"access_token": "canary-\u3042"}), TokenUnavailable),
        (json_answer({"access_token": ["canary"]}), TokenUnavailable),
        (json_answer({}, 429), TokenUnavailable),
    ],
)
def test_only_a_clear_no_of_the_token_endpoint_is_a_refusal(
    answer: responses.Answer, kind: type[ServiceNowError]
) -> None:
    with pytest.raises(ServiceNowError) as caught:
        responses.read_tokens(answer)
    assert type(caught.value) is kind
    assert not caught.value.outcome_unknown
