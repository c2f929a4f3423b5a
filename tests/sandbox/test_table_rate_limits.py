"""Rate limits by rule: who is counted, what the headers say, and the lag of the counts."""

import time
from typing import Any

import pytest

from tests.sandbox.conftest import Caller
from tests.sandbox_process import SandboxProcess

USER = "3d1ef2a94f0a4b6bb2ff0ba5d3c0a365"
TABLE = "sys_rate_limit_rules"


def statuses(caller: Caller, count: int) -> list[int]:
    return [caller.ask("GET", "table/incident").status_code for _ in range(count)]


def test_there_is_no_rule_out_of_the_box(integration: Caller) -> None:
    answer = integration.ask("GET", "table/incident")
    assert not [name for name in answer.headers if name.lower().startswith("x-ratelimit")]


def test_a_rule_is_told_in_headers_and_kept(sandbox: SandboxProcess, integration: Caller) -> None:
    sandbox.settings(rate_limit_commit_seconds=0)
    rule = sandbox.create(TABLE, name="All", requests_per_hour="3")
    answer = integration.ask("GET", "table/incident")
    assert answer.headers["X-RateLimit-Limit"] == "3"
    assert answer.headers["X-RateLimit-Rule"] == rule["sys_id"]
    assert 0 < int(answer.headers["X-RateLimit-Reset"]) - time.time() <= 3600
    assert "X-RateLimit-Remaining" not in answer.headers
    assert statuses(integration, 3) == [200, 200, 429]


def test_a_violation_says_when_to_come_back(sandbox: SandboxProcess, integration: Caller) -> None:
    sandbox.settings(rate_limit_commit_seconds=0)
    sandbox.create(TABLE, requests_per_hour="0")
    answer = integration.ask("POST", "table/incident", json={})
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 3600
    detail = "Rate limit of 0 requests per hour for Table API exceeded"
    assert answer.json() == {
        "error": {"message": "Rate limit exceeded", "detail": detail},
        "status": "failure",
    }
    assert sandbox.records("incident") == []


def test_refusals_carry_the_headers_too(sandbox: SandboxProcess, integration: Caller) -> None:
    sandbox.create(TABLE, requests_per_hour="10")
    answer = integration.ask("GET", f"table/incident/{USER}")
    assert (answer.status_code, answer.headers["X-RateLimit-Limit"]) == (404, "10")


def test_counts_are_written_down_only_from_time_to_time(sandbox: SandboxProcess, integration: Caller) -> None:
    sandbox.create(TABLE, requests_per_hour="2")
    assert statuses(integration, 6) == [200] * 6
    sandbox.settings(clock_offset_seconds=31)
    assert statuses(integration, 1) == [429]


def test_a_new_hour_begins_at_nothing(sandbox: SandboxProcess, integration: Caller) -> None:
    sandbox.settings(rate_limit_commit_seconds=0)
    sandbox.create(TABLE, requests_per_hour="1")
    assert statuses(integration, 2) == [200, 429]
    sandbox.expire_tokens("refresh")
    sandbox.settings(clock_offset_seconds=3600, access_token_seconds=86_400)
    fresh = Caller(sandbox.url, sandbox.token())
    assert statuses(fresh, 1) == [200]
    fresh.http.close()


@pytest.mark.parametrize(
    ("rules", "limit"),
    [
        (({"role": "itil", "requests_per_hour": "7"}, {"role": "itil", "requests_per_hour": "5"}), "5"),
        (({"requests_per_hour": "1"}, {"role": "itil", "requests_per_hour": "7"}), "7"),
        (({"role": "itil", "requests_per_hour": "1"}, {"user": USER, "requests_per_hour": "9"}), "9"),
        (({"role": "admin", "requests_per_hour": "1"}, {"requests_per_hour": "8"}), "8"),
        (({"rest_api": "Import Set API", "requests_per_hour": "1"}, {"requests_per_hour": "8"}), "8"),
        (({"active": "false", "requests_per_hour": "1"}, {"requests_per_hour": "8"}), "8"),
    ],
)
def test_a_rule_for_the_user_comes_before_roles_and_those_before_all(
    sandbox: SandboxProcess, integration: Caller, rules: list[dict[str, str]], limit: str
) -> None:
    for rule in rules:
        sandbox.create(TABLE, **rule)
    assert integration.ask("GET", "table/incident").headers["X-RateLimit-Limit"] == limit


