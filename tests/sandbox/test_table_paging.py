"""Limits, offsets, totals and `Link`."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.sandbox.conftest import Caller
from tests.sandbox_process import SandboxProcess


@pytest.fixture(autouse=True)
def five(sandbox: SandboxProcess) -> None:
    for number in range(5):
        sandbox.create("incident", number=f"N{number}", category="network" if number < 2 else "database")


def page(caller: Caller, **parameters: str) -> requests.Response:
    answer = caller.ask("GET", "table/incident", params={"sysparm_query": "ORDERBYnumber", **parameters})
    assert answer.status_code == 200, answer.text
    return answer


def offsets(answer: requests.Response) -> dict[str, str]:
    return {
        name: parse_qs(urlsplit(link["url"]).query)["sysparm_offset"][0]
        for name, link in answer.links.items()
    }


@pytest.mark.parametrize(
    ("limit", "offset", "expected"),
    [
        ("2", "0", {"first": "0", "next": "2", "last": "4"}),
        ("2", "2", {"first": "0", "prev": "0", "next": "4", "last": "4"}),
        ("2", "4", {"first": "0", "prev": "2", "last": "4"}),
        ("2", "1", {"first": "0", "prev": "0", "next": "3", "last": "4"}),
        ("4", "0", {"first": "0", "next": "4", "last": "4"}),
        ("5", "0", {}),
        ("100", "0", {}),
    ],
)
def test_links_lead_through_the_pages(
    integration: Caller, limit: str, offset: str, expected: dict[str, str]
) -> None:
    assert offsets(page(integration, sysparm_limit=limit, sysparm_offset=offset)) == expected


def test_the_form_of_link_is_exact(integration: Caller) -> None:
    asked = "table/incident?sysparm_query=ORDERBYnumber&sysparm_limit=4&my%20own=a%2Bb"
    header = integration.ask("GET", asked).headers["Link"]
    address = f"{integration.url}/api/now/{asked}&sysparm_offset="
    pairs = (("first", 0), ("next", 4), ("last", 4))
    assert header == ",".join(f'<{address}{start}>;rel="{name}"' for name, start in pairs)


def test_an_offset_that_is_there_is_replaced_where_it_stands(integration: Caller) -> None:
    asked = "v1/table/incident?sysparm_offset=0&sysparm_limit=2"
    header = integration.ask("GET", asked).headers["Link"]
    assert (
        re.findall(r"\?(sysparm_offset=\d+&sysparm_limit=2)>", header)[1]
        == "sysparm_offset=2&sysparm_limit=2"
    )
    assert "/api/now/v1/table/incident?" in header


def test_until_2021_no_link_was_left_out(sandbox: SandboxProcess, integration: Caller) -> None:
    sandbox.settings(old_link_header=True)
    assert offsets(page(integration, sysparm_limit="1"))["prev"] == "-1"
    assert offsets(page(integration, sysparm_limit="2", sysparm_offset="4"))["next"] == "6"


def test_links_and_totals_can_be_left_out(integration: Caller) -> None:
    bare = page(integration, sysparm_limit="2", sysparm_suppress_pagination_header="true")
    assert "Link" not in bare.headers
    assert bare.headers["X-Total-Count"] == "5"
    uncounted = page(integration, sysparm_limit="2", sysparm_no_count="true")
    assert "X-Total-Count" not in uncounted.headers
    assert offsets(uncounted) == {"first": "0", "next": "2"}


def test_an_offset_behind_the_end_finds_nothing(integration: Caller) -> None:
    answer = page(integration, sysparm_limit="2", sysparm_offset="10")
    assert (answer.json()["result"], answer.headers["X-Total-Count"]) == ([], "5")


@pytest.mark.parametrize("nonsense", ["-1", "many", ""])
def test_limits_and_offsets_that_are_no_numbers_do_not_count(integration: Caller, nonsense: str) -> None:
    answer = page(integration, sysparm_limit=nonsense, sysparm_offset=nonsense)
    assert len(answer.json()["result"]) == 5


def test_the_limit_comes_before_access_rules(sandbox: SandboxProcess, integration: Caller) -> None:
    sandbox.settings(hidden_rows="category=network")
    first = page(integration, sysparm_limit="3")
    assert [row["number"] for row in first.json()["result"]] == ["N2"]
    assert first.headers["X-Total-Count"] == "5"
    assert [row["number"] for row in page(integration).json()["result"]] == ["N2", "N3", "N4"]


def test_hidden_rows_are_404_one_by_one_and_plain_to_administrators(
    sandbox: SandboxProcess, integration: Caller, admin: Caller
) -> None:
    (row,) = sandbox.records("incident", number="N0")
    sandbox.settings(hidden_rows="category=network")
    assert integration.ask("GET", f"table/incident/{row['sys_id']}").status_code == 404
    assert integration.ask("PATCH", f"table/incident/{row['sys_id']}", json={}).status_code == 404
    assert admin.ask("GET", f"table/incident/{row['sys_id']}").status_code == 200


def test_an_empty_page_of_hidden_rows_is_404_in_version_1(
    sandbox: SandboxProcess, integration: Caller
) -> None:
    sandbox.settings(hidden_rows="numberSTARTSWITHN")
    answer = integration.ask("GET", "v1/table/incident")
    assert (answer.status_code, answer.json()["error"]["message"]) == (404, "No Record found")


def test_limits_and_offsets_beyond_all_bounds_are_bounded(integration: Caller) -> None:
    assert len(page(integration, sysparm_limit="9" * 30).json()["result"]) == 5
    assert page(integration, sysparm_offset="9" * 30).json()["result"] == []
