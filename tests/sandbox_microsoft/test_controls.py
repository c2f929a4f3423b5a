import time

import pytest
import requests

from tests.sandbox_microsoft.conftest import Microsoft


def test_rate_limit_answers_429_with_retry_after_that_many_times(microsoft: Microsoft) -> None:
    microsoft.control("POST", "faults", {"kind": "rate_limit", "times": 2, "seconds": 2.5})
    answers = [microsoft.get("secureScores", **{"$top": "1"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "2.5"
    assert answers[0].json()["error"]["code"] == "TooManyRequests"


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("rate_limit_bare", 429),
        ("server_error", 503),
        ("unauthorized", 401),
        ("forbidden", 403),
        ("gone", 410),
    ],
)
def test_ordered_error_comes_once_in_graphs_envelope(microsoft: Microsoft, kind: str, status: int) -> None:
    microsoft.control("POST", "faults", {"kind": kind})
    refused = microsoft.get("secureScores", **{"$top": "1"})
    assert refused.status_code == status
    assert "Retry-After" not in refused.headers
    assert set(refused.json()["error"]) == {"code", "message", "innerError"}
    assert microsoft.get("secureScores", **{"$top": "1"}).status_code == 200


def test_truncated_answer_ends_before_its_announced_length(microsoft: Microsoft) -> None:
    microsoft.control("POST", "faults", {"kind": "truncated"})
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        microsoft.get("secureScores")
    assert microsoft.get("secureScores").status_code == 200


def test_repeated_next_link_leads_back_to_the_same_page(microsoft: Microsoft) -> None:
    microsoft.control("POST", "faults", {"kind": "repeat_next_link", "times": 3})
    first = microsoft.get("secureScoreControlProfiles").json()
    again = microsoft.get(first["@odata.nextLink"]).json()
    assert again["@odata.nextLink"] == first["@odata.nextLink"]
    assert again["value"] == first["value"]


def test_latency_delays_the_answer(microsoft: Microsoft) -> None:
    microsoft.control("POST", "faults", {"kind": "latency", "seconds": 0.3})
    began = time.monotonic()
    assert microsoft.get("secureScores", **{"$top": "1"}).status_code == 200
    assert time.monotonic() - began >= 0.3


def test_fault_waits_for_its_route(microsoft: Microsoft) -> None:
    microsoft.control("POST", "faults", {"kind": "server_error", "route": "secureScoreControlProfiles"})
    assert microsoft.get("secureScores", **{"$top": "1"}).status_code == 200
    assert microsoft.get("secureScoreControlProfiles").status_code == 503


def test_cleared_faults_never_come(microsoft: Microsoft) -> None:
    microsoft.control("POST", "faults", {"kind": "server_error", "times": 9})
    assert microsoft.control("DELETE", "faults").status_code == 204
    assert microsoft.get("secureScores", **{"$top": "1"}).status_code == 200


@pytest.mark.parametrize("order", [{"kind": "earthquake"}, {"kind": "latency", "speed": 1}, ["latency"]])
def test_unknown_fault_is_refused(microsoft: Microsoft, order: object) -> None:
    assert microsoft.control("POST", "faults", order).status_code == 400


def test_log_tells_what_was_asked_and_never_a_secret(microsoft: Microsoft) -> None:
    microsoft.get("secureScores", **{"$top": "1"})
    log = microsoft.control("GET", "requests")
    assert log.json()["by_route"] == {"token": 1, "secureScores": 1}
    newest = log.json()["requests"][-1]
    assert (newest["method"], newest["path"], newest["status"]) == ("GET", "/v1.0/security/secureScores", 200)
    assert newest["bytes_out"] > 10_000
    assert "scoredesk-graph-secret" not in log.text


def test_cleared_log_is_empty(microsoft: Microsoft) -> None:
    microsoft.control("DELETE", "requests")
    assert microsoft.control("GET", "requests").json() == {"total": 0, "by_route": {}, "requests": []}


def test_partial_answer_looks_whole_but_for_its_status_and_warning(microsoft: Microsoft) -> None:
    microsoft.control("POST", "faults", {"kind": "partial", "share": 0.5})
    partial = microsoft.get("secureScores", **{"$top": "4"})
    assert partial.status_code == 206
    assert partial.headers["Warning"] == '199 - "Microsoft/SecureScore/504/10000"'
    assert len(partial.json()["value"]) == 2
    assert "@odata.nextLink" in partial.json()


def test_settings_are_told_and_wrong_ones_refused(microsoft: Microsoft) -> None:
    for wrong in ({"tenant": "grubby"}, {"weather": "fair"}, ["tenant"]):
        assert microsoft.control("POST", "settings", wrong).status_code == 400
    changed = microsoft.control("POST", "settings", {"trial_states": "reset"})
    assert changed.json() == microsoft.control("GET", "settings").json()
    assert changed.json()["trial_states"] == "reset"
