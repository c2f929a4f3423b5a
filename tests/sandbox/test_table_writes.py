"""What the Table API takes: values of every kind, display values, overrides, stamps."""

from typing import Any

import pytest

from tests.sandbox.conftest import Caller
from tests.sandbox_process import SandboxProcess

CHOSEN = "0123456789abcdef0123456789abcdef"
USER = "3d1ef2a94f0a4b6bb2ff0ba5d3c0a365"
SHOWN = {"sysparm_input_display_value": "true", "sysparm_exclude_reference_link": "true"}


def update(
    caller: Caller, fields: dict[str, Any], method: str = "PATCH", **parameters: str
) -> dict[str, Any]:
    answer = caller.ask(method, f"table/incident/{CHOSEN}", json=fields, params=parameters)
    assert answer.status_code == 200, answer.text
    row: dict[str, Any] = answer.json()["result"]
    return row


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_put_and_patch_both_leave_the_other_fields(integration: Caller, method: str) -> None:
    integration.create("incident", sys_id=CHOSEN, short_description="A", description="B")
    row = update(integration, {"short_description": "C"}, method)
    assert (row["short_description"], row["description"]) == ("C", "B")


@pytest.mark.parametrize(("meant", "status"), [("PATCH", 200), ("PUT", 200), ("DELETE", 204), ("GET", 200)])
def test_a_post_can_stand_for_another_method(admin: Caller, meant: str, status: int) -> None:
    admin.create("incident", sys_id=CHOSEN)
    headers = {"X-HTTP-Method-Override": meant}
    answer = admin.ask("POST", f"table/incident/{CHOSEN}", headers=headers, json={"short_description": "B"})
    assert answer.status_code == status


def test_a_body_can_be_spared(integration: Caller) -> None:
    headers = {"X-no-response-body": "true"}
    made = integration.ask("POST", "table/incident", headers=headers, json={"sys_id": CHOSEN})
    assert (made.status_code, made.headers["Content-Length"], made.content) == (201, "0", b"")
    assert made.headers["Location"].endswith(CHOSEN)
    changed = integration.ask("PATCH", f"table/incident/{CHOSEN}", headers=headers, json={})
    assert (changed.status_code, changed.content) == (200, b"")


def test_of_an_array_only_the_first_record_counts(sandbox: SandboxProcess, integration: Caller) -> None:
    many = [{"short_description": "first"}, {"short_description": "second"}]
    assert integration.ask("POST", "table/incident", json=many).status_code == 201
    assert [row["short_description"] for row in sandbox.records("incident")] == ["first"]


def test_an_empty_object_makes_a_record(integration: Caller) -> None:
    assert integration.ask("POST", "table/incident", json={}).status_code == 201


def test_parameters_of_reading_shape_the_answer_to_a_write(integration: Caller) -> None:
    shown = {"sysparm_display_value": "all", "sysparm_fields": "number,state"}
    answer = integration.ask("POST", "table/incident", json={"state": "2"}, params=shown)
    assert answer.json()["result"] == {
        "number": {"display_value": "INC0010001", "value": "INC0010001"},
        "state": {"display_value": "In Progress", "value": "2"},
    }


def test_inputs_can_be_display_values(integration: Caller) -> None:
    given = {"state": "In Progress", "caller_id": "Hana Mori", "due_date": "2026-07-13 17:28:40"}
    row = integration.ask("POST", "table/incident", json={**given, "order": "1,000"}, params=SHOWN).json()
    raw = {name: row["result"][name] for name in ("state", "caller_id", "due_date", "order")}
    assert raw == {
        "state": "2",
        "caller_id": "5f2d7c1e4b8a4f0f9d6e2a1b3c4d5e6f",
        "due_date": "2026-07-14 00:28:40",
        "order": "1000",
    }


def test_inputs_are_raw_and_in_utc_otherwise(integration: Caller) -> None:
    row = integration.create("incident", state="In Progress", due_date="2026-07-14 00:28:40")
    assert (row["state"], row["due_date"]) == ("In Progress", "2026-07-14 00:28:40")


