"""The Aggregate API."""

from typing import Any

import pytest

from tests.sandbox.conftest import Caller
from tests.sandbox_process import SandboxProcess


@pytest.fixture(autouse=True)
def incidents(sandbox: SandboxProcess) -> None:
    """Four incidents of two callers' worth: three new, one resolved, reassigned 0, 1, 2 and 5 times."""
    for state, count in (("1", "0"), ("1", "1"), ("1", "2"), ("6", "5")):
        sandbox.create("incident", state=state, reassignment_count=count, urgency="1")


def stats(caller: Caller, **parameters: str) -> Any:
    answer = caller.ask("GET", "stats/incident", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def counts(groups: Any) -> list[tuple[str, str]]:
    return [(group["groupby_fields"][0]["value"], group["stats"]["count"]) for group in groups]


def test_rows_that_a_query_selects_are_counted(integration: Caller) -> None:
    assert stats(integration, sysparm_count="true", sysparm_query="state=1") == {"stats": {"count": "3"}}


def test_fields_are_computed_as_text(integration: Caller) -> None:
    name = "reassignment_count"
    asked = {f"sysparm_{function}_fields": name for function in ("avg", "sum", "min", "max")}
    assert stats(integration, **asked) == {
        "stats": {"avg": {name: "2.0000"}, "sum": {name: "8"}, "min": {name: "0"}, "max": {name: "5"}}
    }


def test_nothing_computed_over_no_rows_is_empty(integration: Caller) -> None:
    asked = {"sysparm_query": "state=8", "sysparm_count": "true", "sysparm_max_fields": "reassignment_count"}
    assert stats(integration, **asked) == {"stats": {"count": "0", "max": {"reassignment_count": ""}}}


def test_groups_name_their_values(integration: Caller) -> None:
    groups = stats(integration, sysparm_count="true", sysparm_group_by="state")
    assert groups == [
        {"stats": {"count": "3"}, "groupby_fields": [{"value": "1", "field": "state"}]},
        {"stats": {"count": "1"}, "groupby_fields": [{"value": "6", "field": "state"}]},
    ]


@pytest.mark.parametrize(
    ("display", "member"),
    [
        ("true", {"display_value": "New", "field": "state"}),
        ("all", {"display_value": "New", "value": "1", "field": "state"}),
    ],
)
def test_groups_come_with_labels_if_asked(integration: Caller, display: str, member: dict[str, str]) -> None:
    asked = {"sysparm_group_by": "state", "sysparm_display_value": display, "sysparm_query": "state=1"}
    assert stats(integration, **asked)[0]["groupby_fields"] == [member]


@pytest.mark.parametrize(
    ("order", "first"),
    [("COUNT", "6"), ("COUNT^DESC", "1"), ("state^DESC", "6"), ("AVG^reassignment_count", "1")],
)
def test_groups_are_ordered(integration: Caller, order: str, first: str) -> None:
    asked = {"sysparm_count": "true", "sysparm_group_by": "state", "sysparm_order_by": order}
    assert counts(stats(integration, **asked))[0][0] == first


@pytest.mark.parametrize("having", ["count^state^>^1", "sum^reassignment_count^<^5"])
def test_groups_are_chosen_by_their_numbers(integration: Caller, having: str) -> None:
    asked = {"sysparm_count": "true", "sysparm_group_by": "state", "sysparm_having": having}
    assert counts(stats(integration, **asked)) == [("1", "3")]


def test_fields_that_are_not_there_are_left_out(integration: Caller) -> None:
    asked = {"sysparm_count": "true", "sysparm_avg_fields": "nonsense", "sysparm_group_by": "nonsense"}
    assert stats(integration, **asked) == {"stats": {"count": "4"}}


def test_hidden_rows_count_too(sandbox: SandboxProcess, integration: Caller) -> None:
    sandbox.settings(hidden_rows="state=6")
    assert len(integration.rows("incident")) == 3
    assert stats(integration, sysparm_count="true") == {"stats": {"count": "4"}}


def test_refusals_are_those_of_the_table_api(integration: Caller, stranger: Caller) -> None:
    assert stranger.ask("GET", "stats/incident").status_code == 401
    assert (
        integration.ask("GET", "stats/no_such_table").json()["error"]["message"]
        == "Invalid table no_such_table"
    )
    assert integration.ask("GET", "stats/oauth_entity").status_code == 403
    assert integration.ask("POST", "stats/incident").status_code == 405
