"""A tiny run of what `make bench` measures of pages. Times of one round say nothing, and are not judged."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROW = re.compile(
    r"^\| (?P<page>\w.*?) +\| +[\d.]+ \| +[\d.]+ \| +\d+ \| +[\d.]+ \| +[\d.]+ \| +\d+ \|$", re.MULTILINE
)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_page_is_measured_and_none_asks_more_of_the_database_with_more_tickets() -> None:
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "tools.bench",
        "pages",
        "--sizes",
        "60",
        "120",
        "--rounds",
        "1",
    ]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    pages = ROW.findall(run.stdout)
    assert {"home", "tickets, last page", "ticket", "administration: audit entries"} <= set(pages), run.stderr
    assert "met      no page with more queries" in run.stdout, run.stdout
