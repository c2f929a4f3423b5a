"""Several lists by one call: what comes back by batch, and what is asked again by itself."""

import base64
from typing import Any

import pytest

from connector.servicenow import batch, errors
from connector.servicenow.batch import Listing
from connector.servicenow.client import Client
from tests.connector.callers import client_of
from tests.sandbox_process import SandboxProcess

FIELDS = ("sys_id", "number")
INCIDENTS = Listing("incident", "", FIELDS, 5)
CHANGES = Listing("change_request", "", FIELDS, 5)
REFUSED = Listing("sys_dictionary", "", FIELDS, 5)
OPTIONAL = Listing("sys_dictionary", "", FIELDS, 5, optional=True)


@pytest.fixture
def client(sandbox: SandboxProcess) -> Client:
    sandbox.create("incident", number="INC1")
    sandbox.create("change_request", number="CHG1")
    client = client_of(sandbox.url, sandbox.token())
    sandbox.clear()
    return client


def numbers(client: Client, *listings: Listing) -> list[list[str]]:
    return [[record.number for record in page.records] for page in client.lists(listings)]


def asked(sandbox: SandboxProcess) -> dict[str, int]:
    """How often each API was called; what is in a batch counts too."""
    by_route: dict[str, int] = sandbox.requests()["by_route"]
    return by_route


def test_lists_come_in_the_order_in_which_they_were_asked_for(
    client: Client, sandbox: SandboxProcess
) -> None:
    assert numbers(client, CHANGES, INCIDENTS) == [["CHG1"], ["INC1"]]
    assert asked(sandbox) == {"batch": 1, "table": 2}


def test_one_list_or_none_needs_no_batch(client: Client, sandbox: SandboxProcess) -> None:
    assert numbers(client, INCIDENTS) == [["INC1"]]
    assert numbers(client) == []
    assert asked(sandbox) == {"table": 1}


@pytest.mark.parametrize("kind", ["forbidden", "accepted_202", "hibernating"])
def test_lists_are_asked_one_by_one_where_there_is_no_batch(
    client: Client, sandbox: SandboxProcess, kind: str
) -> None:
    sandbox.fault(kind, route="batch")
    assert numbers(client, CHANGES, INCIDENTS) == [["CHG1"], ["INC1"]]


def test_what_a_batch_left_unserviced_is_asked_again(client: Client, sandbox: SandboxProcess) -> None:
    sandbox.settings(batch_seconds=0)
    assert numbers(client, CHANGES, INCIDENTS) == [["CHG1"], ["INC1"]]
    assert asked(sandbox) == {"batch": 1, "table": 2}


def test_an_optional_list_that_is_refused_is_empty(client: Client) -> None:
    assert numbers(client, OPTIONAL, INCIDENTS) == [[], ["INC1"]]
    assert numbers(client, OPTIONAL) == [[]]


def test_any_other_list_that_is_refused_is_an_error(client: Client) -> None:
    with pytest.raises(errors.Forbidden):
        client.lists([INCIDENTS, REFUSED])


BODY = base64.b64encode(b'{"result":[]}').decode()
GOOD = {"id": "0", "status_code": 200, "body": BODY, "headers": [{"name": "Date", "value": "now"}]}


@pytest.mark.parametrize(
    "item",
    [
        None,
        "text",
        {},
        {**GOOD, "id": "first"},
        {**GOOD, "id": None},
        {**GOOD, "status_code": "good"},
        {**GOOD, "body": "no base64!"},
        {**GOOD, "body": 5},
        {**GOOD, "headers": [{"name": "Date"}]},
        {**GOOD, "headers": ["Date"]},
    ],
    ids=str,
)
def test_an_item_of_a_batch_that_makes_no_sense_is_left_out(item: Any) -> None:
    found = batch.answers({"serviced_requests": [item, {**GOOD, "id": "1"}]})
    assert list(found) == [1]
    assert (found[1].status, found[1].body) == (200, b'{"result":[]}')
    assert found[1].headers == {"content-type": "application/json", "date": "now"}


@pytest.mark.parametrize("document", [{}, {"serviced_requests": None}])
def test_a_batch_without_answers_has_none(document: Any) -> None:
    assert batch.answers(document) == {}
