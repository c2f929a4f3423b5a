"""The Import Set API."""

from typing import Any

import pytest

from tests.sandbox.conftest import Caller
from tests.sandbox_process import SandboxProcess


def bring_in(caller: Caller, staging: str = "u_imp_incident", **fields: str) -> Any:
    answer = caller.ask("POST", f"import/{staging}", json=fields)
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_new_row_is_inserted(sandbox: SandboxProcess, integration: Caller) -> None:
    done = bring_in(integration, u_short_description="brought in", correlation_id="one")
    (outcome,) = done["result"]
    (row,) = sandbox.records("incident")
    assert done["import_set"].startswith("ISET")
    assert done["staging_table"] == "u_imp_incident"
    assert (outcome["table"], outcome["status"], outcome["sys_id"]) == ("incident", "inserted", row["sys_id"])
    assert (outcome["display_name"], outcome["display_value"]) == ("number", row["number"])
    assert outcome["record_link"].endswith(f"/api/now/table/incident/{row['sys_id']}")
    assert row["short_description"] == "brought in"


def test_a_known_correlation_id_changes_its_record(sandbox: SandboxProcess, integration: Caller) -> None:
    first = bring_in(integration, short_description="before", correlation_id="one")["result"][0]
    again = bring_in(integration, short_description="after", correlation_id="one")["result"][0]
    (row,) = sandbox.records("incident")
    assert (again["status"], again["sys_id"]) == ("updated", first["sys_id"])
    assert row["short_description"] == "after"


def test_a_row_that_changes_nothing_is_ignored(integration: Caller) -> None:
    bring_in(integration, short_description="same", correlation_id="one")
    outcome = bring_in(integration, short_description="same", correlation_id="one")["result"][0]
    assert (outcome["status"], outcome["status_message"]) == ("ignored", "No field values changed")


def test_rows_without_a_correlation_id_never_meet(sandbox: SandboxProcess, integration: Caller) -> None:
    for _ in range(2):
        bring_in(integration, short_description="same")
    assert len(sandbox.records("incident")) == 2


def test_a_row_that_fails_is_told_with_201(sandbox: SandboxProcess, integration: Caller) -> None:
    outcome = bring_in(integration, "u_imp_change_request", state="3")["result"][0]
    assert outcome["status"] == "error"
    assert "The following fields are mandatory" in outcome["error_message"]
    assert sandbox.records("change_request") == []


def test_a_chosen_id_does_not_reach_the_target(integration: Caller) -> None:
    assert bring_in(integration, sys_id="a" * 32)["result"][0]["sys_id"] != "a" * 32


def test_many_rows_are_brought_in_without_a_word_about_each(
    sandbox: SandboxProcess, integration: Caller
) -> None:
    body = {"records": [{"short_description": "one"}, {"short_description": "two"}]}
    answer = integration.ask("POST", "import/u_imp_incident/insertMultiple", json=body)
    assert (answer.status_code, sorted(answer.json())) == (201, ["import_set_id", "multi_import_set_id"])
    assert len(sandbox.records("incident")) == 2


@pytest.mark.parametrize("body", [{}, {"records": "all"}, {"records": [1]}])
def test_many_rows_must_be_a_list(integration: Caller, body: object) -> None:
    assert integration.ask("POST", "import/u_imp_incident/insertMultiple", json=body).status_code == 400


def test_refusals(sandbox: SandboxProcess, integration: Caller, stranger: Caller) -> None:
    assert stranger.ask("POST", "import/u_imp_incident", json={}).status_code == 401
    assert (
        integration.ask("POST", "import/nonsense", json={}).json()["error"]["message"]
        == "Invalid table nonsense"
    )
    assert integration.ask("GET", "import/u_imp_incident").status_code == 405
    assert integration.ask("GET", f"import/u_imp_incident/{'0' * 32}").status_code == 404
    (user,) = sandbox.records("sys_user", user_name="m365.integration")
    sandbox.change("sys_user", user["sys_id"], roles="")
    assert integration.ask("POST", "import/u_imp_incident", json={}).status_code == 403
