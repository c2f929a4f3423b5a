import pytest

from tests.sandbox.conftest import Caller
from tests.sandbox_process import SandboxProcess

ROWS = (
    {"number": "A", "state": "1", "short_description": "Printer is slow", "correlation_id": "1"},
    {"number": "B", "state": "2", "short_description": "printer is gone", "correlation_id": "2"},
    {"number": "C", "state": "3", "short_description": "100% busy", "correlation_id": ""},
)


@pytest.fixture(autouse=True)
def rows(sandbox: SandboxProcess) -> None:
    for row in ROWS:
        sandbox.create("incident", **row)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "ABC"),
        ("state=2", "B"),
        ("state!=2", "AC"),
        ("stateIN1,3", "AC"),
        ("stateNOT IN1,3", "B"),
        ("state>1", "BC"),
        ("state>=2^state<3", "B"),
        ("state<=1", "A"),
        ("short_descriptionSTARTSWITHPRINTER", "AB"),
        ("short_descriptionLIKEgone", "B"),
        ("short_descriptionLIKE%", "C"),
        ("correlation_idISEMPTY", "C"),
        ("correlation_idISNOTEMPTY^state=1", "A"),
        ("state=1^ORstate=2", "AB"),
        ("correlation_id=2^state=1^ORstate=2", "B"),
        ("state=1^correlation_id=1^NQstate=3", "AC"),
        ("state=1^EQ", "A"),
        ("sys_created_by=javascript:gs.getUserName()", ""),
    ],
)
def test_operators_mean_what_the_documentation_says(integration: Caller, query: str, found: str) -> None:
    assert "".join(integration.numbers("incident", f"{query}^ORDERBYnumber")) == found


def test_order_is_by_number_where_values_are_numbers(sandbox: SandboxProcess, integration: Caller) -> None:
    for number, state in (("N", "-5"), ("I", "-1"), ("R", "0"), ("C", "3")):
        sandbox.create("change_request", number=number, state=state)
    assert integration.numbers("change_request", "ORDERBYstate") == ["N", "I", "R", "C"]
    assert integration.numbers("change_request", "ORDERBYDESCstate^state<0") == ["I", "N"]


def test_what_is_not_understood_is_dropped_and_the_rest_runs(integration: Caller) -> None:
    assert integration.numbers("incident", "no_such_field=1^state=2") == ["B"]
    assert len(integration.numbers("incident", "no_such_field=1")) == 3


def test_an_instance_can_be_set_to_return_nothing_for_it(
    sandbox: SandboxProcess, integration: Caller
) -> None:
    sandbox.settings(invalid_query_returns_no_rows=True)
    assert integration.numbers("incident", "no_such_field=1^state=2") == []


def test_ranges_and_sorting_are_dropped_where_query_acls_refuse_them(
    sandbox: SandboxProcess, integration: Caller
) -> None:
    sandbox.settings(range_queries_allowed=False)
    assert len(integration.numbers("incident", "sys_updated_on>2999-01-01 00:00:00")) == 3
    assert integration.numbers("incident", "ORDERBYDESCnumber") == ["A", "B", "C"]
    assert integration.numbers("incident", "state=2") == ["B"]


def test_ranges_can_also_be_answered_with_403(sandbox: SandboxProcess, integration: Caller) -> None:
    sandbox.settings(range_queries_allowed=False, query_denial="forbidden")
    answer = integration.ask("GET", "table/incident", params={"sysparm_query": "state>1"})
    assert answer.status_code == 403
    assert answer.json()["error"]["message"] == "Insufficient rights to query records"


def test_the_caller_finds_out_who_they_are(integration: Caller) -> None:
    (me,) = integration.rows("sys_user", "sys_id=javascript:gs.getUserID()")
    assert me["user_name"] == "m365.integration"


def test_names_of_fields_filter_too(integration: Caller) -> None:
    assert [row["number"] for row in integration.rows("incident", number="B")] == ["B"]
