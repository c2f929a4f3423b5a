"""The web server and Celery, started by hand as an operator does, with keys and databases that do not fit."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from connector.models import Connection
from portal.run import answers
from tests.ports import free_port
from tests.scenarios.test_killed_worker import wait_until
from tests.workers import ROOT, environment

pytestmark = pytest.mark.slow
WRONG = "a-key-that-opens-nothing-0123456789-abcdef"
PROGRAMS = ["web", "worker", "beat"]


def command(program: str, folder: Path, port: int = 0) -> list[str]:
    celery = [sys.executable, "-m", "celery", "--app", "portal"]
    return {
        "web": [
            *(sys.executable, "-m", "gunicorn", "portal.wsgi", "--no-control-socket"),
            *("--bind", f"127.0.0.1:{port or free_port()}"),
        ],
        "worker": [*celery, "worker", "--pool", "solo", "--without-mingle"],
        "beat": [*celery, "beat", "--schedule", str(folder / "beat"), "--pidfile", ""],
    }[program]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("field_keys", "reason"),
    [
        (
            WRONG,
            (
                "FIELD_KEYS: 3 stored secrets can be read with none of the keys. Put the missing key back, from "
                "earlier settings or the backup of STATE_DIR/env. Only once it is lost for good, give these secrets "
                "up: .venv/bin/python manage.py rotate_keys --forget-unreadable"
            ),
        ),
        ("", "FIELD_KEYS: give at least one key, each of 32 characters or more, newest first"),
    ],
    ids=["wrong", "missing"],
)
@pytest.mark.parametrize("program", PROGRAMS)
def test_a_wrong_or_missing_key_stops_the_start_with_one_line(
    connection: Connection, tmp_path: Path, program: str, field_keys: str, reason: str
) -> None:
    ended = subprocess.run(
        command(program, tmp_path),
        cwd=ROOT,
        env={**environment(), "FIELD_KEYS": field_keys, "ENV_FILE": os.devnull},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode != 0
    said = ended.stdout + ended.stderr
    [line] = [line for line in said.splitlines() if "FIELD_KEYS" in line]
    # beat's own logging puts the time before it.
    assert line.endswith(f"Cannot start: {reason}")
    assert "Traceback" not in said
    assert WRONG not in said


@pytest.mark.parametrize(
    ("database", "said"),
    [
        ("no/such/folder.sqlite3", "the database cannot be reached, so no stored secret was looked at"),
        ("fresh.sqlite3", ""),
    ],
    ids=["cannot be reached", "not migrated yet"],
)
@pytest.mark.parametrize("program", ["web", "worker"])
def test_a_database_that_is_not_ready_stops_no_start(
    tmp_path: Path, program: str, database: str, said: str
) -> None:
    log, port = tmp_path / "log", free_port()
    own = {
        "DATABASE_URL": f"sqlite:///{tmp_path / database}",
        "CELERY_BROKER_URL": f"files://localhost{tmp_path / 'broker'}",
        "READY_FILE": str(tmp_path / "ready"),
        "DJANGO_SETTINGS_MODULE": "tests.process_settings",
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            command(program, tmp_path, port),
            cwd=ROOT,
            env={**os.environ, **own},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until(lambda: process.poll() is not None or _has_started(program, tmp_path, port))
        assert process.poll() is None, log.read_text()
    finally:
        process.terminate()
        process.wait(30)
    lines = [line for line in log.read_text().splitlines() if "DATABASE_URL" in line]
    assert len(lines) == bool(said)
    assert all(said in line for line in lines)
    assert "Cannot start" not in log.read_text()


def _has_started(program: str, folder: Path, port: int) -> bool:
    return answers(f"http://127.0.0.1:{port}/livez") if program == "web" else (folder / "ready").exists()
