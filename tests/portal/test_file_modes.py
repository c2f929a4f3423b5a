"""What the portal keeps in files is for its owner alone, and it does not start while others may look."""

import os
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.portal.scratch import KEYS, environment, manage
from tests.portal.test_demonstration import programs, refusals, run
from tests.ports import free_port
from tests.sandbox_process import ROOT


def open_files(folder: Path) -> list[str]:
    """Everything in a folder, and itself, that others may look into. Everybody may see static files."""
    found = [folder, *folder.rglob("*")]
    private = [path for path in found if path.relative_to(folder).parts[:1] != ("static",)]
    return [str(path) for path in private if stat.S_IMODE(path.lstat().st_mode) & 0o077]


def as_most_people(command: list[str], settings: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command, cwd=ROOT, env=settings, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=240, umask=0o022,
    )  # fmt: skip


@pytest.mark.slow
def test_whatever_the_portal_writes_is_for_its_owner_alone(tmp_path: Path) -> None:
    state = tmp_path / "var" / "serve"
    done = as_most_people([sys.executable, "-m", "portal.run"], environment(state, PORT=str(free_port())))
    assert "there is no administrator yet" in done.stderr
    assert (state / "portal.sqlite3").exists()
    assert (state / "staticfiles.json").exists()
    assert open_files(state) == []


def test_commands_by_hand_write_for_the_owner_alone(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    command = [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c"]
    command += ["from portal.celery import app; app.send_task('connector.tasks.look_after_connection')"]
    done = as_most_people(command, environment(state, **KEYS))
    assert done.returncode == 0, done.stderr
    assert list((state / "broker").rglob("*.message"))
    assert open_files(state) == []


@pytest.mark.parametrize("opened", ["", "env", "portal.sqlite3-wal", "log", "log/web.log"])
def test_a_state_folder_that_others_may_look_into_stops_the_start_with_what_fixes_it(
    tmp_path: Path, opened: str
) -> None:
    state = tmp_path / "it's"
    for name in ("env", "portal.sqlite3-wal", "log/web.log", "static/all.css"):
        (state / name).parent.mkdir(parents=True, exist_ok=True)
        (state / name).touch()
    (state / "static" / "all.css").chmod(0o644)
    (state / opened).chmod(0o750 if (state / opened).is_dir() else 0o640)
    look = (
        "shell",
        "--verbosity",
        "0",
        "-c",
        "from portal.file_modes import faults; print(*faults(), sep='')",
    )
    settings = environment(state, **KEYS)
    fault = manage(*look, settings=settings).stdout.strip()
    assert fault.startswith("STATE_DIR: ")
    command = fault.partition("Run: ")[2]
    assert shlex.split(command) == ["chmod", "-R", "go=", str(state)]
    subprocess.run(["sh", "-c", command], check=True)
    assert manage(*look, settings=settings).stdout.strip() == ""


@pytest.mark.slow
@pytest.mark.parametrize("program", ["make serve", "gunicorn", "worker", "beat"])
def test_every_start_looks(tmp_path: Path, program: str) -> None:
    state, database, dot_env = tmp_path / "state", tmp_path / "elsewhere.sqlite3", tmp_path / "settings.env"
    settings = environment(state, **KEYS, PORT=str(free_port()), DATABASE_URL=f"sqlite:///{database}")
    settings["ENV_FILE"] = str(dot_env)
    (state / "log").mkdir(parents=True)
    for path in (database, dot_env):
        path.touch()
        path.chmod(0o604)
    state.chmod(0o755)
    lines = refusals(run(programs(tmp_path)[program], settings))
    assert [line.partition(":")[0] for line in lines] == ["STATE_DIR", "DATABASE_URL", "settings.env"]
    for line in lines:
        subprocess.run(["sh", "-c", line.partition("Run: ")[2]], check=True)
    assert [oct(stat.S_IMODE(path.stat().st_mode)) for path in (state, database, dot_env)] == [
        "0o700",
        "0o600",
        "0o600",
    ]


def test_a_link_in_the_state_folder_is_no_reason_to_change_what_it_leads_to(tmp_path: Path) -> None:
    state, outside = tmp_path / "state", tmp_path / "outside"
    state.mkdir()
    outside.touch()
    outside.chmod(0o644)
    (state / "link").symlink_to(outside)
    look = ("shell", "--verbosity", "0", "-c", "from portal.file_modes import faults; print(*faults())")
    assert manage(*look, settings=environment(state, **KEYS)).stdout.strip() == ""


def test_the_tests_themselves_leave_nothing_open() -> None:
    umask = os.umask(0)
    os.umask(umask)
    assert umask == 0o077
