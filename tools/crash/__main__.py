"""`make crash`: every point of death under every outcome, on SQLite and PostgreSQL.

Options: `--slice` runs what continuous integration has time for, and `--half 1` and `--half 2` every other cell of what
was asked for; `--pace 3` takes three times as long over everything, for machines that are busy or slow; `--without
quarantine|look-up|...` takes a part of the delivery away, to see that this harness notices. Exits with 1 when a
ticket was lost, doubled, stuck or linked wrongly.
"""

import argparse
import json
import os
import re
import shutil
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import product
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
import django

django.setup()

from django.conf import settings  # noqa: E402

from tests import faketime  # noqa: E402
from tests.sandbox_process import Row, SandboxProcess  # noqa: E402
from tests.servers import NO_POSTGRES, Postgres  # noqa: E402
from tools.crash.cell import SABOTAGE, Cell, Rig, Story  # noqa: E402
from tools.crash.databases import Databases, PostgresDatabases, SqliteFiles  # noqa: E402
from tools.crash.note_cell import NOTE_POINTS, NoteCell  # noqa: E402
from tools.crash.outcomes import LATE, OUTCOMES, QUARANTINE, TIMEOUT, Keys  # noqa: E402
from tools.crash.points import POINTS  # noqa: E402
from tools.crash.processes import fork, load, run  # noqa: E402
from tools.crash.template import make_template  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
LANES = 16
# libfaketime reads a file each time that a program asks for the time.
LANES_WITH_CLOCKS = 4
TICKET_LINK = re.compile(r"/tickets/([0-9a-f-]{36})/")
SLOW = ("rate_limit_bare", "limited_by_a_proxy", "late_commit", "blocked_by_a_proxy")
# Every point under these outcomes, and every outcome at these points.
SLICE_OUTCOMES = ("created", "answer lost", "refused: business rule")
SLICE_POINTS = ("nowhere", "sent, no answer", "nowhere, work note", "work note sent, no answer")


def main() -> int:
    """Run the cells that were asked for. Returns 1 when one of them failed."""
    parser = argparse.ArgumentParser(prog="python -m tools.crash", description=__doc__)
    parser.add_argument("--slice", action="store_true")
    parser.add_argument("--half", type=int, choices=(1, 2), default=0)
    parser.add_argument("--without", choices=SABOTAGE, default="")
    parser.add_argument("--only", default="", help="cells whose point or outcome holds this text")
    parser.add_argument("--lanes", type=int, default=LANES)
    parser.add_argument("--pace", type=float, default=1.0)
    asked = parser.parse_args()
    if faketime.is_preloaded():
        faketime.keep_to_this_program()
        asked.lanes = min(asked.lanes, LANES_WITH_CLOCKS)
        return on_one_database(asked)
    status = on_one_database(asked)
    if any(cell.outcome.clock_steps for cell in matching(asked)):
        status |= with_clocks()
    if not asked.slice and not asked.without and not os.environ.get("DATABASE_URL"):
        if not Postgres.program("initdb"):
            print(NO_POSTGRES)
            return 1
        with Postgres() as server:
            status |= again({**os.environ, "DATABASE_URL": server.url})
    return status


def with_clocks() -> int:
    """Run the cells in which a clock is set, in a program of their own. Returns 1 when one of them failed."""
    if faketime.LIBRARY is None:
        print(faketime.MISSING)
        return 1
    folder = ROOT / "build" / "crash" / f"clocks-{os.getpid()}"
    folder.mkdir(parents=True)
    return again(faketime.environment(folder))


def again(environment: dict[str, str]) -> int:
    """Do what was asked in another environment. Returns 1 when a cell failed."""
    command = [sys.executable, "-W", "ignore", "-m", "tools.crash", *sys.argv[1:]]
    return int(os.spawnve(os.P_WAIT, command[0], command, environment) != 0)


def on_one_database(asked: argparse.Namespace) -> int:
    """Run the cells on the database that the settings name. Returns 1 when one of them failed."""
    cells = [cell for cell in matching(asked) if cell.outcome.clock_steps == faketime.is_preloaded()]
    if not cells:
        return 0
    engine = settings.DATABASES["default"]["ENGINE"].rpartition(".")[2]
    folder = ROOT / "build" / "crash" / f"{engine}-{asked.without or 'whole'}-{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    settings.PUSH_TIMEOUT, settings.PUSH_QUARANTINE = TIMEOUT * asked.pace, QUARANTINE * asked.pace
    load()
    weakened = f", without {asked.without}" if asked.without else ""
    clocks = ", clocks set" if faketime.is_preloaded() else ""
    print(f"{len(cells)} cells on {engine}{clocks}{weakened}", flush=True)
    status = 0
    for keys in Keys:
        part = [cell for cell in cells if cell.outcome.keys == keys]
        if part:
            status |= on_one_instance(part, asked, folder, engine, keys)
    return status


