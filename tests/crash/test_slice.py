"""A slice of the crash matrix, and the proof that the harness would notice. `make crash` runs the whole of it."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(420)]


def start(*arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-W", "ignore", "-m", "tests.crash", *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_whatever_dies_there_is_one_record_and_the_ticket_is_linked_to_it() -> None:
    run = start("--slice", "--lanes", "20")
    output, _ = run.communicate()
    assert run.returncode == 0, output


@pytest.mark.parametrize(
    ("without", "cells", "complaint"),
    [
        ("quarantine", "nowhere / created long after", "2 records"),
        ("look-up", "nowhere / answer lost", "2 records"),
        ("sweep", "committed, nobody woken / created slowly", "stuck as waiting"),
    ],
)
def test_the_matrix_notices_what_is_taken_away(without: str, cells: str, complaint: str) -> None:
    run = start("--without", without, "--only", cells)
    output, _ = run.communicate()
    assert run.returncode == 1, output
    assert complaint in output
