"""What an instance calls its states: three ways to learn it, each open, closed, or answering nonsense."""

import json
from typing import Any

import pytest

from connector.servicenow import errors, metadata
from connector.servicenow.client import Client
from connector.servicenow.errors import ServiceNowError
from tests.connector.callers import client_of
from tests.connector.peer import Peer
from tests.sandbox_process import SandboxProcess


@pytest.fixture
def client(sandbox: SandboxProcess) -> Client:
    """The integration user; one change stands in Assess."""
    sandbox.create("change_request", short_description="x", state="-4")
    return client_of(sandbox.url, sandbox.token())


def learnt(client: Client, language: str = "en") -> metadata.Labels:
    return metadata.labels(client, "change_request", "state", language, spoken="de")


def test_choices_are_asked_first_and_in_the_language_that_is_wanted(
    client: Client, sandbox: SandboxProcess
) -> None:
    sandbox.settings(languages="en,ja")
    labels = learnt(client, "ja")
    assert (labels.way, labels.language, labels.names["-5"]) == ("sys_choice", "ja", "新規")


def test_the_form_layout_is_asked_where_choices_are_closed(client: Client, sandbox: SandboxProcess) -> None:
    sandbox.settings(choices_readable=False)
    labels = learnt(client)
    assert (labels.way, labels.language) == ("meta", "de")
    assert set(labels.names) == {"-5", "-4", "-3", "-2", "-1", "0", "3", "4"}


def test_the_form_layout_is_asked_where_choices_have_no_label_in_that_language(client: Client) -> None:
    assert learnt(client, "ja").way == "meta"


def test_records_are_asked_where_both_are_closed(client: Client, sandbox: SandboxProcess) -> None:
    sandbox.settings(choices_readable=False, meta_readable=False)
    assert learnt(client) == metadata.Labels("display", "de", {"-4": "Assess"})


def test_nothing_is_learnt_where_every_way_is_closed(client: Client, sandbox: SandboxProcess) -> None:
    sandbox.settings(choices_readable=False, meta_readable=False, unreadable_fields="state")
    assert learnt(client) == metadata.Labels("", "en")


BROKEN = ("server_error", "login_page", "truncated", "accepted_202", "bad_gateway_html", "data_policy")


@pytest.mark.parametrize("kind", BROKEN)
def test_an_undocumented_way_that_is_broken_is_passed_over(
    client: Client, sandbox: SandboxProcess, kind: str
) -> None:
    sandbox.settings(choices_readable=False)
    sandbox.fault(kind, route="meta", method="GET")
    assert learnt(client).way == "display"


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("hibernating", errors.Hibernating),
        ("maintenance", errors.Maintenance),
        ("login_page", errors.LoginPage),
        ("reset", errors.NoAnswer),
        ("rate_limit", errors.RateLimited),
        ("server_error", errors.ServerError),
    ],
)
def test_an_instance_that_is_away_is_not_taken_for_one_that_has_no_labels(
    client: Client, sandbox: SandboxProcess, kind: str, error: type[ServiceNowError]
) -> None:
    sandbox.fault(kind, route="any", method="any", times=3)
    with pytest.raises(error):
        learnt(client)


def test_choices_behind_a_machine_that_knows_no_such_address_are_passed_over(
    client: Client, sandbox: SandboxProcess
) -> None:
    sandbox.fault("accepted_202", route="table", method="GET")
    assert learnt(client).way == "meta"


NEW = {"value": "-5", "label": "New"}
LAYOUTS: dict[str, tuple[Any, dict[str, str]]] = {
    "as instances answer": (
        {"columns": {"state": {"choices": [NEW, {"value": "", "label": "-- None --"}]}}},
        {"-5": "New"},
    ),
    "numbers for values": (
        {"columns": {"state": {"choices": [{"value": -5, "label": "New"}]}}},
        {"-5": "New"},
    ),
    "some without a label": (
        {"columns": {"state": {"choices": [NEW, {"value": "1"}, "2", None, []]}}},
        {"-5": "New"},
    ),
    "what no database stores": (
        {"columns": {"state": {"choices": [{"value": "-5", "label": "N\x00w"}]}}},
        {"-5": "N\ufffdw"},
    ),
    "values that are none": (
        {"columns": {"state": {"choices": [{"value": ["1"], "label": {"a": "b"}}]}}},
        {},
    ),
    "no choices": ({"columns": {"state": {}}}, {}),
    "choices that are no list": ({"columns": {"state": {"choices": "New"}}}, {}),
    "columns in a list": ({"columns": [{"name": "state", "choices": [NEW]}]}, {}),
    "another column": ({"columns": {"impact": {"choices": [NEW]}}}, {}),
    "a list": ([NEW], {}),
    "a text": ("columns", {}),
    "nothing": (None, {}),
}


@pytest.mark.parametrize(("result", "names"), LAYOUTS.values(), ids=LAYOUTS.keys())
def test_a_layout_is_read_for_what_makes_sense_in_it(result: Any, names: dict[str, str]) -> None:
    body = json.dumps({"result": result}).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with Peer(head.encode() + body) as peer:
        labels = learnt(client_of(peer.origin))
    assert (labels.way, labels.names) == ("meta" if names else "", names)
