"""What the list filter asks about a table: columns and choices."""

from typing import Any

from tests.sandbox.conftest import Caller
from tests.sandbox_process import INTEGRATION_USER, SandboxProcess


def columns(caller: Caller, table: str) -> dict[str, Any]:
    answer = caller.ask("GET", f"ui/meta/{table}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["result"]["columns"]
    return found


def labels(column: dict[str, Any]) -> dict[str, str]:
    return {choice["value"]: choice["label"] for choice in column["choices"]}


def test_every_column_is_there_by_name_with_its_choices(integration: Caller) -> None:
    of_change = columns(integration, "change_request")
    assert labels(of_change["state"])["-4"] == "Assess"
    assert (of_change["state"]["name"], of_change["state"]["type"]) == ("state", "choice")
    assert of_change["short_description"]["max_length"] == 160
    assert of_change["assignment_group"]["reference"] == "sys_user_group"
    assert "choices" not in of_change["short_description"]
    assert labels(columns(integration, "incident")["close_code"])[""] == "-- None --"


def test_labels_are_as_customised_and_in_the_language_of_the_user(
    sandbox: SandboxProcess, integration: Caller
) -> None:
    [choice] = sandbox.records("sys_choice", name="change_request", element="state", value="-4")
    sandbox.change("sys_choice", choice["sys_id"], label="Under review")
    assert labels(columns(integration, "change_request")["state"])["-4"] == "Under review"
    sandbox.settings(languages="en,ja")
    [user] = sandbox.records("sys_user", user_name=INTEGRATION_USER[0])
    sandbox.change("sys_user", user["sys_id"], preferred_language="ja")
    assert labels(columns(integration, "change_request")["state"])["-5"] == "新規"


def test_closed_choices_leave_this_way_open_unless_it_is_closed_too(
    sandbox: SandboxProcess, integration: Caller, admin: Caller
) -> None:
    sandbox.settings(choices_readable=False)
    assert "state" in columns(integration, "incident")
    sandbox.settings(meta_readable=False)
    assert integration.ask("GET", "ui/meta/incident").status_code == 403
    assert "state" in columns(admin, "incident")


def test_fields_closed_to_the_user_are_left_out(sandbox: SandboxProcess, integration: Caller) -> None:
    sandbox.settings(unreadable_fields="close_code")
    assert "close_code" not in columns(integration, "incident")


def test_what_is_no_table_or_may_not_be_read_is_refused(integration: Caller, stranger: Caller) -> None:
    assert integration.ask("GET", "ui/meta/no_such_table").status_code == 400
    assert integration.ask("GET", "ui/meta/sys_dictionary").status_code == 403
    assert integration.ask("POST", "ui/meta/incident", json={}).status_code == 405
    assert stranger.ask("GET", "ui/meta/incident").status_code == 401
