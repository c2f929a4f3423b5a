"""Users, roles and what access rules make of a call."""

import pytest

from tests.sandbox.conftest import Caller
from tests.sandbox_process import SandboxProcess

CHOSEN = "0123456789abcdef0123456789abcdef"
USER = "3d1ef2a94f0a4b6bb2ff0ba5d3c0a365"


@pytest.fixture
def roleless(sandbox: SandboxProcess, integration: Caller) -> Caller:
    """The integration user without `itil`."""
    sandbox.change("sys_user", USER, roles="")
    return integration


def test_without_itil_only_ones_own_tasks_are_seen(sandbox: SandboxProcess, roleless: Caller) -> None:
    sandbox.create("incident", number="OWN", caller_id=USER)
    sandbox.create("incident", number="OTHER")
    answer = roleless.ask("GET", "table/incident")
    assert [row["number"] for row in answer.json()["result"]] == ["OWN"]
    assert answer.headers["X-Total-Count"] == "2"


@pytest.mark.parametrize(("method", "deed"), [("POST", "Insert"), ("PATCH", "Update"), ("DELETE", "Delete")])
def test_without_itil_nothing_is_written(
    sandbox: SandboxProcess, roleless: Caller, method: str, deed: str
) -> None:
    sandbox.create("incident", sys_id=CHOSEN, caller_id=USER)
    record = "" if method == "POST" else f"/{CHOSEN}"
    answer = roleless.ask(method, f"table/incident{record}", json={"short_description": "B"})
    detail = f"ACL Exception {deed} Failed due to security constraints"
    assert (answer.status_code, answer.json()["error"]) == (
        403,
        {"message": "Operation Failed", "detail": detail},
    )


def test_without_itil_look_up_tables_are_closed(roleless: Caller) -> None:
    for table in ("sys_user", "sys_choice", "sys_journal_field"):
        answer = roleless.ask("GET", f"table/{table}")
        assert (answer.status_code, answer.json()["error"]["detail"]) == (
            403,
            "Failed API level ACL Validation",
        )


def test_a_web_service_only_user_works_as_any_other_over_rest(
    sandbox: SandboxProcess, integration: Caller
) -> None:
    sandbox.change("sys_user", USER, web_service_access_only="true")
    assert integration.ask("POST", "table/incident", json={}).status_code == 201


@pytest.mark.parametrize("change", [{"locked_out": "true"}, {"active": "false"}])
def test_who_is_locked_out_or_inactive_is_not_authenticated(
    sandbox: SandboxProcess, integration: Caller, change: dict[str, str]
) -> None:
    sandbox.change("sys_user", USER, **change)
    assert integration.ask("GET", "table/incident").status_code == 401


def test_closed_incidents_are_for_administrators(
    sandbox: SandboxProcess, integration: Caller, admin: Caller
) -> None:
    sandbox.create("incident", sys_id=CHOSEN, state="7", closed_at="2026-01-01 00:00:00")
    assert integration.ask("PATCH", f"table/incident/{CHOSEN}", json={"state": "1"}).status_code == 403
    row = admin.ask("PATCH", f"table/incident/{CHOSEN}", json={"state": "1"}).json()["result"]
    assert (row["state"], row["active"], row["closed_by"]) == ("1", "true", "")
    assert row["closed_at"] != ""


def test_fields_that_may_not_be_read_are_absent(sandbox: SandboxProcess, integration: Caller) -> None:
    integration.create("incident", sys_id=CHOSEN, caller_id=USER)
    sandbox.settings(unreadable_fields="email, close_notes")
    row = integration.ask("GET", f"table/incident/{CHOSEN}").json()["result"]
    assert "close_notes" not in row
    wanted = {"sysparm_fields": "caller_id.email,caller_id.name"}
    walked = integration.ask("GET", f"table/incident/{CHOSEN}", params=wanted).json()["result"]
    assert walked == {"caller_id.name": "Microsoft 365 Integration"}


@pytest.mark.parametrize("query", ["close_notesISEMPTY", "caller_id.email=x", "ORDERBYclose_notes"])
def test_a_query_by_an_unreadable_field_is_refused_or_older_ignored(
    sandbox: SandboxProcess, integration: Caller, admin: Caller, query: str
) -> None:
    integration.create("incident")
    sandbox.settings(unreadable_fields="email, close_notes")
    refused = integration.ask("GET", "table/incident", params={"sysparm_query": query})
    assert (refused.status_code, refused.json()["error"]) == (
        403,
        {
            "message": "Insufficient rights to query records",
            "detail": "Field(s) present in the query do not have permission to be read",
        },
    )
    assert admin.ask("GET", "table/incident", params={"sysparm_query": query}).status_code == 200
    sandbox.settings(unreadable_field_query="ignored")
    assert len(integration.rows("incident", query)) == 1
