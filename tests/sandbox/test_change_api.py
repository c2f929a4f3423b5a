"""The Change Management API."""

import json
from typing import Any

import pytest
import requests

from tests.sandbox.conftest import Caller
from tests.sandbox_process import SandboxProcess

NORMAL_MODEL = "007c4001c343101035ae3f52c1d3aeb2"
TEMPLATE = "508e02ec47410200e90d87e8dee49058"
Record = dict[str, Any]


def ask(caller: Caller, method: str, path: str = "", **options: Any) -> requests.Response:
    return caller.http.request(method, f"{caller.url}/api/sn_chg_rest/change{path}", timeout=5, **options)


def done(caller: Caller, method: str, path: str = "", **options: Any) -> Any:
    answer = ask(caller, method, path, **options)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def refusal(answer: requests.Response) -> tuple[int, str, str]:
    error = answer.json()["error"]
    return answer.status_code, error["message"], error["detail"]


@pytest.fixture
def change(integration: Caller) -> Record:
    made: Record = done(integration, "POST", "/normal", json={"short_description": "asked for"})
    return made


@pytest.fixture
def group(sandbox: SandboxProcess) -> str:
    """A group in which the administrator is a member, so that they are asked to approve."""
    group = sandbox.create("sys_user_group", name="Approvers")["sys_id"]
    (admin,) = sandbox.records("sys_user", user_name="admin")
    sandbox.create("sys_user_grmember", group=group, user=admin["sys_id"])
    return group


def test_a_change_is_made_with_200_and_typed_values(change: Record) -> None:
    assert change["short_description"] == {"display_value": "asked for", "value": "asked for"}
    assert change["state"] == {"display_value": "New", "value": -5}
    assert change["active"] == {"display_value": "true", "value": True}
    assert change["chg_model"] == {"display_value": "Normal", "value": NORMAL_MODEL}
    assert set(change["sys_created_on"]) == {"display_value", "value", "display_value_internal"}
    assert change["__meta"] == {"ignoredFields": []}


def test_names_that_mean_nothing_are_told(integration: Caller) -> None:
    made = done(integration, "POST", "", json={"short_description": "a", "nonsense": "b"})
    assert made["__meta"] == {"ignoredFields": ["nonsense"]}


@pytest.mark.parametrize(
    ("path", "body", "kind"),
    [("", {}, "normal"), ("", {"type": "emergency"}, "emergency"), ("/emergency", {}, "emergency"),
     ("", {"type": "nonsense"}, "normal"), (f"/standard/{TEMPLATE}", {}, "standard")],
)  # fmt: skip
def test_the_address_or_the_body_says_which_type(
    integration: Caller, path: str, body: dict[str, str], kind: str
) -> None:
    assert done(integration, "POST", path, json=body)["type"]["value"] == kind


def test_a_template_fills_a_standard_change(integration: Caller) -> None:
    made = done(integration, "POST", f"/standard/{TEMPLATE}", json={"description": "mine"})
    assert made["short_description"]["value"] == "Renew a certificate"
    assert made["description"]["value"] == "mine"
    assert made["std_change_producer_version"]["value"] == TEMPLATE
    unknown = ask(integration, "POST", f"/standard/{'0' * 32}", json={})
    assert unknown.status_code == 404


def test_what_a_template_forbids_is_left_out(sandbox: SandboxProcess, integration: Caller) -> None:
    sandbox.settings(standard_change_read_only="description, correlation_id")
    sent = {"description": "mine", "correlation_id": "k", "short_description": "Kept"}
    made = done(integration, "POST", f"/standard/{TEMPLATE}", json=sent)
    assert made["description"]["value"] == "Request, install, check the expiry."
    assert (made["correlation_id"]["value"], made["short_description"]["value"]) == ("", "Kept")
    assert made["__meta"] == {"ignoredFields": ["correlation_id", "description"]}


def test_a_list_ends_with_an_element_about_the_query(sandbox: SandboxProcess, integration: Caller) -> None:
    for number in range(12):
        sandbox.create("change_request", short_description=str(number))
    asked = {"sysparm_limit": "10", "sysparm_query": "active=true", "sysparm_fields": "number,nonsense"}
    answer = ask(integration, "GET", params=asked)
    listed = answer.json()["result"]
    assert len(listed) == 11
    assert listed[-1] == {
        "__meta": {"encodedQuery": "active=true", "fields": {"applied": ["number"], "ignored": ["nonsense"]}}
    }
    assert list(listed[0]) == ["number"]
    assert "X-Total-Count" not in answer.headers


def test_a_list_by_type_has_that_type_only(integration: Caller, change: Record) -> None:
    done(integration, "POST", "/emergency", json={})
    assert [row["type"]["value"] for row in done(integration, "GET", "/normal")[:-1]] == ["normal"]
    assert ask(integration, "GET", f"/emergency/{change['sys_id']['value']}").status_code == 404
    assert ask(integration, "GET", f"/normal/{change['sys_id']['value']}").status_code == 200


def test_a_state_may_be_named(integration: Caller, change: Record, group: str) -> None:
    path = f"/{change['sys_id']['value']}"
    moved = done(integration, "PATCH", path, json={"state": "assess", "assignment_group": group})
    assert moved["state"] == {"display_value": "Assess", "value": -4}


