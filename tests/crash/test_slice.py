"""A slice of the crash matrix, and the proof that the harness would notice. `make crash` runs the whole of it.

Each database plays every other cell of the slice; `make crash` plays all cells on both.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.waits, pytest.mark.slow, pytest.mark.timeout(1800)]
# What is taken away, the cell that must notice, and what it says.
TAKEN_AWAY = (
    ("quarantine", "nowhere / created long after", "2 records"),
    ("look-up", "nowhere / answer lost", "2 records"),
    ("second-look", "nowhere / answer lost, hidden from", "2 records"),
    ("doubt", "nowhere / created, then 403", "2 records"),
    ("doubt", "nowhere / repeated", "not linked"),
    ("quarantine", "nowhere, work note / created long after", "2 entries"),
    ("sweep", "committed, nobody woken / created slowly", "stuck as waiting"),
    ("steady clock", "nowhere / created long after the time-out, clock", "2 records"),
    ("mark", "nowhere / created without a key", "records, where"),
)
# Other tests run beside it, so that everything takes its time.
PACE, SLOWER = "4", "12"
Run = subprocess.Popen[str]


def start(*arguments: str, pace: str = PACE) -> Run:
    command = [sys.executable, "-W", "ignore", "-m", "tools.crash", "--pace", pace, *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.fixture(scope="module")
def weakened() -> Iterator[dict[str, Run]]:
    """Runs of one cell each. They wait most of the time, so they wait together."""
    runs = {cell: start("--without", part, "--only", cell) for part, cell, _ in TAKEN_AWAY}
    yield runs
    for run in runs.values():
        with run:
            run.kill()


def test_whatever_dies_there_is_one_record_and_the_ticket_is_linked_to_it() -> None:
    run = start("--slice", "--half", "2" if os.environ.get("DATABASE_URL") else "1")
    output, _ = run.communicate()
    assert run.returncode == 0, output


@pytest.mark.harness
@pytest.mark.parametrize(("part", "cell", "said"), TAKEN_AWAY)
def test_the_matrix_notices_what_is_taken_away(
    weakened: dict[str, Run], part: str, cell: str, said: str
) -> None:
    run = weakened[cell]
    output, _ = run.communicate()
    if run.returncode == 0:
        # On a machine that is too busy for its pace, what is to come too early comes late enough.
        run = start("--without", part, "--only", cell, pace=SLOWER)
        output, _ = run.communicate()
    assert run.returncode == 1, output
    assert said in output
