"""What we rely on when we look for records and follow them."""

from datetime import timedelta
from uuid import uuid4

import pytest

from connector.servicenow.client import Client
from connector.servicenow.errors import ServiceNowError, Unreadable
from connector.servicenow.records import Record
from tests.contract.far_side import FarSide

BOTH = pytest.mark.parametrize("table", ["incident", "change_request"])
FIELDS = ("sys_id", "number", "sys_updated_on", "sys_mod_count")


def made_together(far: FarSide, client: Client, count: int) -> tuple[str, list[Record]]:
    """Several incidents with a text in common that nothing else has."""
    mark = f"Scoredesk {uuid4()}"
    return mark, [far.make(client, "incident", correlation_display=mark) for _ in range(count)]


@BOTH
def test_a_record_is_found_by_our_key_and_nothing_else_is(far: FarSide, client: Client, table: str) -> None:
    key = str(uuid4())
    assert client.find_by_correlation_id(table, key) == []
    record = far.make(client, table, correlation_id=key)
    assert [found.sys_id for found in client.find_by_correlation_id(table, key, FIELDS)] == [record.sys_id]


@BOTH
def test_ids_that_exist_come_back_and_others_are_missing(far: FarSide, client: Client, table: str) -> None:
    made = {far.make(client, table).sys_id for _ in range(3)}
    page = client.by_sys_ids(table, [*made, uuid4().hex], FIELDS)
    assert {record.sys_id for record in page.records} == made


def test_as_many_ids_as_an_address_holds_may_be_asked_for(far: FarSide, client: Client) -> None:
    record = far.make(client, "incident")
    batch = next(
        iter(client.batches("incident", [record.sys_id, *(uuid4().hex for _ in range(400))], FIELDS))
    )
    assert len(batch) > 150
    assert [found.sys_id for found in client.by_sys_ids("incident", batch, FIELDS).records] == [record.sys_id]


def test_the_parent_table_has_both_kinds_under_their_own_ids(far: FarSide, client: Client) -> None:
    made = {far.make(client, table).sys_id for table in ("incident", "change_request")}
    page = client.by_sys_ids("task", list(made), ["sys_class_name"])
    assert {record.get("sys_class_name") for record in page.records} == {"incident", "change_request"}


def test_pages_in_order_cover_every_row_once(far: FarSide, client: Client) -> None:
    mark, made = made_together(far, client, 5)
    rows: list[str] = []
    for offset in (0, 2, 4, 6):
        page = client.list(
            "incident",
            f"correlation_display={mark}",
            FIELDS,
            2,
            order_by=("sys_created_on", "sys_id"),
            offset=offset,
        )
        rows += [record.sys_id for record in page.records]
    assert sorted(rows) == sorted(record.sys_id for record in made)


def test_changes_since_a_moment_are_found_unless_ranges_are_refused(far: FarSide, client: Client) -> None:
    mark, made = made_together(far, client, 2)
    stamp = made[0].at("sys_updated_on")
    assert stamp is not None
    since = f"{stamp - timedelta(minutes=2):%Y-%m-%d %H:%M:%S}"
    found = len(client.list("incident", f"correlation_display={mark}^sys_updated_on>={since}", FIELDS, 9))
    try:
        never = len(
            client.list(
                "incident", f"correlation_display={mark}^sys_updated_on>2999-01-01 00:00:00", FIELDS, 9
            )
        )
    except ServiceNowError as error:
        never = -(error.status or 1)
    assert (found, never) in ((2, 0), (2, 2), (0, 0), (2, -403))
    far.note("ranges may be asked for", (found, never) == (2, 0))


def test_a_condition_on_an_unknown_field_never_looks_like_an_answer(far: FarSide, client: Client) -> None:
    far.make(client, "incident")
    try:
        rows = len(client.list("incident", f"u_no_such_field_here={uuid4()}", ("sys_id",), 1))
    except ServiceNowError as error:
        far.note("a condition on an unknown field", f"{type(error).__name__} {error.status}")
    else:
        far.note("a condition on an unknown field", "ignored" if rows else "no rows")
    # The same by way of a table that has no such field: the client notices.
    try:
        assert client.find_by_correlation_id("sys_user_group", str(uuid4())) == []
    except Unreadable:
        far.note("a condition that was ignored is noticed", value=True)