def on_one_instance(
    cells: Sequence[Cell], asked: argparse.Namespace, parent: Path, engine: str, keys: Keys
) -> int:
    """Run cells on an instance that keeps these of our keys. Returns 1 when one of them failed."""
    folder = parent / keys.name.lower()
    folder.mkdir()
    with SandboxProcess() as sandbox:
        settings.SERVICENOW_ALLOWED_HOSTS = [sandbox.host]
        keys.set(sandbox)
        on_files = engine == "sqlite3"
        databases: Databases = SqliteFiles(folder) if on_files else PostgresDatabases(f"crash_{os.getpid()}")
        if run(partial(make_template, databases.template, sandbox), folder / "template.log"):
            print((folder / "template.log").read_text())
            return 1
        sandbox.part()
        seconds = (20 if asked.without == "sweep" else 150) * asked.pace
        rig = Rig(sandbox, databases, folder, seconds, asked.pace, asked.without)
        stories = play(cells, rig, asked.lanes)
        time.sleep(LATE * asked.pace + 1)  # For what may still be committed.
        notes = sandbox.records("sys_journal_field")
        return report(stories, sandbox.records("change_request"), notes, len(cells), folder)


def matching(asked: argparse.Namespace) -> Iterable[Cell]:
    """The cells that were asked for, the slow ones first."""
    outcomes = sorted(OUTCOMES, key=lambda outcome: outcome.fault not in SLOW)
    number = 0
    for outcome in outcomes:
        for point, is_standard in product(POINTS, (False, True)):
            cell = Cell(number + 1, point, outcome, is_standard)
            # As on a chessboard: each half has every point, every outcome, and standard changes.
            half = (POINTS.index(point) + OUTCOMES.index(outcome) + is_standard) % 2 + 1
            if asked.half not in (0, half):
                continue
            if asked.only in str(cell) and _has_time_for(cell, is_short=asked.slice):
                number += 1
                yield cell
    for outcome, point in product(outcomes, NOTE_POINTS):
        note = NoteCell(number + 1, point, outcome)
        half = (NOTE_POINTS.index(point) + OUTCOMES.index(outcome)) % 2 + 1
        if asked.half in (0, half) and asked.only in str(note) and _is_for_notes(note, is_short=asked.slice):
            number += 1
            yield note


def _is_for_notes(cell: NoteCell, *, is_short: bool) -> bool:
    """Every point under the outcomes of the slice, and every outcome that an update may have at the points of the
    slice. In the slice itself, a few.
    """
    is_common = cell.outcome.name in SLICE_OUTCOMES
    is_plain = cell.outcome.keys == Keys.CORRELATION_ID and not cell.outcome.clock_steps
    is_at_slice = cell.point.name in SLICE_POINTS and is_plain and cell.outcome.hidden is None
    return is_common and is_at_slice if is_short else is_common or is_at_slice


def _has_time_for(cell: Cell, *, is_short: bool) -> bool:
    """Standard changes are delivered by the same steps: a slice of them is in the whole run, and less in the slice.

    A template whose records keep neither key is at fault itself, and stopped instead of the instance.
    """
    if cell.is_standard and cell.outcome.keys == Keys.NEITHER:
        return False
    in_slice = cell.outcome.name in SLICE_OUTCOMES or cell.point.name in SLICE_POINTS
    if cell.is_standard:
        return in_slice and (not is_short or cell.outcome.name == "answer lost")
    return in_slice or not is_short


def play(cells: Sequence[Cell], rig: Rig, lanes: int) -> list[Story]:
    """Run the cells, `lanes` at a time, each in a process of its own. Returns what they told."""
    running: set[int] = set()
    told = rig.folder / "stories.jsonl"
    for cell in cells:
        if len(running) >= lanes:
            running.discard(os.wait()[0])
        running.add(fork(partial(tell, cell, rig, told), rig.folder / f"cell-{cell.number}.log"))
    while running:
        running.discard(os.wait()[0])
    lines = told.read_text().splitlines() if told.exists() else []
    return [Story(**json.loads(line)) for line in lines]


def tell(cell: Cell, rig: Rig, told: Path) -> None:
    """Play a cell and add its story to the file; one short write, so that lines of several processes do not mix."""
    line = json.dumps(cell.play(rig)) + "\n"
    with told.open("a", buffering=len(line) + 1) as file:
        file.write(line)


def report(
    stories: Sequence[Story], records: Sequence[Row], notes: Sequence[Row], expected: int, folder: Path
) -> int:
    """Print how many cells held, by point, and every one that did not. Returns 1 when there is one."""
    by_key: dict[str, list[Row]] = defaultdict(list)
    for record in records:
        # Every record carries the link to its ticket, whatever becomes of the keys.
        by_key[TICKET_LINK.findall(record["description"])[-1]].append(record)
    held: dict[str, list[bool]] = {point.name: [] for point in (*POINTS, *NOTE_POINTS)}
    for story in stories:
        of_tickets = [row for key in story.ticket_ids for row in by_key[key]]
        of_note = [row for row in notes if story.is_note and story.ticket_id in row["value"]]
        complaint = story.complaint(of_note if story.is_note else of_tickets)
        held[story.point].append(not complaint)
        if complaint:
            print(f"FAILED {story.cell}: {complaint} [{story.attempts}]")
    for name, verdicts in held.items():
        if verdicts:
            print(f"{name:36} {sum(verdicts):3} of {len(verdicts)}")
    passed = sum(map(sum, held.values()))
    slowest = max((story.seconds for story in stories), default=0)
    print(f"{passed} of {expected} cells held; the slowest took {slowest:.0f} s. Logs: {folder}")
    return int(passed != expected)


if __name__ == "__main__":
    sys.exit(main())