@pytest.mark.parametrize(
    ("field", "given", "stored"),
    [
        ("due_date", "2026-07-14", "2026-07-14 00:00:00"),
        ("due_date", "tomorrow", ""),
        ("order", "many", ""),
        ("order", "-3", "-3"),
        ("knowledge", "1", "true"),
        ("knowledge", "perhaps", "false"),
        ("watch_list", ["a@b.example", "c@d.example"], "a@b.example,c@d.example"),
        ("short_description", 7, "7"),
    ],
)
def test_values_are_kept_as_their_field_can(
    integration: Caller, field: str, given: object, stored: str
) -> None:
    assert integration.create("incident", **{field: given})[field] == stored


def test_an_object_for_a_reference_becomes_the_start_of_its_java_text(integration: Caller) -> None:
    link = {"link": "https://instance.service-now.com/api/now/table/sys_user/1", "value": "1"}
    value = integration.create("incident", caller_id=link)["caller_id"]["value"]
    assert value == "{link=https://instance.service-n"


def test_stamps_are_the_instances_own(integration: Caller) -> None:
    stolen = {"sys_created_by": "somebody", "sys_mod_count": "9", "sys_updated_on": "2001-01-01 00:00:00"}
    row = integration.create("incident", **stolen, sys_class_name="problem")
    assert (row["sys_created_by"], row["sys_mod_count"]) == ("m365.integration", "0")
    assert row["sys_updated_on"] > "2026"
    assert row["sys_class_name"] == "incident"


def test_stamps_can_be_left_alone(admin: Caller) -> None:
    admin.create("incident", sys_id=CHOSEN)
    given = {"short_description": "B", "sys_updated_on": "2001-01-01 00:00:00"}
    row = update(admin, given, sysparm_suppress_auto_sys_field="true")
    assert (row["sys_updated_on"], row["sys_mod_count"]) == ("2001-01-01 00:00:00", "0")


def test_each_change_counts_once_and_is_stamped_to_the_second(integration: Caller) -> None:
    integration.create("incident", sys_id=CHOSEN)
    for count in ("1", "2"):
        row = update(integration, {"short_description": f"{count}"})
        assert row["sys_mod_count"] == count
    assert len(row["sys_updated_on"]) == len("2026-07-14 00:28:40")


def test_a_repeated_note_is_written_again(integration: Caller) -> None:
    integration.create("incident", sys_id=CHOSEN)
    for _ in range(2):
        update(integration, {"work_notes": "same"})
    notes = integration.rows("sys_journal_field", f"element_id={CHOSEN}")
    assert [note["value"] for note in notes] == ["same", "same"]


def test_fields_that_may_not_be_written_are_silently_left_out(
    sandbox: SandboxProcess, integration: Caller
) -> None:
    sandbox.settings(unwritable_fields="correlation_id, requested_by_date")
    row = integration.create("change_request", correlation_id="k", requested_by_date="2026-01-01 00:00:00")
    assert (row["correlation_id"], row["requested_by_date"]) == ("", "")


def test_a_body_that_is_declared_as_something_else_is_415(integration: Caller) -> None:
    answer = integration.ask("POST", "table/incident", data={"short_description": "A"})
    assert answer.status_code == 415


def test_any_table_takes_records_from_an_administrator(admin: Caller) -> None:
    row = admin.create("problem", short_description="A", sys_id=CHOSEN)
    assert (row["number"], row["state"], row["sys_class_name"]) == ("PRB0040001", "101", "problem")
    company = admin.create("core_company", name="Example")
    user = admin.create("sys_user", user_name="a", company=company["sys_id"])
    assert admin.rows("sys_user", f"sys_id={user['sys_id']}^company.name=example")


def test_a_task_is_changed_and_deleted_through_its_parent(admin: Caller) -> None:
    admin.create("incident", sys_id=CHOSEN)
    assert admin.ask("PATCH", f"table/task/{CHOSEN}", json={"short_description": "B"}).status_code == 200
    assert admin.rows("incident")[0]["short_description"] == "B"
    assert admin.ask("DELETE", f"table/task/{CHOSEN}").status_code == 204
    assert admin.rows("incident") == []
