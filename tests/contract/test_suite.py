"""The suite itself: over an instance that the environment names it runs, tidies up and reports."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.far_side import FarSide
from tests.sandbox_process import CLIENT, SandboxProcess

NAMED = {"SERVICENOW_TEST_CLIENT_ID": CLIENT[0], "SERVICENOW_TEST_CLIENT_SECRET": CLIENT[1]}


def test_the_suite_runs_over_a_named_instance_and_leaves_nothing_open(sandbox: SandboxProcess) -> None:
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "tests/contract",
            "-k",
            "real and not test_suite",
            "-q",
            "-p",
            "no:xdist",
        ],
        cwd=Path(__file__).parents[2],
        env={**os.environ, **NAMED, "SERVICENOW_TEST_URL": sandbox.url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    assert "what this instance does where either answer is fine" in run.stdout
    assert "incident: a chosen sys_id is kept: yes" in run.stdout
    assert "Left behind" not in run.stdout
    for table in ("incident", "change_request"):
        assert not sandbox.records(table, active="true")
    assert CLIENT[1] not in run.stdout


def test_an_address_without_its_client_is_a_mistake_and_not_a_silent_skip() -> None:
    assert FarSide.from_environment({}) is None
    with pytest.raises(ValueError, match="SERVICENOW_TEST_CLIENT_SECRET"):
        FarSide.from_environment({"SERVICENOW_TEST_URL": "https://dev1.service-now.com"})


def test_the_user_is_optional() -> None:
    url = {"SERVICENOW_TEST_URL": "https://dev1.service-now.com/"}
    by_client = FarSide.from_environment(url | NAMED)
    by_user = FarSide.from_environment(
        url | NAMED | {"SERVICENOW_TEST_USER": "scoredesk", "SERVICENOW_TEST_PASSWORD": "s"}
    )
    assert by_client is not None
    assert by_user is not None
    assert (by_client.url, by_client.user) == ("https://dev1.service-now.com", None)
    assert by_user.user == ("scoredesk", "s")
