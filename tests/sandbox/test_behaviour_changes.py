"""Changes: legal moves, approvals, On hold, closing."""

import pytest
import requests

from tests.sandbox.conftest import Caller
from tests.sandbox_process import Row, SandboxProcess

CHANGE = "0123456789abcdef0123456789abcdef"
BRAM, HANA = "8a4c6e2f0b1d4c3e9f7a5b6c7d8e9f01", "5f2d7c1e4b8a4f0f9d6e2a1b3c4d5e6f"
NEW, ASSESS, AUTHORIZE, SCHEDULED, IMPLEMENT, REVIEW, CLOSED, CANCELED = (
    "-5", "-4", "-3", "-2", "-1", "0", "3", "4",
)  # fmt: skip
DONE = {"close_code": "successful", "close_notes": "Done"}
LEGAL = {
    "normal": ((NEW, ASSESS), (ASSESS, AUTHORIZE), (AUTHORIZE, SCHEDULED), (SCHEDULED, IMPLEMENT),
               (IMPLEMENT, REVIEW), (REVIEW, CLOSED), (ASSESS, NEW), (AUTHORIZE, NEW)),
    "standard": ((NEW, SCHEDULED), (SCHEDULED, IMPLEMENT), (IMPLEMENT, REVIEW), (REVIEW, CLOSED)),
    "emergency": ((NEW, AUTHORIZE), (AUTHORIZE, SCHEDULED), (REVIEW, CLOSED)),
}  # fmt: skip
MOVES = [(kind, *move) for kind, moves in LEGAL.items() for move in moves]
ILLEGAL = (
    ("normal", NEW, SCHEDULED), ("normal", NEW, CLOSED), ("normal", SCHEDULED, NEW), ("normal", CLOSED, NEW),
    ("normal", CLOSED, CANCELED), ("standard", NEW, ASSESS), ("emergency", NEW, ASSESS), ("normal", CANCELED, NEW),
)  # fmt: skip


def move(caller: Caller, state: str, **more: str) -> requests.Response:
    return caller.ask("PATCH", f"table/change_request/{CHANGE}", json={"state": state, **more})


def approvals(sandbox: SandboxProcess, state: str = "requested") -> list[Row]:
    return sandbox.records("sysapproval_approver", sysapproval=CHANGE, state=state)


def change(sandbox: SandboxProcess) -> Row:
    (row,) = sandbox.records("change_request", sys_id=CHANGE)
    return row


@pytest.mark.parametrize(("kind", "start", "end"), MOVES)
def test_a_legal_move_is_made(
    sandbox: SandboxProcess, integration: Caller, kind: str, start: str, end: str
) -> None:
    sandbox.create("change_request", sys_id=CHANGE, state=start)
    sandbox.change("change_request", CHANGE, type=kind)
    assert move(integration, end, **(DONE if end == CLOSED else {})).status_code == 200


@pytest.mark.parametrize(("kind", "start", "end"), ILLEGAL)
def test_an_illegal_move_is_aborted_by_the_state_rule(
    sandbox: SandboxProcess, integration: Caller, kind: str, start: str, end: str
) -> None:
    sandbox.create("change_request", sys_id=CHANGE, state=start)
    sandbox.change("change_request", CHANGE, type=kind)
    refused = move(integration, end, **DONE)
    rule = "Change Model: Check State Transition"
    detail = (
        f"Operation against file 'change_request' was aborted by Business Rule '{rule}^"
        f"2bc2b41f5323001033ae7c9f7f2ab1c5'. Business Rule Stack:{rule}"
    )
    assert (refused.status_code, refused.json()["error"]) == (
        403,
        {"message": "Operation Failed", "detail": detail},
    )
    assert change(sandbox)["state"] == start


@pytest.mark.parametrize("state", [NEW, ASSESS, AUTHORIZE, SCHEDULED, IMPLEMENT])
def test_a_change_can_be_cancelled_from_anywhere_before_its_end(
    sandbox: SandboxProcess, integration: Caller, state: str
) -> None:
    sandbox.create("change_request", sys_id=CHANGE, state=state)
    assert move(integration, CANCELED).json()["result"]["active"] == "false"
    assert approvals(sandbox) == []


def test_a_new_change_may_start_anywhere(integration: Caller) -> None:
    assert integration.create("change_request", state=IMPLEMENT)["state"] == IMPLEMENT


def test_a_model_may_ask_for_an_assignment_group_first(sandbox: SandboxProcess, integration: Caller) -> None:
    sandbox.settings(assignment_group_required=True)
    integration.create("change_request", sys_id=CHANGE)
    assert move(integration, ASSESS).status_code == 403
    assert move(integration, ASSESS, assignment_group="b1c2d3e4f5a64788990a1b2c3d4e5f60").status_code == 200


def test_priority_of_a_change_is_its_own(integration: Caller) -> None:
    row = integration.create("change_request", priority="3", impact="2")
    assert (row["priority"], row["impact"]) == ("3", "2")


