"""A hundred thousand incidents: seeded once, kept, and listed without reading them through."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.server import Server
from sandbox.servicenow.app import create_app
from sandbox.servicenow.instance import Instance, OAuthEntity
from tests.sandbox.conftest import Caller
from tests.sandbox_process import SandboxProcess

MANY, FEW = 100_000, 1_000
# What a page may read of a file of 230 MB. Rows are wide: to read all of them takes twice as much at least.
READ_AT_MOST = 35_000_000
QUERIES = (
    "active=true^ORDERBYDESCsys_updated_on",
    "active=true^priority=1^ORDERBYDESCsys_updated_on",
    "stateIN1,2,3^ORDERBYnumber",
    "correlation_display=ours^sys_updated_on>=2026-01-01 00:00:00^ORDERBYsys_updated_on^ORDERBYsys_id",
    "assigned_to=5f2d7c1e4b8a4f0f9d6e2a1b3c4d5e6f^active=true^ORDERBYnumber",
    "state=7^ORDERBYDESCclosed_at",
    "priority=2^ORDERBYcategory^ORDERBYsys_id",
    "active=true^ORDERBYassigned_to",
    "ORDERBYassignment_group",
    "opened_by.user_name=hana.mori^ORDERBYDESCnumber",
    "opened_byLIKEmori^ORDERBYDESCnumber",
)
# Parts of texts have an index in each class; all classes together are read through.
PARTS = ("LIKEprinter", "LIKEzzzyyy", "NOT LIKEprinter", "ENDSWITH(12345)", "STARTSWITHVPN")
PAGES = [(table, query) for table in ("incident", "task") for query in QUERIES]
PAGES += [("incident", f"short_description{part}^ORDERBYDESCsys_updated_on") for part in PARTS]
# Nobody lists by these, so that they have no index.
READ_THROUGH = ("descriptionLIKEq^ORDERBYDESCsys_updated_on", "ORDERBYsubcategory", "subcategory=q")


pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = tmp_path_factory.mktemp("scale") / "state.sqlite3"
    with SandboxProcess(records=MANY, state=state):
        return state


@pytest.fixture(scope="module")
def large(state: Path) -> Iterator[Instance]:
    """An instance in this process, so that what it reads is what this process reads."""
    instance = Instance(OAuthEntity(redirect_urls=()), state=state)
    yield instance
    instance.close()


@pytest.fixture(scope="module")
def administrator(large: Instance) -> Iterator[Caller]:
    server = Server("127.0.0.1", 0, create_app(large))
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    caller = Caller(f"http://127.0.0.1:{server.port}")
    caller.http.auth = ("admin", "admin")
    yield caller
    caller.http.close()
    server.shutdown()


@pytest.fixture(scope="module")
def small() -> Iterator[SandboxProcess]:
    with SandboxProcess(records=FEW) as process:
        yield process


def admin_of(process: SandboxProcess) -> Caller:
    caller = Caller(process.url)
    caller.http.auth = ("admin", "admin")
    return caller


def bytes_read() -> int:
    """All that this process has read so far, from files and sockets."""
    return int(Path("/proc/self/io").read_text().split()[1])


def bytes_of_a_page(large: Instance, administrator: Caller, table: str, query: str) -> int:
    """What is read for a page when nothing is remembered: no count, because something was written, and no row."""
    administrator.create("sys_properties", name="written")
    large.store._connection.execute("PRAGMA shrink_memory")
    before = bytes_read()
    rows = administrator.rows(table, query, sysparm_limit=100)
    assert len(rows) <= 100
    return bytes_read() - before


@pytest.mark.parametrize(("table", "query"), PAGES)
def test_what_people_list_is_found_without_reading_all_rows(
    large: Instance, administrator: Caller, table: str, query: str
) -> None:
    assert bytes_of_a_page(large, administrator, table, query) < READ_AT_MOST


@pytest.mark.parametrize("query", READ_THROUGH)
def test_reading_all_rows_would_be_noticed(large: Instance, administrator: Caller, query: str) -> None:
    assert bytes_of_a_page(large, administrator, "incident", query) > 1.5 * READ_AT_MOST


def test_paging_by_key_visits_every_record_once(small: SandboxProcess) -> None:
    caller, last = admin_of(small), ""
    seen: list[str] = []
    while page := caller.rows("incident", f"active=true^number>{last}^ORDERBYnumber", sysparm_limit=50):
        seen += [row["number"] for row in page]
        last = seen[-1]
    caller.http.close()
    active = small.records("incident", active="true")
    assert seen == sorted(row["number"] for row in active)


def test_what_was_seeded_hangs_together(small: SandboxProcess) -> None:
    rows = small.records("incident")
    assert len(rows) == len({row["sys_id"] for row in rows}) == len({row["number"] for row in rows}) == FEW
    assert all((row["active"] == "false") == (row["state"] in ("7", "8")) for row in rows)
    assert all(row["opened_at"] <= row["sys_updated_on"] for row in rows)
    assert small.create("incident")["number"] == f"INC{10_001 + FEW:07d}"


def test_a_restart_keeps_records_and_seeds_no_more(state: Path) -> None:
    with SandboxProcess(records=MANY, state=state) as process:
        admin_of(process).create("incident", short_description="kept over the restart")
        process.stop()
        process.start()
        caller = admin_of(process)
        answer = caller.ask("GET", "table/incident", params={"sysparm_limit": 1, "sysparm_fields": "number"})
        assert answer.headers["X-Total-Count"] == str(MANY + 1)
        assert len(caller.rows("incident", "short_description=kept over the restart")) == 1
