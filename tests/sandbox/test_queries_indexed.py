"""What indexes answer is what reading every row would: parts of texts, names behind references, and their order."""

import sqlite3
from pathlib import Path

import pytest

from tests.sandbox.conftest import Caller
from tests.sandbox.test_table_scale import admin_of
from tests.sandbox_process import SandboxProcess

HANA, BRAM = "5f2d7c1e4b8a4f0f9d6e2a1b3c4d5e6f", "8a4c6e2f0b1d4c3e9f7a5b6c7d8e9f01"
NOBODY = "0" * 32
ROWS = (
    {"number": "A", "short_description": 'The "big" printer', "description": "Jams", "assigned_to": HANA},
    {"number": "B", "short_description": "PRÜFDRUCK: 印刷できない", "assigned_to": BRAM},
    {
        "number": "C",
        "short_description": "Printed AND bound",
        "close_notes": "new printer",
        "assigned_to": NOBODY,
    },
    {"number": "D", "short_description": "pr", "assigned_to": ""},
)


@pytest.fixture(autouse=True)
def rows(sandbox: SandboxProcess) -> None:
    for row in ROWS:
        sandbox.create("incident", **row)


@pytest.mark.parametrize("table", ["incident", "task"])
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("short_descriptionLIKEprint", "AC"),
        ("short_descriptionLIKEpr", "ABCD"),
        ("short_descriptionNOT LIKEprint", "BD"),
        ('short_descriptionLIKE"big"', "A"),
        ("short_descriptionLIKE AND ", "C"),
        ("short_descriptionLIKEprin*", ""),
        ("short_descriptionLIKE印刷で", "B"),
        ("short_descriptionENDSWITHprinter", "A"),
        ("short_descriptionENDSWITHprint", ""),
        ("short_descriptionLIKEprint^ORdescriptionLIKEjam^short_descriptionLIKEbound", "C"),
        ("123TEXTQUERY321=printer", "A"),
        ("123TEXTQUERY321=jams printer", "A"),
        ("assigned_toLIKEhana", "A"),
        ("assigned_toNOT LIKEhana", "BCD"),
        ("assigned_to.user_name=bram.visser", "B"),
        ("assigned_to.user_name!=bram.visser", "ACD"),
        ("assigned_to.user_nameINbram.visser,hana.mori", "AB"),
        ("assigned_to.user_nameNOT INbram.visser", "ACD"),
        ("assigned_to.nameISEMPTY", "CD"),
        ("assigned_to.user_name>c", "A"),
    ],
)
def test_a_part_of_a_text_and_a_name_are_found_by_index_as_by_reading(
    admin: Caller, table: str, query: str, found: str
) -> None:
    assert "".join(admin.numbers(table, f"{query}^ORDERBYnumber")) == found


@pytest.mark.parametrize(
    "query", ["short_descriptionLIKEa%00bc", 'short_descriptionLIKE"""', "short_descriptionLIKE-- '"]
)
def test_no_value_can_break_the_index(admin: Caller, query: str) -> None:
    assert admin.ask("GET", f"table/incident?sysparm_query={query}").json() == {"result": []}


def test_letters_of_every_alphabet_are_found_in_either_case(admin: Caller) -> None:
    assert admin.numbers("incident", "short_descriptionLIKEprüf") == ["B"]


def test_the_index_follows_changes_and_deletions(sandbox: SandboxProcess, admin: Caller) -> None:
    [row] = sandbox.records("incident", number="A")
    sandbox.change("incident", row["sys_id"], short_description="A scanner")
    assert admin.numbers("incident", "short_descriptionLIKEprinter") == []
    assert admin.numbers("incident", "short_descriptionLIKEscanner") == ["A"]
    sandbox.change("incident", row["sys_id"], short_description="A SCANNER")
    sandbox.delete("incident", row["sys_id"])
    assert admin.numbers("incident", "short_descriptionLIKEscanner") == []


@pytest.mark.parametrize("table", ["incident", "task"])
def test_rows_whose_reference_names_nobody_sort_first(admin: Caller, table: str) -> None:
    assert admin.numbers(table, "ORDERBYassigned_to^ORDERBYnumber") == ["C", "D", "B", "A"]
    assert admin.numbers(table, "ORDERBYDESCassigned_to.name^ORDERBYDESCnumber") == ["A", "B", "D", "C"]


def test_a_page_of_all_classes_is_in_order_over_all_of_them(sandbox: SandboxProcess, admin: Caller) -> None:
    sandbox.create("change_request", number="AA", assigned_to=HANA)
    sandbox.create("change_request", number="BB", assigned_to=BRAM)
    query = "ORDERBYnumber"
    assert admin.numbers("task", query) == ["A", "AA", "B", "BB", "C", "D"]
    page = admin.rows("task", query, sysparm_limit=2, sysparm_offset=3)
    assert [row["number"] for row in page] == ["BB", "C"]
    assert admin.numbers("task", "assigned_toLIKEbram^ORDERBYnumber") == ["B", "BB"]
    answer = admin.ask("GET", "table/task", params={"sysparm_query": query, "sysparm_limit": 2})
    assert answer.headers["X-Total-Count"] == "6"


def test_records_kept_since_before_there_was_an_index_are_found(tmp_path: Path) -> None:
    file = tmp_path / "state.sqlite3"
    with SandboxProcess(state=file) as process:
        process.create("incident", number="A", short_description="An old printer")
        process.stop()
        with sqlite3.connect(file) as kept:
            for trigger in ("put", "take", "change"):
                kept.execute(f"DROP TRIGGER incident_text_{trigger}")
            kept.execute("DROP TABLE incident_text")
            kept.execute("CREATE INDEX incident_listed ON incident (active)")
        kept.close()
        process.start()
        process.create("incident", number="B", short_description="A new printer")
        caller = admin_of(process)
        assert sorted(caller.numbers("incident", "short_descriptionLIKEprinter")) == ["A", "B"]
        caller.http.close()


def test_rows_of_which_no_order_was_asked_come_as_they_were_made(
    sandbox: SandboxProcess, admin: Caller
) -> None:
    sandbox.create("incident", number="0", short_description="A first printer")
    assert admin.numbers("incident", "") == ["A", "B", "C", "D", "0"]
    assert admin.numbers("incident", "active=true") == ["A", "B", "C", "D", "0"]
    page = admin.rows("incident", "active=true", sysparm_limit=2, sysparm_offset=3)
    assert [row["number"] for row in page] == ["D", "0"]