def test_a_move_without_its_conditions_is_refused_with_the_transition_as_text(
    integration: Caller, change: Record
) -> None:
    answer = ask(integration, "PATCH", f"/{change['sys_id']['value']}", json={"state": "assess"})
    status, message, detail = refusal(answer)
    assert (status, message) == (400, "Change Request cannot move to state: assess")
    (move,) = json.loads(detail)
    assert move["transition_available"] is False
    assert move["conditions"][0]["condition"]["name"] == "Assignment group is not empty"


def test_a_move_that_the_model_does_not_have_is_refused(integration: Caller, change: Record) -> None:
    answer = ask(integration, "PATCH", f"/{change['sys_id']['value']}", json={"state": "closed"})
    assert refusal(answer)[:2] == (400, "Change Request cannot move to state: closed")


def test_the_next_states_are_told(integration: Caller, change: Record) -> None:
    told = done(integration, "GET", f"/{change['sys_id']['value']}/nextstates")
    assert told["available_states"] == ["-5", "4"]
    assert [move[0]["to_state"] for move in told["state_transitions"]] == ["-4", "4"]
    assert told["state_label"]["-4"] == "Assess"


@pytest.mark.parametrize(("decision", "state"), [("approved", -3), ("rejected", -5)])
def test_who_is_asked_decides(
    integration: Caller, admin: Caller, change: Record, group: str, decision: str, state: int
) -> None:
    path = f"/{change['sys_id']['value']}"
    done(integration, "PATCH", path, json={"state": "assess", "assignment_group": group})
    decided = done(admin, "PATCH", f"{path}/approvals", json={"state": decision})
    assert decided["state"]["value"] == state


def test_who_is_not_asked_cannot_decide(integration: Caller, change: Record) -> None:
    answer = ask(integration, "PATCH", f"/{change['sys_id']['value']}/approvals", json={"state": "approved"})
    assert refusal(answer) == (400, "Change Request approval could not be processed.", "")


def test_tasks_belong_to_their_change(integration: Caller, change: Record) -> None:
    path = f"/{change['sys_id']['value']}/task"
    made = done(integration, "POST", path, json={"short_description": "step one"})
    assert made["number"]["value"].startswith("CTASK")
    assert made["change_request"]["value"] == change["sys_id"]["value"]
    assert len(done(integration, "GET", path)) == 2
    one = f"{path}/{made['sys_id']['value']}"
    assert done(integration, "PATCH", one, json={"state": "1"})["state"]["value"] == 1
    assert refusal(ask(integration, "GET", f"{path}/nothing")) == (404, "Change Task not found", "")


@pytest.mark.parametrize("what", ["conflict", "schedule/first_available"])
def test_plans_need_a_configuration_item(
    sandbox: SandboxProcess, integration: Caller, change: Record, what: str
) -> None:
    sys_id = change["sys_id"]["value"]
    assert refusal(ask(integration, "GET", f"/{sys_id}/{what}")) == (400, "cmdb_ci not found", "")
    sandbox.change("change_request", sys_id, cmdb_ci="a" * 32)
    assert ask(integration, "GET", f"/{sys_id}/{what}").status_code == 200


def test_a_search_for_conflicts_finds_none(
    sandbox: SandboxProcess, integration: Caller, change: Record
) -> None:
    sys_id = change["sys_id"]["value"]
    sandbox.change("change_request", sys_id, cmdb_ci="a" * 32)
    found = done(integration, "POST", f"/{sys_id}/conflict")
    assert (found["status"]["value"], found["conflicts"]) == ("No Conflict", [])


def test_models_and_templates_are_listed(integration: Caller) -> None:
    models = done(integration, "GET", "/model")[:-1]
    assert "Normal" in [model["name"]["value"] for model in models]
    assert done(integration, "GET", f"/model/{NORMAL_MODEL}")["name"]["value"] == "Normal"
    assert TEMPLATE in [row["sys_id"]["value"] for row in done(integration, "GET", "/standard/template")]
    assert done(integration, "GET", f"/standard/template/{TEMPLATE}")["sys_id"]["value"] == TEMPLATE
    for missing in ("/model/nothing", "/standard/template/nothing", "/nothing", "/nothing/nextstates"):
        assert ask(integration, "GET", missing).status_code == 404


def test_an_administrator_may_delete_and_the_integration_user_may_not(
    admin: Caller, integration: Caller, change: Record
) -> None:
    path = f"/{change['sys_id']['value']}"
    assert refusal(ask(integration, "DELETE", path))[0] == 403
    assert ask(admin, "DELETE", path).status_code == 204
    assert refusal(ask(admin, "GET", path)) == (404, "Change Request not found", "")


def test_rights_and_methods_are_checked(
    sandbox: SandboxProcess, stranger: Caller, integration: Caller
) -> None:
    assert ask(stranger, "GET").status_code == 401
    assert ask(integration, "PUT").status_code == 405
    assert ask(integration, "POST", "/model").status_code == 405
    (user,) = sandbox.records("sys_user", user_name="m365.integration")
    sandbox.change("sys_user", user["sys_id"], roles="")
    assert ask(integration, "POST", "", json={}).status_code == 403


def test_version_1_is_the_same(integration: Caller, change: Record) -> None:
    url = f"{integration.url}/api/sn_chg_rest/v1/change/{change['sys_id']['value']}"
    assert integration.http.get(url, timeout=5).status_code == 200
