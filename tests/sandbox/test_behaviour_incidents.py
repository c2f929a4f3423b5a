"""Incidents: the priority matrix, states and their ends, reopening."""

import pytest

from tests.sandbox.conftest import Caller
from tests.sandbox_process import SandboxProcess

CHOSEN = "0123456789abcdef0123456789abcdef"
ADDRESS = f"table/incident/{CHOSEN}"
MATRIX = {
    ("1", "1"): "1", ("1", "2"): "2", ("1", "3"): "3", ("2", "1"): "2", ("2", "2"): "3", ("2", "3"): "4",
    ("3", "1"): "3", ("3", "2"): "4", ("3", "3"): "5",
}  # fmt: skip
NEWER = ("Duplicate", "Known error", "No resolution provided", "Resolved by change", "Solution provided")
OLDER = (
    "Solved (Work Around)",
    "Solved (Permanently)",
    "Not Solved (Too Costly)",
    "Closed/Resolved by Caller",
)


@pytest.mark.parametrize(("levels", "priority"), MATRIX.items())
def test_the_matrix_overwrites_every_priority_written(
    integration: Caller, levels: tuple[str, str], priority: str
) -> None:
    impact, urgency = levels
    row = integration.create("incident", sys_id=CHOSEN, impact=impact, urgency=urgency)
    assert row["priority"] == priority
    written = integration.ask("PATCH", ADDRESS, json={"priority": "1"}).json()["result"]
    assert written["priority"] == priority


@pytest.mark.parametrize(
    ("older", "codes", "strange"), [(False, NEWER, OLDER), (True, OLDER, NEWER)], ids=["newer", "older"]
)
def test_close_codes_are_those_of_the_list(
    sandbox: SandboxProcess, integration: Caller, older: bool, codes: list[str], strange: list[str]
) -> None:
    sandbox.settings(old_close_codes=older)
    for code in codes:
        sys_id = integration.create("incident")["sys_id"]
        done = {"state": "6", "close_code": code, "close_notes": "Done"}
        assert integration.ask("PATCH", f"table/incident/{sys_id}", json=done).status_code == 200
    for code in strange:
        done = {"state": "6", "close_code": code, "close_notes": "Done"}
        sys_id = integration.create("incident")["sys_id"]
        refused = integration.ask("PATCH", f"table/incident/{sys_id}", json=done)
        assert refused.json()["error"]["detail"].endswith("mandatory: Resolution code")


def test_a_customers_own_close_code_is_good(sandbox: SandboxProcess, integration: Caller) -> None:
    own = {"name": "incident", "element": "close_code", "value": "Magic", "label": "Magic"}
    sandbox.create("sys_choice", **own)
    integration.create("incident", sys_id=CHOSEN)
    done = {"state": "6", "close_code": "Magic", "close_notes": "Done"}
    assert integration.ask("PATCH", ADDRESS, json=done).status_code == 200


def test_resolving_says_who_when_and_how_long_it_took(sandbox: SandboxProcess, integration: Caller) -> None:
    sandbox.create("incident", sys_id=CHOSEN, opened_at="2026-01-01 00:00:00")
    done = {"state": "6", "close_code": "Solution provided", "close_notes": "Done"}
    row = integration.ask("PATCH", ADDRESS, json=done).json()["result"]
    assert row["resolved_by"]["value"] == "3d1ef2a94f0a4b6bb2ff0ba5d3c0a365"
    assert int(row["calendar_stc"]) > 86_400
    assert row["calendar_duration"] == row["business_duration"] != ""
    assert (row["closed_at"], row["active"]) == ("", "true")


def test_reopening_counts_and_forgets_the_resolution(integration: Caller) -> None:
    done = {"state": "6", "close_code": "Solution provided", "close_notes": "Done"}
    integration.create("incident", sys_id=CHOSEN, **done)
    row = integration.ask("PATCH", ADDRESS, json={"state": "2"}).json()["result"]
    assert (row["reopen_count"], row["close_code"], row["resolved_at"]) == ("1", "", "")
    assert row["reopened_time"] != ""


@pytest.mark.parametrize("field", ["state", "incident_state"])
def test_state_and_incident_state_are_one(integration: Caller, field: str) -> None:
    integration.create("incident", sys_id=CHOSEN)
    row = integration.ask("PATCH", ADDRESS, json={field: "3", "hold_reason": "1"}).json()["result"]
    assert (row["state"], row["incident_state"], row["hold_reason"]) == ("3", "3", "1")


def test_leaving_on_hold_forgets_its_reason(integration: Caller) -> None:
    integration.create("incident", sys_id=CHOSEN, state="3", hold_reason="1")
    assert integration.ask("PATCH", ADDRESS, json={"state": "2"}).json()["result"]["hold_reason"] == ""


def test_handing_over_is_counted(integration: Caller) -> None:
    integration.create("incident", sys_id=CHOSEN, assigned_to="8a4c6e2f0b1d4c3e9f7a5b6c7d8e9f01")
    given = {"assigned_to": "5f2d7c1e4b8a4f0f9d6e2a1b3c4d5e6f"}
    assert integration.ask("PATCH", ADDRESS, json=given).json()["result"]["reassignment_count"] == "1"


def test_a_comment_of_somebody_else_leaves_it_on_hold(integration: Caller) -> None:
    integration.create("incident", sys_id=CHOSEN, state="3", caller_id="5f2d7c1e4b8a4f0f9d6e2a1b3c4d5e6f")
    row = integration.ask("PATCH", ADDRESS, json={"comments": "Any news?"}).json()["result"]
    assert row["state"] == "3"
