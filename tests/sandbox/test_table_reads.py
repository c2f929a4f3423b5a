"""What the Table API shows: key sets, display values, references, dotted paths, journals, headers."""

import gzip

import pytest
import requests

from sandbox.servicenow.dictionary import tables
from tests.sandbox.conftest import Caller
from tests.sandbox_process import SandboxProcess

CHOSEN = "0123456789abcdef0123456789abcdef"
USER = "3d1ef2a94f0a4b6bb2ff0ba5d3c0a365"
DISPLAYED = {"sysparm_display_value": "true", "sysparm_exclude_reference_link": "true"}


def one(caller: Caller, table: str, sys_id: str = CHOSEN, **parameters: str) -> dict[str, object]:
    answer = caller.ask("GET", f"table/{table}/{sys_id}", params=parameters)
    assert answer.status_code == 200, answer.text
    row: dict[str, object] = answer.json()["result"]
    return row


@pytest.mark.parametrize(("table", "count"), [("incident", 92), ("change_request", 104)])
def test_a_record_has_all_its_keys_in_the_order_of_a_real_one(
    integration: Caller, table: str, count: int
) -> None:
    row = integration.create(table)
    assert list(row) == list(tables()[table].fields)
    assert len(row) == count


def test_an_incident_begins_and_ends_as_in_recordings(integration: Caller) -> None:
    names = list(integration.create("incident"))
    assert names[:5] == ["parent", "made_sla", "caused_by", "watch_list", "upon_reject"]
    assert names[-5:] == ["escalation", "upon_approval", "correlation_id", "location", "category"]


@pytest.mark.parametrize("version", ["", "v1/", "v2/"])
def test_links_repeat_the_version_that_was_asked_for(integration: Caller, version: str) -> None:
    integration.create("incident", sys_id=CHOSEN)
    row = integration.ask("GET", f"{version}table/incident/{CHOSEN}").json()["result"]
    assert row["opened_by"]["link"] == f"{integration.url}/api/now/{version}table/sys_user/{USER}"
    assert row["sys_domain"]["link"] == f"{integration.url}/api/now/{version}table/sys_user_group/global"


def test_dotted_paths_are_shown_when_they_are_asked_for(integration: Caller) -> None:
    integration.create("incident", sys_id=CHOSEN, caller_id=USER)
    wanted = "caller_id.email,caller_id.manager.name,opened_by.sys_domain,caller_id.nonsense,nonsense.name"
    row = one(integration, "incident", sysparm_fields=wanted)
    assert row == {
        "caller_id.email": "m365.integration@example.com",
        "caller_id.manager.name": "",
        "opened_by.sys_domain": {
            "link": f"{integration.url}/api/now/table/sys_user_group/global",
            "value": "global",
        },
    }


def test_display_value_all_wraps_every_field(integration: Caller) -> None:
    integration.create("incident", sys_id=CHOSEN)
    row = one(integration, "incident", sysparm_display_value="ALL")
    assert all(isinstance(value, dict) and {"display_value", "value"} <= set(value) for value in row.values())
    assert row["sys_id"] == {"display_value": CHOSEN, "value": CHOSEN}
    assert row["sys_class_name"] == {"display_value": "Incident", "value": "incident"}


def test_display_values_are_those_that_people_see(sandbox: SandboxProcess, integration: Caller) -> None:
    fields = {
        "order": "102197",
        "calendar_duration": "1970-01-02 04:23:17",
        "watch_list": f"{USER},a@b.example",
    }
    sandbox.create("incident", sys_id=CHOSEN, **fields)
    row = one(integration, "incident", **DISPLAYED)
    assert row["order"] == "102,197"
    assert row["calendar_duration"] == "1 Day 4 Hours 23 Minutes"
    assert row["watch_list"] == "Microsoft 365 Integration, a@b.example"
    assert (row["sla_due"], row["due_date"]) == ("UNKNOWN", "")


def test_moments_follow_the_readers_own_zone_and_format(sandbox: SandboxProcess, integration: Caller) -> None:
    sandbox.create("incident", sys_id=CHOSEN, due_date="2026-07-14 00:28:40")
    sandbox.change(
        "sys_user", USER, time_zone="Asia/Tokyo", date_format="dd.MM.yyyy", time_format="hh:mm:ss a"
    )
    assert one(integration, "incident", **DISPLAYED)["due_date"] == "14.07.2026 09:28:40 AM"
    assert one(integration, "incident")["due_date"] == "2026-07-14 00:28:40"


def test_labels_follow_the_readers_language(sandbox: SandboxProcess, integration: Caller) -> None:
    sandbox.settings(languages="en,ja")
    sandbox.create("change_request", sys_id=CHOSEN, state="-4", risk="3")
    sandbox.change("sys_user", USER, preferred_language="ja")
    row = one(integration, "change_request", **DISPLAYED)
    assert (row["state"], row["risk"]) == ("評価", "Moderate")
    choices = integration.rows("sys_choice", "name=incident^element=state^value=1^ORDERBYlanguage")
    assert [choice["label"] for choice in choices] == ["New", "新規"]


