import time
from email.utils import parsedate_to_datetime

import pytest
import requests

from tests.sandbox.conftest import Caller
from tests.sandbox_process import SandboxProcess

BODY = {"short_description": "A"}


def post(caller: Caller, timeout: float = 10) -> requests.Response:
    return caller.ask("POST", "table/incident", timeout=timeout, json=BODY)


@pytest.mark.parametrize(
    ("kind", "status", "records"),
    [
        ("rate_limit", 429, 0),
        ("rate_limit_bare", 429, 0),
        ("server_error", 500, 0),
        ("bad_gateway_html", 502, 0),
        ("commit_then_500", 500, 1),
        ("hibernating", 200, 0),
        ("maintenance", 503, 0),
        ("partial_result", 200, 1),
        ("login_page", 200, 0),
        ("truncated", 201, 1),
        ("accepted_202", 202, 0),
        ("unauthorized", 401, 0),
        ("forbidden", 403, 0),
        ("business_rule_abort", 403, 0),
        ("data_policy", 403, 0),
    ],
)
def test_a_fault_hits_one_call_and_leaves_what_it_says(
    sandbox: SandboxProcess, integration: Caller, kind: str, status: int, records: int
) -> None:
    sandbox.fault(kind)
    assert post(integration).status_code == status
    assert len(sandbox.records("incident")) == records
    assert post(integration).status_code == 201


@pytest.mark.parametrize(("kind", "records"), [("reset", 0), ("lose_answer", 1), ("cut_off", 1)])
def test_a_dropped_connection_leaves_what_it_says(
    sandbox: SandboxProcess, integration: Caller, kind: str, records: int
) -> None:
    sandbox.fault(kind)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        post(integration)
    assert len(sandbox.records("incident")) == records
    assert post(integration).status_code == 201


def test_a_late_commit_comes_after_the_caller_has_gone(sandbox: SandboxProcess, integration: Caller) -> None:
    sandbox.fault("late_commit", seconds=0.6)
    with pytest.raises(requests.ReadTimeout):
        post(integration, timeout=0.2)
    assert sandbox.records("incident") == []
    time.sleep(0.7)
    assert len(sandbox.records("incident")) == 1


def test_a_late_commit_never_answers_even_those_who_wait(
    sandbox: SandboxProcess, integration: Caller
) -> None:
    sandbox.fault("late_commit", seconds=0.3)
    with pytest.raises(requests.ConnectionError):
        post(integration)
    assert len(sandbox.records("incident")) == 1


def test_a_reset_of_the_instance_cancels_commits_that_are_late(
    sandbox: SandboxProcess, integration: Caller
) -> None:
    sandbox.fault("late_commit", seconds=0.5)
    with pytest.raises(requests.ReadTimeout):
        post(integration, timeout=0.1)
    sandbox.reset()
    time.sleep(0.6)
    assert sandbox.records("incident") == []


def test_rate_limit_says_how_long_to_wait(sandbox: SandboxProcess, integration: Caller) -> None:
    sandbox.fault("rate_limit", seconds=7)
    answer = post(integration)
    assert answer.headers["Retry-After"] == "7"
    assert {"X-RateLimit-Limit", "X-RateLimit-Reset", "X-RateLimit-Rule"} <= set(answer.headers)


@pytest.mark.parametrize("kind", ["latency", "response_time"])
def test_what_takes_time_answers_in_the_end(sandbox: SandboxProcess, integration: Caller, kind: str) -> None:
    sandbox.fault(kind, seconds=0.3)
    started = time.monotonic()
    assert post(integration).status_code == 201
    assert time.monotonic() - started >= 0.3


def test_hidden_rows_are_missing_but_counted(sandbox: SandboxProcess, integration: Caller) -> None:
    row = integration.create("incident")
    sandbox.fault("acl_hidden", method="GET", times=2)
    answer = integration.ask("GET", "table/incident")
    assert (answer.json()["result"], answer.headers["X-Total-Count"]) == ([], "1")
    assert integration.ask("GET", f"table/incident/{row['sys_id']}").status_code == 404
    assert integration.ask("GET", f"table/incident/{row['sys_id']}").status_code == 200


def test_a_wrong_date_is_in_the_header_alone(sandbox: SandboxProcess, integration: Caller) -> None:
    sandbox.fault("wrong_date", seconds=3 * 365 * 86_400)
    answer = post(integration)
    said = parsedate_to_datetime(answer.headers["Date"])
    assert said.year - int(answer.json()["result"]["sys_created_on"][:4]) in (2, 3)
    assert abs(parsedate_to_datetime(post(integration).headers["Date"]) - said).days > 1000