@pytest.mark.parametrize("code", ["", "done", "Solution provided"])
def test_closing_wants_a_code_of_the_list(sandbox: SandboxProcess, integration: Caller, code: str) -> None:
    sandbox.create("change_request", sys_id=CHANGE, state=REVIEW)
    refused = move(integration, CLOSED, close_code=code, close_notes="Done")
    detail = "Data Policy Exception: \n\tThe following fields are mandatory: Close code"
    assert (refused.status_code, refused.json()["error"]["detail"]) == (403, detail)


def test_approvals_carry_a_change_from_assess_to_scheduled(sandbox: SandboxProcess) -> None:
    sandbox.create("change_request", sys_id=CHANGE)
    sandbox.change("change_request", CHANGE, state=ASSESS)
    assert change(sandbox)["approval"] == "requested"
    (peer,) = approvals(sandbox)
    assert peer["approver"] == BRAM
    sandbox.change("sysapproval_approver", peer["sys_id"], state="approved")
    assert change(sandbox)["state"] == AUTHORIZE
    (board,) = approvals(sandbox)
    assert board["approver"] == HANA
    sandbox.change("sysapproval_approver", board["sys_id"], state="approved")
    assert (change(sandbox)["state"], change(sandbox)["approval"]) == (SCHEDULED, "approved")
    assert approvals(sandbox) == []


def test_the_assignment_group_is_asked_and_one_answer_of_it_will_do(sandbox: SandboxProcess) -> None:
    desk = "b1c2d3e4f5a64788990a1b2c3d4e5f60"
    sandbox.create("change_request", sys_id=CHANGE, assignment_group=desk, state=ASSESS)
    first, second = approvals(sandbox)
    assert {first["approver"], second["approver"]} == {BRAM, HANA}
    sandbox.change("sysapproval_approver", first["sys_id"], state="approved")
    assert approvals(sandbox, "not_required")[0]["sys_id"] == second["sys_id"]


@pytest.mark.parametrize("state", [ASSESS, AUTHORIZE])
def test_a_rejection_sends_the_change_back_to_new(sandbox: SandboxProcess, state: str) -> None:
    sandbox.create("change_request", sys_id=CHANGE, state=state)
    sandbox.change("sysapproval_approver", approvals(sandbox)[0]["sys_id"], state="rejected")
    assert (change(sandbox)["state"], change(sandbox)["approval"]) == (NEW, "rejected")
    assert approvals(sandbox) == []


def test_only_the_approver_or_an_administrator_answers(
    sandbox: SandboxProcess, integration: Caller, admin: Caller
) -> None:
    sandbox.create("change_request", sys_id=CHANGE, state=ASSESS)
    address = f"table/sysapproval_approver/{approvals(sandbox)[0]['sys_id']}"
    assert integration.ask("PATCH", address, json={"state": "approved"}).status_code == 403
    shown = {"sysparm_display_value": "true", "sysparm_exclude_reference_link": "true"}
    row = integration.ask("GET", address, params=shown).json()["result"]
    assert (row["state"], row["approver"], row["sysapproval"]) == ("Requested", "Bram Visser", "CHG0030001")
    assert admin.ask("PATCH", address, json={"state": "approved"}).status_code == 200
    assert change(sandbox)["state"] == AUTHORIZE


@pytest.mark.parametrize(("button", "state"), [("approve", AUTHORIZE), ("reject", NEW)])
def test_a_person_answers_on_the_page(sandbox: SandboxProcess, button: str, state: str) -> None:
    sandbox.create("change_request", sys_id=CHANGE, state=ASSESS)
    with requests.Session() as browser:
        browser.trust_env = False
        form = {"user_name": "admin", "user_password": "admin"}
        browser.post(f"{sandbox.url}/login.do", data=form, timeout=5)
        address = f"{sandbox.url}/sysapproval_approver_list.do"
        page = browser.get(address, timeout=5).text
        assert "CHG0030001" in page
        key = page.partition('name="sysparm_ck" value="')[2].partition('"')[0]
        answer = {"sys_id": approvals(sandbox)[0]["sys_id"], "answer": button}
        assert browser.post(address, data=answer, timeout=5).status_code == 403
        done = browser.post(address, data={**answer, "sysparm_ck": key}, timeout=5)
        assert "The request is" in done.text
    assert change(sandbox)["state"] == state


def test_on_hold_withdraws_approvals_and_its_end_asks_again(
    sandbox: SandboxProcess, integration: Caller
) -> None:
    sandbox.create("change_request", sys_id=CHANGE, state=ASSESS)
    held = {"on_hold": "true", "on_hold_reason": "Freeze"}
    integration.ask("PATCH", f"table/change_request/{CHANGE}", json=held)
    assert len(approvals(sandbox, "not_required")) == 1
    integration.ask("PATCH", f"table/change_request/{CHANGE}", json={"on_hold": "false"})
    assert len(approvals(sandbox)) == 1
    assert change(sandbox)["on_hold_reason"] == ""
