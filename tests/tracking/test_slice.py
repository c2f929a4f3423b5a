"""A slice of what `make tracking` plays with 12,000 records, and the proof that it would notice."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.waits, pytest.mark.slow, pytest.mark.timeout(1200)]


def play(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-W", "ignore", "-m", "tools.tracking", *arguments]
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_whatever_changes_at_once_is_told_truly_by_pollers_that_keep_being_killed() -> None:
    run = play("--tickets", "1200")
    assert run.returncode == 0, run.stdout
    assert run.stdout.count(" times killed at ") == 8
    assert " 0 times killed" not in run.stdout


@pytest.mark.harness
@pytest.mark.parametrize(
    ("cure", "complaint"),
    [
        ("overlap", "wrong after two deltas"),
        ("bounds", "wrong after two deltas"),
        ("comparison", "wrong after the sweep"),
    ],
)
def test_it_notices_what_is_without_a_cure(cure: str, complaint: str) -> None:
    run = play("--tickets", "60", "--without", cure)
    assert run.returncode == 1, run.stdout
    assert complaint in run.stdout
