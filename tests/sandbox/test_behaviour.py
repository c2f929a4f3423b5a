import pytest
import requests

from tests.sandbox.conftest import Caller
from tests.sandbox_process import SandboxProcess


def patch(caller: Caller, table: str, sys_id: str, **fields: str) -> requests.Response:
    return caller.ask("PATCH", f"table/{table}/{sys_id}", json=fields)


def test_resolving_an_incident_needs_code_and_notes(integration: Caller) -> None:
    sys_id = integration.create("incident")["sys_id"]
    refused = patch(integration, "incident", sys_id, state="6", close_code="Solved (Permanently)")
    detail = "Data Policy Exception: \n\tThe following fields are mandatory: Resolution code, Close notes"
    assert (refused.status_code, refused.json()["error"]["detail"]) == (403, detail)
    done = {"state": "6", "close_code": "Solution provided", "close_notes": "Done"}
    row = patch(integration, "incident", sys_id, **done).json()["result"]
    assert (row["incident_state"], row["active"], row["resolved_at"] != "") == ("6", "true", True)


def test_a_resolved_incident_can_be_reopened(sandbox: SandboxProcess) -> None:
    sys_id = sandbox.create("incident", state="6")["sys_id"]
    row = sandbox.change("incident", sys_id, state="2")
    assert (row["reopen_count"], row["resolved_at"], row["active"]) == ("1", "", "true")


def test_a_closed_incident_is_not_active(sandbox: SandboxProcess) -> None:
    sys_id = sandbox.create("incident")["sys_id"]
    row = sandbox.change("incident", sys_id, state="7")
    assert (row["active"], row["closed_at"] != "", row["incident_state"]) == ("false", True, "7")


def test_an_answer_of_the_caller_ends_the_wait(sandbox: SandboxProcess, integration: Caller) -> None:
    (me,) = sandbox.records("sys_user", user_name="m365.integration")
    sys_id = sandbox.create("incident", state="3", hold_reason="1", caller_id=me["sys_id"])["sys_id"]
    row = patch(integration, "incident", sys_id, comments="Here you are").json()["result"]
    assert (row["state"], row["hold_reason"]) == ("2", "")


def test_a_change_cannot_jump(integration: Caller) -> None:
    sys_id = integration.create("change_request")["sys_id"]
    refused = patch(integration, "change_request", sys_id, state="-1")
    assert refused.status_code == 403
    assert (
        "aborted by Business Rule 'Change Model: Check State Transition^" in refused.json()["error"]["detail"]
    )
    assert patch(integration, "change_request", sys_id, state="-4").json()["result"]["state"] == "-4"


def test_a_held_change_can_only_be_cancelled(sandbox: SandboxProcess, integration: Caller) -> None:
    sys_id = sandbox.create("change_request", on_hold="true", on_hold_reason="Freeze")["sys_id"]
    assert patch(integration, "change_request", sys_id, state="-4").status_code == 403
    assert patch(integration, "change_request", sys_id, state="4").json()["result"]["active"] == "false"


def test_closing_a_change_needs_code_and_notes(sandbox: SandboxProcess, integration: Caller) -> None:
    sys_id = sandbox.create("change_request", state="0")["sys_id"]
    assert patch(integration, "change_request", sys_id, state="3").status_code == 403
    done = {"state": "3", "close_code": "unsuccessful", "close_notes": "Rolled back"}
    assert patch(integration, "change_request", sys_id, **done).json()["result"]["active"] == "false"


def test_a_type_without_its_model_ends_as_normal(integration: Caller) -> None:
    assert integration.create("change_request", type="standard")["type"] == "normal"


@pytest.fixture(scope="module")
def kingston() -> object:
    with SandboxProcess(profile="legacy") as process:
        yield process


def test_the_legacy_profile_is_older_in_all_its_ways(kingston: SandboxProcess) -> None:
    form = {"grant_type": "client_credentials", "client_id": "scoredesk", "client_secret": "scoredesk-secret"}
    assert requests.post(f"{kingston.url}/oauth_token.do", data=form, timeout=5).status_code == 401
    caller = Caller(kingston.url, kingston.token())
    change = caller.create("change_request", type="standard")
    assert (change["type"], change["chg_model"]) == ("standard", "")
    codes = caller.rows("sys_choice", "name=incident^element=close_code", sysparm_fields="value")
    assert {"value": "Solved (Permanently)"} in codes
    caller.http.close()