def test_labels_can_be_the_customers_own(sandbox: SandboxProcess, integration: Caller) -> None:
    (new,) = sandbox.records("sys_choice", name="incident", element="state", value="1")
    sandbox.change("sys_choice", new["sys_id"], label="Logged")
    own = {"name": "incident", "element": "state", "value": "20", "label": "Parked", "language": "en"}
    sandbox.create("sys_choice", **own)
    sandbox.create("incident", sys_id=CHOSEN)
    assert one(integration, "incident", **DISPLAYED)["state"] == "Logged"
    sandbox.change("incident", CHOSEN, state="20")
    assert one(integration, "incident", **DISPLAYED)["state"] == "Parked"


def test_journals_are_empty_as_stored_and_newest_first_as_shown(integration: Caller) -> None:
    integration.create("incident", sys_id=CHOSEN, work_notes="first", comments="answer")
    integration.ask("PATCH", f"table/incident/{CHOSEN}", json={"work_notes": "second"})
    raw = one(integration, "incident")
    assert (raw["work_notes"], raw["comments_and_work_notes"]) == ("", "")
    row = one(integration, "incident", sysparm_display_value="true")
    notes = str(row["work_notes"])
    assert notes.index("second") < notes.index("first")
    assert " - Microsoft 365 Integration (Work notes)\nfirst\n\n" in notes
    assert " - Microsoft 365 Integration (Comments)\nanswer\n\n" in str(row["comments"])
    assert str(row["comments_and_work_notes"]).count("\n\n") == 3


def test_unknown_fields_are_left_out_and_no_names_mean_all(integration: Caller) -> None:
    integration.create("incident", sys_id=CHOSEN)
    assert one(integration, "incident", sysparm_fields="nonsense, number") == {"number": "INC0010001"}
    assert len(one(integration, "incident", sysparm_fields="", sysparm_view="")) == 92


def test_head_answers_as_get_without_a_body(integration: Caller) -> None:
    integration.create("incident", sys_id=CHOSEN)
    answer = integration.ask("HEAD", "table/incident", params={"sysparm_limit": "1"})
    assert (answer.status_code, answer.content, answer.headers["X-Total-Count"]) == (200, b"", "1")
    assert integration.ask("HEAD", f"table/incident/{USER}").status_code == 404


def test_answers_are_compressed_for_those_who_can_read_it(integration: Caller) -> None:
    integration.create("incident", sys_id=CHOSEN)
    headers = {"Accept-Encoding": "gzip"}
    with integration.ask("GET", "table/incident", headers=headers, stream=True) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert CHOSEN.encode() in gzip.decompress(answer.raw.read())
    plain = integration.ask("GET", "table/incident", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers


def test_headers_are_those_of_recordings(integration: Caller) -> None:
    answer = integration.ask("GET", "table/incident")
    expected = {
        "Content-Type": "application/json;charset=UTF-8",
        "X-Is-Logged-In": "true",
        "Pragma": "no-store,no-cache",
        "Cache-Control": "no-cache,no-store,must-revalidate,max-age=-1",
        "Expires": "0",
        "X-Content-Type-Options": "nosniff",
        "Server": "ServiceNow",
    }
    assert {name: answer.headers[name] for name in expected} == expected
    cookies = {"JSESSIONID", "glide_user_route", "glide_session_store", "BIGipServerpool_sandbox"}
    assert cookies <= set(answer.cookies.keys())


def test_an_address_that_is_too_long_gets_a_page(integration: Caller) -> None:
    answer = integration.ask("GET", "table/incident", params={"sysparm_query": "number=" + "x" * 10_300})
    assert answer.status_code == 414
    assert answer.text.lstrip().startswith("<")
    assert integration.ask("GET", "table/incident", params={"a": "x" * 9_900}).status_code == 200


def test_who_takes_no_json_gets_none(integration: Caller) -> None:
    answer = integration.ask("GET", "table/incident", headers={"Accept": "text/csv"})
    assert answer.status_code == 406


@pytest.mark.parametrize("accepted", ["*/*", "application/json", "text/html,application/json;q=0.9"])
def test_who_takes_json_among_others_gets_it(integration: Caller, accepted: str) -> None:
    assert integration.ask("GET", "table/incident", headers={"Accept": accepted}).status_code == 200


def test_the_release_and_the_dictionary_are_there_for_administrators(admin: Caller) -> None:
    (build,) = admin.rows("sys_properties", "name=glide.buildtag")
    assert build["value"].startswith("glide-")
    query = "name=incident^element=short_description"
    (entry,) = admin.rows("sys_dictionary", query)
    assert (entry["max_length"], entry["internal_type"]) == ("160", "string")
    (table,) = admin.rows("sys_db_object", "name=incident", sysparm_fields="super_class.name,label")
    assert table == {"super_class.name": "task", "label": "Incident"}


def test_every_method_it_does_not_know_is_405(integration: Caller) -> None:
    assert integration.ask("PUT", "table/incident", json={}).status_code == 405
    assert requests.options(f"{integration.url}/api/now/table/incident", timeout=5).status_code in (401, 405)
