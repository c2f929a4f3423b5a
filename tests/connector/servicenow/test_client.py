"""The client over the sandbox: what is promised of each call, in fair weather and foul."""

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from connector.servicenow import errors
from connector.servicenow.auth import Bearer
from connector.servicenow.client import LONGEST_ADDRESS, Client, query_value
from connector.servicenow.transport import Timeouts, Transport
from tests.connector.peer import Peer, answer
from tests.sandbox_process import SandboxProcess

FIELDS = ("sys_id", "number", "state")


@pytest.fixture
def client(sandbox: SandboxProcess) -> Client:
    def renew(refused: str) -> str:
        renewals.append(refused)
        return sandbox.token()

    renewals: list[str] = []
    way = Transport(sandbox.url, lambda: ["127.0.0.1"], Timeouts(connect=2, read=2, total=2))
    return Client(way, Bearer(sandbox.token(), renew))


def ticket(**fields: str) -> dict[str, str]:
    return {
        "short_description": "Turn it on",
        "correlation_id": str(uuid4()),
        "sys_id": uuid4().hex,
        **fields,
    }


def test_a_created_record_comes_back_as_stored_and_can_be_read(client: Client) -> None:
    asked = ticket()
    record = client.create("incident", asked)
    assert record.sys_id == asked["sys_id"]
    assert record.number.startswith("INC")
    assert record.get("correlation_id") == asked["correlation_id"]
    again = client.read("incident", record.sys_id, FIELDS)
    assert again is not None
    assert again.number == record.number


def test_what_does_not_exist_is_none_and_not_an_error(client: Client) -> None:
    assert client.read("incident", uuid4().hex) is None


def test_an_update_gives_the_record_as_it_is_now(client: Client) -> None:
    record = client.create("change_request", ticket())
    assert (
        client.update("change_request", record.sys_id, {"short_description": "Off"}).get("short_description")
        == "Off"
    )
    with pytest.raises(errors.NotFound):
        client.update("change_request", uuid4().hex, {"short_description": "Off"})


def test_records_are_found_by_our_key_and_only_by_ours(client: Client, sandbox: SandboxProcess) -> None:
    key = str(uuid4())
    client.create("incident", ticket())
    assert client.find_by_correlation_id("incident", key) == []
    made = client.create("incident", ticket(correlation_id=key))
    assert [record.sys_id for record in client.find_by_correlation_id("incident", key)] == [made.sys_id]
    sandbox.create("incident", short_description="twin", correlation_id=key)
    assert len(client.find_by_correlation_id("incident", key, ("number",))) == 2


def test_an_ignored_condition_is_an_error_and_not_an_empty_answer(client: Client) -> None:
    client.create("incident", ticket())
    # No such column on users: the instance drops the condition and gives whoever comes first.
    with pytest.raises(errors.Unreadable):
        client.find_by_correlation_id("sys_user", str(uuid4()))


def test_records_asked_for_by_id_are_those_that_exist(client: Client) -> None:
    made = [client.create("incident", ticket()).sys_id for _ in range(3)]
    page = client.by_sys_ids("incident", [*made, uuid4().hex], FIELDS)
    assert {record.sys_id for record in page.records} == set(made)
    assert page.server_at is not None
    assert abs(page.server_at - datetime.now(UTC)) < timedelta(seconds=30)


def test_batches_cover_every_id_and_fit_into_an_address(client: Client, sandbox: SandboxProcess) -> None:
    sys_ids = [uuid4().hex for _ in range(700)]
    batches = list(client.batches("incident", sys_ids, FIELDS))
    assert [one for batch in batches for one in batch] == sys_ids
    assert len(batches) <= 4
    sandbox.clear()
    client.by_sys_ids("incident", batches[0], FIELDS)
    call = sandbox.requests()["requests"][-1]
    assert LONGEST_ADDRESS - 200 < len(sandbox.url + call["path"] + "?" + call["query"]) <= LONGEST_ADDRESS


def test_a_standard_change_is_made_from_a_template_that_is_on_offer(client: Client) -> None:
    template = client.change_templates(5)[0].sys_id
    asked = ticket()
    made = client.create_from_template(template, asked)
    assert (made.sys_id, made.get("correlation_id")) == (asked["sys_id"], asked["correlation_id"])
    stored = client.read("change_request", made.sys_id)
    assert stored is not None
    assert (stored.get("type"), stored.get("std_change_producer_version")) == ("standard", template)
    with pytest.raises(errors.NotFound):
        client.create_from_template("0" * 32, asked)


