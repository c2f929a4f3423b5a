"""A slice of the chaos run, and the judge's eye. `make chaos` runs a thousand tickets on each database."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools.chaos.history import judge

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.waits
@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_no_ticket_is_lost_doubled_stuck_or_misled_in_chaos() -> None:
    command = [sys.executable, "-W", "ignore", "-m", "tools.chaos", "--one", "--tickets", "40"]
    run = subprocess.run(
        [*command, "--rage", "75", "--seconds", "900"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "40 shared" in run.stdout
    assert "40 records: 0 lost, 0 doubled, 0 stuck" in run.stdout


@pytest.mark.parametrize(
    ("linked", "records", "found"),
    [
        ({}, [], "1 lost, 0 doubled, 0 stuck, 0 misled, 0 unasked"),
        ({"a": "1"}, [], "1 lost, 0 doubled, 0 stuck, 1 misled, 0 unasked"),
        ({"a": "1"}, [("a", "1"), ("a", "2")], "0 lost, 1 doubled, 0 stuck, 0 misled, 0 unasked"),
        ({"a": ""}, [("a", "1")], "0 lost, 0 doubled, 1 stuck, 0 misled, 0 unasked"),
        ({"a": "2"}, [("a", "1"), ("b", "2")], "0 lost, 0 doubled, 0 stuck, 1 misled, 1 unasked"),
    ],
)
def test_the_judge_tells_what_went_wrong(
    linked: dict[str, str], records: list[tuple[str, str]], found: str
) -> None:
    judgement = judge({"a"}, {"a"}, linked, records)
    assert (str(judgement), judgement.is_good) == (found, False)


def test_the_judge_accepts_one_record_for_each_ticket() -> None:
    assert judge({"a", "b"}, {"a"}, {"a": "1", "b": "2"}, [("a", "1"), ("b", "2")]).is_good
