"""What we rely on when we create, read and change a record."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from connector.servicenow.client import Client
from connector.servicenow.errors import Refused, ServiceNowError
from tests.contract.far_side import MARK, FarSide

BOTH = pytest.mark.parametrize("table", ["incident", "change_request"])
MATRIX = {("1", "1"): "1", ("1", "2"): "2", ("2", "2"): "3", ("2", "3"): "4", ("3", "3"): "5"}


@BOTH
def test_a_record_comes_back_with_a_number_and_our_key(far: FarSide, client: Client, table: str) -> None:
    key, sys_id = str(uuid4()), uuid4().hex
    record = far.make(client, table, correlation_id=key, sys_id=sys_id)
    assert record.number
    assert len(record.sys_id) == 32
    assert record.get("correlation_id") == key
    assert record.get("correlation_display") == MARK
    assert record.is_true("active")
    far.note(f"{table}: a chosen sys_id is kept", record.sys_id == sys_id)


@BOTH
def test_a_sys_id_is_never_given_twice(far: FarSide, client: Client, table: str) -> None:
    first = far.make(client, table)
    try:
        second = far.make(client, table, sys_id=first.sys_id)
    except ServiceNowError as error:
        far.note(f"{table}: answer to a sys_id that exists", f"{type(error).__name__} {error.status}")
    else:
        assert second.sys_id != first.sys_id
    assert len(client.by_sys_ids(table, [first.sys_id], ["number"])) == 1


@BOTH
def test_text_in_any_language_comes_back_as_it_was_sent(far: FarSide, client: Client, table: str) -> None:
    text = 'Zeile 1 <b>&amp;</b> "x"\n二行目\n\n- three ^ four'
    record = far.make(client, table, description=text, short_description="多要素認証を有効にする")
    again = client.read(table, record.sys_id)
    assert again is not None
    assert again.get("description").replace("\r\n", "\n") == text
    assert again.get("short_description") == "多要素認証を有効にする"


def test_text_that_is_too_long_is_cut_and_not_refused(far: FarSide, client: Client) -> None:
    text = "0123456789" * 50
    stored = far.make(client, "incident", short_description=text).get("short_description")
    assert text.startswith(stored)
    assert len(stored) >= 160
    far.note("length of short_description", len(stored))


def test_fields_that_do_not_exist_are_passed_over(far: FarSide, client: Client) -> None:
    assert far.make(client, "incident", u_no_such_field_here="x").get("u_no_such_field_here") == ""


def test_a_table_that_does_not_exist_is_refused(far: FarSide, client: Client) -> None:
    with pytest.raises(Refused) as caught:
        client.create("u_no_such_table_here", {})
    far.note("answer to a table that does not exist", f"{type(caught.value).__name__} {caught.value.status}")


@BOTH
def test_a_record_that_does_not_exist_is_none(client: Client, table: str) -> None:
    assert client.read(table, uuid4().hex) is None


@BOTH
def test_an_update_counts_and_is_stamped_by_the_servers_clock(
    far: FarSide, client: Client, table: str
) -> None:
    record = far.make(client, table)
    changed = client.update(table, record.sys_id, {"short_description": f"{MARK}, changed"})
    assert changed.get("short_description") == f"{MARK}, changed"
    assert int(changed.get("sys_mod_count")) > int(record.get("sys_mod_count"))
    server_at = client.by_sys_ids(table, [record.sys_id], ["sys_updated_on"]).server_at
    stamp = changed.at("sys_updated_on")
    assert server_at is not None
    assert stamp is not None
    assert abs(server_at - stamp) < timedelta(minutes=1)


def test_the_priority_of_an_incident_follows_from_impact_and_urgency(far: FarSide, client: Client) -> None:
    given = {
        pair: far.make(client, "incident", impact=pair[0], urgency=pair[1]).get("priority") for pair in MATRIX
    }
    assert given == MATRIX


def test_the_priority_of_a_change_is_the_one_asked_for(far: FarSide, client: Client) -> None:
    given = [far.make(client, "change_request", priority=priority).get("priority") for priority in "1234"]
    assert given == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("table", "name"), [("incident", "due_date"), ("change_request", "requested_by_date")]
)
def test_a_due_date_is_stored_in_utc_as_it_was_sent(
    far: FarSide, client: Client, table: str, name: str
) -> None:
    due = (datetime.now(UTC) + timedelta(days=10)).replace(microsecond=0)
    record = far.make(client, table, **{name: due.strftime("%Y-%m-%d %H:%M:%S")})
    far.note(f"{table}: {name} is kept", record.at(name) == due)
    assert record.at(name) in (due, None)


@BOTH
def test_values_are_stored_ones_and_references_plain_ids(far: FarSide, client: Client, table: str) -> None:
    record = far.make(client, table)
    assert record.get("state") in ("1", "-5")
    assert len(record.get("opened_by")) == 32


@BOTH
def test_a_work_note_is_written_once(far: FarSide, client: Client, table: str) -> None:
    record = far.make(client, table)
    client.update(table, record.sys_id, {"work_notes": "noted once"})
    try:
        notes = client.list(
            "sys_journal_field", f"element_id={record.sys_id}^element=work_notes", ["value", "element_id"], 5
        )
    except Refused as error:
        far.note("journals may be read", f"no, {error.status}")
        return
    values = [note.get("value") for note in notes.records if note.get("element_id") == record.sys_id]
    assert values in (["noted once"], [])
    far.note("journals may be read", bool(values))
