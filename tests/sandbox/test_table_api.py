import pytest

from tests.sandbox.conftest import Caller
from tests.sandbox_process import SandboxProcess

CHOSEN = "0123456789abcdef0123456789abcdef"
FAILURE = "failure"


def test_a_new_incident_has_the_defaults_of_a_real_one(integration: Caller) -> None:
    row = integration.create("incident", short_description="A")
    expected = {
        "number": "INC0010001", "state": "1", "incident_state": "1", "impact": "3", "urgency": "3", "priority": "5",
        "category": "inquiry", "notify": "1", "approval": "not requested", "active": "true", "sys_mod_count": "0",
        "sys_class_name": "incident", "caller_id": "", "sys_created_by": "m365.integration",
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected
    assert integration.create("incident")["number"] == "INC0010002"


def test_every_value_is_text(integration: Caller) -> None:
    row = integration.create("incident", knowledge=True, order=7, short_description=None)
    assert (row["knowledge"], row["order"], row["short_description"]) == ("true", "7", "")
    assert all(isinstance(value, str | dict) for value in row.values())


def test_a_new_change_has_the_defaults_of_a_real_one(integration: Caller) -> None:
    row = integration.create("change_request", short_description="A", priority="2")
    expected = {
        "number": "CHG0030001",
        "state": "-5",
        "type": "normal",
        "priority": "2",
        "phase": "requested",
    }
    assert {name: row[name] for name in expected} == expected
    assert row["chg_model"]["value"] == "007c4001c343101035ae3f52c1d3aeb2"
    assert row["requested_by"] == row["opened_by"]


@pytest.mark.parametrize(
    ("impact", "urgency", "priority"), [("1", "1", "1"), ("2", "1", "2"), ("2", "3", "4")]
)
def test_priority_of_an_incident_follows_impact_and_urgency(
    integration: Caller, impact: str, urgency: str, priority: str
) -> None:
    assert (
        integration.create("incident", impact=impact, urgency=urgency, priority="5")["priority"] == priority
    )


def test_a_chosen_sys_id_is_honoured_once(integration: Caller) -> None:
    assert integration.create("incident", sys_id=CHOSEN)["sys_id"] == CHOSEN
    again = integration.ask("POST", "table/incident", json={"sys_id": CHOSEN})
    assert again.status_code == 403
    assert again.json()["error"]["message"] == "Operation Failed"
    assert "Unique Key violation" in again.json()["error"]["detail"]


def test_a_chosen_sys_id_is_ignored_where_the_instance_says_so(
    sandbox: SandboxProcess, integration: Caller
) -> None:
    sandbox.settings(honour_sys_id=False)
    assert integration.create("incident", sys_id=CHOSEN)["sys_id"] != CHOSEN


def test_text_is_cut_to_its_field_and_unknown_keys_are_ignored(integration: Caller) -> None:
    given = {
        "short_description": "a" * 200,
        "description": "b" * 5000,
        "correlation_id": "c" * 200,
        "nonsense": "d",
    }
    row = integration.create("incident", **given)
    assert [len(row[name]) for name in ("short_description", "description", "correlation_id")] == [
        160,
        4000,
        100,
    ]
    assert "nonsense" not in row


def test_create_answers_with_the_address_of_the_record_in_the_version_asked_for(integration: Caller) -> None:
    answer = integration.ask("POST", "v1/table/incident", json={"sys_id": CHOSEN})
    assert answer.headers["Location"] == f"{integration.url}/api/now/v1/table/incident/{CHOSEN}"
    assert len(answer.headers["X-Transaction-ID"]) == 12
    assert answer.headers["Content-Type"] == "application/json;charset=UTF-8"
    assert "Date" in answer.headers


def test_a_change_of_a_record_counts_and_stamps_it(integration: Caller) -> None:
    integration.create("incident", sys_id=CHOSEN)
    row = integration.ask("PATCH", f"table/incident/{CHOSEN}", json={"short_description": "B"}).json()[
        "result"
    ]
    assert (row["short_description"], row["sys_mod_count"]) == ("B", "1")
    same = integration.ask("PUT", f"table/incident/{CHOSEN}", json={"short_description": "B"}).json()[
        "result"
    ]
    assert same["sys_mod_count"] == "1"


def test_task_shows_incidents_and_changes(integration: Caller) -> None:
    integration.create("incident", correlation_id="k")
    integration.create("change_request", correlation_id="k")
    query = "sys_class_nameINchange_request,incident^correlation_id=k^ORDERBYnumber"
    rows = integration.rows("task", query, sysparm_fields="number,sys_class_name")
    assert [row["sys_class_name"] for row in rows] == ["change_request", "incident"]


def test_missing_records_and_tables_have_their_own_words(integration: Caller) -> None:
    missing = integration.ask("GET", f"table/incident/{CHOSEN}")
    detail = "Record doesn't exist or ACL restricts the record retrieval"
    assert (missing.status_code, missing.json()) == (
        404,
        {"error": {"message": "No Record found", "detail": detail}, "status": FAILURE},
    )
    table = integration.ask("GET", "table/x_scdsk_m365ticket_connection")
    message = "Invalid table x_scdsk_m365ticket_connection"
    assert (table.status_code, table.json()) == (
        400,
        {"error": {"message": message, "detail": None}, "status": FAILURE},
    )
    assert integration.ask("GET", "nonsense").json()["error"]["message"].startswith("Requested URI")


def test_an_empty_list_is_404_in_version_1_only(integration: Caller) -> None:
    assert integration.ask("GET", "v1/table/incident").status_code == 404
    assert integration.ask("GET", "v2/table/incident").json() == {"result": []}
    assert integration.ask("GET", "table/incident").json() == {"result": []}


def test_without_credentials_the_answer_is_401_in_servicenows_words(stranger: Caller) -> None:
    answer = stranger.ask("GET", "table/incident")
    error = {"message": "User Not Authenticated", "detail": "Required to provide Auth information"}
    assert (answer.status_code, answer.json()) == (401, {"error": error, "status": FAILURE})
    assert answer.headers["WWW-Authenticate"] == 'BASIC realm="Service-now"'


def test_a_bad_token_is_401_for_bearer(stranger: Caller) -> None:
    answer = stranger.ask("GET", "table/incident", headers={"Authorization": "Bearer nonsense"})
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'BEARER realm="Service-now"')