def test_each_user_has_an_hour_of_their_own(
    sandbox: SandboxProcess, integration: Caller, admin: Caller
) -> None:
    sandbox.settings(rate_limit_commit_seconds=0)
    sandbox.create(TABLE, requests_per_hour="1")
    assert statuses(integration, 2) == [200, 429]
    assert statuses(admin, 1) == [200]


CHANGES = "../sn_chg_rest/change"
UNKNOWN = "0" * 32


@pytest.mark.parametrize(
    ("api", "method", "address", "options"),
    [
        ("Table API", "GET", "table/incident", {}),
        ("Aggregate API", "GET", "stats/incident?sysparm_count=true", {}),
        ("Attachment API", "GET", "attachment", {}),
        ("Attachment API", "GET", f"attachment/{UNKNOWN}/file", {}),
        ("Attachment API", "POST", "attachment/file", {"data": b"x"}),
        ("Import Set API", "POST", "import/u_imp_incident", {"json": {}}),
        ("Import Set API", "POST", "import/u_imp_incident/insertMultiple", {"json": {"records": []}}),
        ("Change Management API", "GET", CHANGES, {}),
        ("Change Management API", "POST", f"{CHANGES}/normal", {"json": {}}),
        ("Change Management API", "GET", f"{CHANGES}/{UNKNOWN}/nextstates", {}),
        ("Batch API", "POST", "v1/batch", {"json": {"rest_requests": []}}),
        ("UI Metadata API", "GET", "ui/meta/incident", {}),
        ("Tiny URL API", "POST", "tinyurl", {"json": {"url": "/api/now/table/incident?a=b"}}),
    ],
)
def test_every_api_is_held_against_its_rule_and_no_other(
    sandbox: SandboxProcess, integration: Caller, api: str, method: str, address: str, options: Any
) -> None:
    sandbox.settings(rate_limit_commit_seconds=0)
    sandbox.create(TABLE, rest_api=api, requests_per_hour="1")
    sandbox.create(TABLE, rest_api="Another API", requests_per_hour="0")
    first, second = (integration.ask(method, address, **options) for _ in range(2))
    assert first.status_code != 429, first.text
    assert first.headers["X-RateLimit-Limit"] == "1"
    assert second.status_code == 429
    assert second.json()["error"]["detail"] == f"Rate limit of 1 requests per hour for {api} exceeded"
    assert 0 < int(second.headers["Retry-After"]) <= 3600


def test_a_batch_counts_as_one_call_and_each_request_in_it_for_its_own_api(
    sandbox: SandboxProcess, integration: Caller
) -> None:
    sandbox.settings(rate_limit_commit_seconds=0)
    sandbox.create(TABLE, rest_api="Table API", requests_per_hour="1")
    asked = [{"id": name, "method": "GET", "url": "/api/now/table/incident"} for name in "ab"]
    answer = integration.ask("POST", "v1/batch", json={"rest_requests": asked})
    assert answer.status_code == 200
    assert "X-RateLimit-Limit" not in answer.headers
    assert [done["status_code"] for done in answer.json()["serviced_requests"]] == [200, 429]


def test_who_is_unknown_is_told_so_and_not_counted(sandbox: SandboxProcess, stranger: Caller) -> None:
    sandbox.create(TABLE, requests_per_hour="0")
    assert stranger.ask("GET", "stats/incident").status_code == 401
