"""What `make test` looks through, and what it reads in the reports of its steps."""

from collections import Counter
from pathlib import Path

import pytest

from tools.run import APART, ROOT, Step, failures_in, left_out_in

REPORT = """<?xml version="1.0" encoding="utf-8"?><testsuites><testsuite name="pytest">
<testcase classname="tests.scorecard.importing.test_real_tenant" name="test_a"><skipped message="no data" /></testcase>
<testcase classname="tests.scorecard.importing.test_real_tenant" name="test_b"><skipped message="no data" /></testcase>
<testcase classname="tests.tickets.actions.test_share" name="test_c[x]"><failure message="assert 1 == 2" /></testcase>
<testcase classname="tests.tickets.actions.test_share" name="test_d"><error message="failed on setup" /></testcase>
<testcase classname="tests.tickets.actions.test_share" name="test_e" />
</testsuite></testsuites>"""


def test_what_was_left_out_is_told_with_its_reason_beside_what_failed(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(REPORT)
    assert failures_in(report) == [
        "tests/tickets/actions/test_share.py::test_c[x]",
        "tests/tickets/actions/test_share.py::test_d",
    ]
    assert left_out_in(report) == Counter({"no data": 2})
    step = Step("side by side", status=1, failures=failures_in(report), left_out=left_out_in(report))
    assert str(step).splitlines() == [
        "FAILED  side by side, 0.0 min",
        "    tests/tickets/actions/test_share.py::test_c[x]",
        "    tests/tickets/actions/test_share.py::test_d",
        "    left out: 2 (no data)",
    ]


@pytest.mark.parametrize("mark", APART)
def test_what_runs_apart_is_where_it_is_looked_for(mark: str) -> None:
    marked = {
        path.relative_to(ROOT)
        for path in (ROOT / "tests").rglob("test_*.py")
        if f"pytest.mark.{mark}" in path.read_text() and path != Path(__file__)
    }
    assert marked
    assert [path for path in marked if not any(path.is_relative_to(folder) for folder in APART[mark])] == []