def test_what_the_change_api_says_about_a_list_is_no_template() -> None:
    row = {
        "sys_id": {"display_value": "", "value": "a" * 32},
        "name": {"display_value": "Patch", "value": "Patch"},
    }
    body = json.dumps({"result": [row, {"__meta": {"encodedQuery": ""}}]}).encode()
    with Peer(answer(body)) as peer:
        assert [one.get("name") for one in client_of(peer).change_templates(5)] == ["Patch"]


def test_a_standard_change_without_a_name_may_have_been_made() -> None:
    body = b'{"result": {"__meta": {"ignoredFields": []}}}'
    with (
        Peer(answer(body)) as peer,
        pytest.raises(errors.Unreadable) as caught,
    ):
        client_of(peer).create_from_template("a" * 32, ticket())
    assert caught.value.outcome_unknown


def test_a_created_record_without_a_name_may_have_been_made() -> None:
    body = b'{"result": {"number": "INC0010001"}}'
    with (
        Peer(answer(body)) as peer,
        pytest.raises(errors.Unreadable) as caught,
    ):
        client_of(peer).create("incident", ticket())
    assert caught.value.outcome_unknown


def test_lists_are_ordered_and_limited_as_asked(client: Client) -> None:
    for number in range(3):
        client.create("incident", ticket(short_description=str(number)))
    page = client.list("incident", "", ("short_description",), 2, order_by=("short_description",))
    assert [record.get("short_description") for record in page.records] == ["0", "1"]


def test_the_integration_user_knows_itself(client: Client) -> None:
    user = client.whoami()
    assert user is not None
    assert user.get("user_name") == "m365.integration"


def test_an_expired_token_is_renewed_once_and_the_call_repeated(
    client: Client, sandbox: SandboxProcess
) -> None:
    sandbox.expire_tokens()
    assert client.create("incident", ticket()).number
    sandbox.fault("unauthorized", times=5)
    sandbox_calls = sandbox.requests()["total"]
    with pytest.raises(errors.NotAuthenticated):
        client.create("incident", ticket())
    assert sandbox.requests()["by_route"]
    assert sandbox.requests()["total"] > sandbox_calls


def test_a_stopped_instance_is_unreachable(client: Client, sandbox: SandboxProcess) -> None:
    sandbox.stop()
    with pytest.raises(errors.Unreachable):
        client.create("incident", ticket())


@pytest.mark.parametrize("value", ["a^ORstate=1", "javascript:gs.getUserID()", " JavaScript:1", "a\nb"])
def test_values_that_a_query_would_run_are_refused(value: str) -> None:
    with pytest.raises(ValueError, match="cannot stand in a ServiceNow query"):
        query_value(value)


@pytest.mark.parametrize("table", ["", "../sys_user", "incident?x", "a/b"])
def test_table_names_cannot_change_the_path(client: Client, table: str) -> None:
    with pytest.raises(ValueError, match="name of a table"):
        client.read(table, uuid4().hex)


@pytest.mark.parametrize("sys_id", ["", "1", "x" * 31 + "/", "../" + "0" * 29, "é" * 32])
def test_ids_cannot_change_the_path(client: Client, sys_id: str) -> None:
    with pytest.raises(ValueError, match="A sys_id has 32 characters"):
        client.read("incident", sys_id)


def test_rows_and_records_that_nobody_asked_for_are_unreadable() -> None:
    other = json.dumps({"sys_id": "f" * 32})
    with Peer(answer(f'{{"result": [{other}]}}'.encode())) as rows, pytest.raises(errors.Unreadable):
        client_of(rows).by_sys_ids("incident", [uuid4().hex], FIELDS)
    with Peer(answer(f'{{"result": {other}}}'.encode())) as record, pytest.raises(errors.Unreadable):
        client_of(record).read("incident", uuid4().hex)


def client_of(peer: Peer) -> Client:
    way = Transport(peer.origin, lambda: ["127.0.0.1"], Timeouts(connect=5, read=5, total=5))
    return Client(way, Bearer("t", lambda refused: refused))
