"""The Attachment API."""

import json
from typing import Any

import pytest

from tests.sandbox.conftest import Caller
from tests.sandbox_process import SandboxProcess

TEXT = {"Content-Type": "text/plain"}


@pytest.fixture
def record(sandbox: SandboxProcess) -> dict[str, str]:
    return sandbox.create("incident", short_description="with files")


def attach(caller: Caller, record: dict[str, str], name: str = "a b.txt", body: bytes = b"content") -> Any:
    place = {"table_name": "incident", "table_sys_id": record["sys_id"], "file_name": name}
    return caller.ask("POST", "attachment/file", params=place, data=body, headers=TEXT)


def test_a_file_becomes_a_row_about_it(integration: Caller, record: dict[str, str]) -> None:
    answer = attach(integration, record)
    row = answer.json()["result"]
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{integration.url}/api/now/attachment/{row['sys_id']}"
    assert (row["file_name"], row["content_type"], row["size_bytes"]) == ("a b.txt", "text/plain", "7")
    assert (row["table_name"], row["table_sys_id"]) == ("incident", record["sys_id"])
    assert row["hash"] == "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"
    assert row["download_link"] == f"{integration.url}/api/now/attachment/{row['sys_id']}/file"


def test_the_bytes_come_back_with_their_row_in_a_header(integration: Caller, record: dict[str, str]) -> None:
    row = attach(integration, record, body=b"\x00\xff").json()["result"]
    answer = integration.ask("GET", f"attachment/{row['sys_id']}/file")
    assert (answer.content, answer.headers["Content-Type"]) == (b"\x00\xff", "text/plain")
    assert json.loads(answer.headers["X-Attachment-Metadata"]) == row


def test_a_form_may_carry_the_file(integration: Caller, record: dict[str, str]) -> None:
    form = {"table_name": "incident", "table_sys_id": record["sys_id"]}
    files = {"uploadFile": ("plan.pdf", b"%PDF", "application/pdf")}
    row = integration.ask("POST", "v1/attachment/upload", data=form, files=files).json()["result"]
    assert (row["file_name"], row["content_type"], row["size_bytes"]) == ("plan.pdf", "application/pdf", "4")


def test_files_are_listed_by_query_and_by_name(integration: Caller, record: dict[str, str]) -> None:
    for name in ("one.txt", "two.txt"):
        attach(integration, record, name)
    by_query = integration.ask("GET", "attachment", params={"sysparm_query": "file_name=two.txt"})
    assert [row["file_name"] for row in by_query.json()["result"]] == ["two.txt"]
    place = {"table_name": "incident", "table_sys_id": record["sys_id"], "sysparm_limit": "1"}
    by_name = integration.ask("GET", "attachment", params=place)
    assert (len(by_name.json()["result"]), by_name.headers["X-Total-Count"]) == (1, "2")


def test_a_deleted_file_is_gone(integration: Caller, record: dict[str, str]) -> None:
    sys_id = attach(integration, record).json()["result"]["sys_id"]
    assert integration.ask("DELETE", f"attachment/{sys_id}").status_code == 204
    assert integration.ask("GET", f"attachment/{sys_id}").status_code == 404
    assert integration.ask("GET", f"attachment/{sys_id}/file").status_code == 404


def test_there_is_no_second_version(integration: Caller) -> None:
    answer = integration.ask("GET", "v2/attachment")
    assert answer.json()["error"]["message"] == "Requested URI does not represent any resource"
    assert integration.ask("GET", "v1/attachment").status_code == 200


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"table_name": "nonsense"}, 400), ({"table_sys_id": "0" * 32}, 403), ({"file_name": ""}, 400)],
)
def test_a_file_needs_a_record_and_a_name(
    integration: Caller, record: dict[str, str], changes: dict[str, str], status: int
) -> None:
    place = {"table_name": "incident", "table_sys_id": record["sys_id"], "file_name": "a", **changes}
    assert integration.ask("POST", "attachment/file", params=place, data=b"x").status_code == status


def test_files_follow_the_rights_to_their_record(
    sandbox: SandboxProcess, admin: Caller, integration: Caller, record: dict[str, str]
) -> None:
    sys_id = attach(admin, record).json()["result"]["sys_id"]
    (user,) = sandbox.records("sys_user", user_name="m365.integration")
    sandbox.change("sys_user", user["sys_id"], roles="")
    assert attach(integration, record).status_code == 403
    assert integration.ask("GET", f"attachment/{sys_id}").status_code == 404
    assert integration.ask("GET", "attachment").json()["result"] == []


def test_more_than_the_instance_takes_is_refused(integration: Caller, record: dict[str, str]) -> None:
    answer = attach(integration, record, body=b"x" * 10_485_761)
    assert answer.status_code == 400
    assert "Rejected large REST payload" in answer.json()["error"]["message"]


def test_other_methods_are_refused(integration: Caller, record: dict[str, str]) -> None:
    sys_id = attach(integration, record).json()["result"]["sys_id"]
    for method, address in (
        ("POST", "attachment"),
        ("PUT", f"attachment/{sys_id}"),
        ("POST", f"attachment/{sys_id}/file"),
        ("PUT", "attachment/file"),
        ("PUT", "attachment/upload"),
    ):
        assert integration.ask(method, address).status_code == 405, address
    assert integration.ask("POST", "attachment/upload").status_code == 400