def test_the_integration_user_may_not_delete_nor_read_the_dictionary(integration: Caller) -> None:
    integration.create("incident", sys_id=CHOSEN)
    answer = integration.ask("DELETE", f"table/incident/{CHOSEN}")
    assert answer.json()["error"]["detail"] == "ACL Exception Delete Failed due to security constraints"
    for table in ("sys_dictionary", "sys_properties", "oauth_entity"):
        assert integration.ask("GET", f"table/{table}").status_code == 403


def test_an_administrator_may_delete(admin: Caller) -> None:
    admin.create("incident", sys_id=CHOSEN)
    assert admin.ask("DELETE", f"table/incident/{CHOSEN}").status_code == 204
    assert admin.rows("incident") == []


def test_choices_can_be_closed_to_the_integration_user(sandbox: SandboxProcess, integration: Caller) -> None:
    query = "name=incident^element=state^ORDERBYsequence"
    assert [row["label"] for row in integration.rows("sys_choice", query)][:2] == ["New", "In Progress"]
    sandbox.settings(choices_readable=False)
    assert integration.ask("GET", "table/sys_choice").status_code == 403


def test_a_body_that_is_not_json_is_400(integration: Caller) -> None:
    answer = integration.ask("POST", "table/incident", data="{")
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, "Exception while reading request")


def test_a_body_above_ten_megabytes_is_refused(integration: Caller) -> None:
    answer = integration.ask("POST", "table/incident", data=b" " * 10_485_761)
    assert answer.status_code == 400
    assert "Max allowed: 10485760 bytes" in answer.json()["error"]["message"]


def test_display_values_and_links_follow_the_parameters(integration: Caller) -> None:
    integration.create("incident", sys_id=CHOSEN)
    user = "3d1ef2a94f0a4b6bb2ff0ba5d3c0a365"
    link = f"{integration.url}/api/now/table/sys_user/{user}"
    name = "Microsoft 365 Integration"

    def shown(display: str, links: str) -> list[object]:
        given = {"sysparm_display_value": display, "sysparm_exclude_reference_link": links}
        fields = {"sysparm_fields": "state,opened_by,nonsense", **given}
        row = integration.ask("GET", f"table/incident/{CHOSEN}", params=fields).json()["result"]
        return list(row.values())

    assert shown("false", "false") == ["1", {"link": link, "value": user}]
    assert shown("false", "true") == ["1", user]
    assert shown("true", "true") == ["New", name]
    assert shown("all", "true") == [
        {"display_value": "New", "value": "1"},
        {"display_value": name, "value": user},
    ]


def test_display_dates_are_in_the_time_zone_of_the_user(sandbox: SandboxProcess, integration: Caller) -> None:
    sandbox.create("incident", sys_id=CHOSEN, due_date="2026-07-14 00:28:40")
    given = {"sysparm_display_value": "all", "sysparm_fields": "due_date"}
    row = integration.ask("GET", f"table/incident/{CHOSEN}", params=given).json()["result"]
    assert row["due_date"] == {"display_value": "2026-07-13 17:28:40", "value": "2026-07-14 00:28:40"}


def test_pages_are_linked_and_counted(integration: Caller) -> None:
    for _ in range(5):
        integration.create("incident")
    given = {"sysparm_limit": 2, "sysparm_offset": 2, "sysparm_query": "ORDERBYnumber"}
    answer = integration.ask("GET", "table/incident", params=given)
    assert [row["number"] for row in answer.json()["result"]] == ["INC0010003", "INC0010004"]
    assert answer.headers["X-Total-Count"] == "5"
    assert list(answer.links) == ["first", "prev", "next", "last"]
    assert "sysparm_offset=4" in answer.links["last"]["url"]
    assert "Link" not in integration.ask("GET", "table/incident").headers


def test_work_notes_are_kept_in_the_journal(integration: Caller) -> None:
    integration.create("incident", sys_id=CHOSEN, work_notes="first")
    row = integration.ask("PATCH", f"table/incident/{CHOSEN}", json={"work_notes": "second"}).json()["result"]
    assert (row["work_notes"], row["sys_mod_count"]) == ("", "1")
    notes = integration.rows(
        "sys_journal_field", f"element_id={CHOSEN}^element=work_notes^ORDERBYsys_created_on"
    )
    assert [note["value"] for note in notes] == ["first", "second"]