@pytest.mark.parametrize("kind", ["row_is_no_record", "row_without_sys_id"])
def test_one_row_of_a_list_is_none(sandbox: SandboxProcess, integration: Caller, kind: str) -> None:
    whole = [integration.create("incident"), integration.create("incident")]
    sandbox.fault(kind, method="GET")
    rows = integration.ask("GET", "table/incident").json()["result"]
    ids = [row.get("sys_id") for row in rows if isinstance(row, dict)]
    assert len(rows) == 2
    assert len({*ids} & {row["sys_id"] for row in whole}) == 1


def test_a_replica_that_is_behind_misses_new_records(sandbox: SandboxProcess, integration: Caller) -> None:
    integration.create("incident")
    sandbox.fault("read_lag", method="GET", seconds=30)
    assert integration.rows("incident") == []
    assert len(integration.rows("incident")) == 1


def test_faults_of_the_token_address_spare_the_rest(sandbox: SandboxProcess, integration: Caller) -> None:
    sandbox.fault("unauthorized", route="token")
    assert post(integration).status_code == 201
    form = {"grant_type": "client_credentials", "client_id": "scoredesk", "client_secret": "scoredesk-secret"}
    answer = requests.post(f"{sandbox.url}/oauth_token.do", data=form, timeout=5)
    assert (answer.status_code, answer.json()["error"]) == (401, "server_error")


def test_a_developer_instance_may_also_send_its_callers_away(
    sandbox: SandboxProcess, integration: Caller
) -> None:
    sandbox.fault("hibernating_redirect", route="token")
    answer = requests.post(f"{sandbox.url}/oauth_token.do", data={}, timeout=5, allow_redirects=False)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("https://developer.servicenow.com/")


def test_a_cancelled_transaction_ends_its_list_with_an_error(
    sandbox: SandboxProcess, integration: Caller
) -> None:
    for _ in range(4):
        sandbox.create("incident")
    sandbox.fault("partial_result", method="GET")
    answer = integration.ask("GET", "table/incident")
    body = answer.json()
    assert (answer.status_code, len(body["result"]), body["status"]) == (200, 2, "failure")
    assert body["error"]["message"] == "Transaction cancelled: maximum execution time exceeded"


@pytest.mark.parametrize(
    ("route", "address"),
    [
        ("stats", "/api/now/stats/incident"),
        ("meta", "/api/now/ui/meta/incident"),
        ("attachment", "/api/now/attachment"),
        ("change", "/api/sn_chg_rest/change"),
        ("authorize", "/oauth_auth.do"),
        ("login", "/login.do"),
        ("page", "/"),
    ],
)
def test_every_route_can_be_hit_by_its_name(
    sandbox: SandboxProcess, integration: Caller, route: str, address: str
) -> None:
    sandbox.clear()
    sandbox.fault("bad_gateway_html", route=route, method="GET", times=2)
    statuses = [integration.http.get(f"{sandbox.url}{address}", timeout=5).status_code for _ in range(3)]
    assert statuses[:2] == [502, 502]
    assert statuses[2] != 502
    assert sandbox.requests()["by_route"][route] == 3


def test_a_fault_hits_as_many_calls_as_it_says(sandbox: SandboxProcess, integration: Caller) -> None:
    sandbox.fault("server_error", times=2)
    assert sandbox.pending_faults()[0]["times"] == 2
    assert [post(integration).status_code for _ in range(3)] == [500, 500, 201]
    assert sandbox.pending_faults() == []


def test_a_rule_names_the_table_of_the_call(sandbox: SandboxProcess, integration: Caller) -> None:
    sandbox.fault("business_rule_abort", route="change")
    answer = integration.http.post(f"{sandbox.url}/api/sn_chg_rest/change", json={}, timeout=5)
    assert "against file 'change_request'" in answer.json()["error"]["detail"]


def test_chances_are_drawn_the_same_way_each_time(sandbox: SandboxProcess, integration: Caller) -> None:
    runs = []
    for _ in range(2):
        sandbox.clear()
        sandbox.fault("server_error", times=20, probability=0.5, seed=4)
        runs.append([post(integration).status_code for _ in range(12)])
    assert runs[0] == runs[1]
    assert set(runs[0]) == {201, 500}


def test_clear_lets_all_go_well_again(sandbox: SandboxProcess, integration: Caller) -> None:
    sandbox.fault("server_error", times=100)
    sandbox.clear()
    assert post(integration).status_code == 201


def test_an_unknown_kind_is_refused(sandbox: SandboxProcess) -> None:
    with pytest.raises(AssertionError, match="Unknown kind 'flood'"):
        sandbox.fault("flood")
