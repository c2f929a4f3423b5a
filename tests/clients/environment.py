"""A virtual environment of its own for other people's clients, so that what they pin cannot disturb the project's.

`requirements.lock` is made from `requirements.in` by
`uv pip compile --universal --generate-hashes --no-header --python-version 3.11 requirements.in -o requirements.lock`.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FOLDER = ROOT / "build" / "clients-venv"
LOCK = HERE / "requirements.lock"
PYTHON = FOLDER / "bin" / "python"
INSTALL_SECONDS, RUN_SECONDS = 300, 90


class CannotInstall(RuntimeError):
    """The packages could not be had; carries what pip said."""


def prepare() -> Path:
    """The interpreter of the environment, which is made anew when the lock file changed.

    Raises:
        CannotInstall: no registry within reach, or a package that does not fit its hash.
    """
    wanted = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()
    stamp = FOLDER / "made-from"
    with _alone():
        if not stamp.exists() or stamp.read_text() != wanted:
            _make()
            stamp.write_text(wanted)
    return PYTHON


@contextmanager
def _alone() -> Iterator[None]:
    """Several test processes may ask at once; one makes it, the others wait."""
    FOLDER.parent.mkdir(parents=True, exist_ok=True)
    with FOLDER.with_suffix(".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _make() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    _call(sys.executable, "-m", "venv", FOLDER)
    pip = (str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    _call(*pip, "--require-hashes", "--requirement", LOCK)


def _call(*command: str | Path) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotInstall(str(error)) from error
    if done.returncode:
        raise CannotInstall(done.stderr or done.stdout)


def run(script: str, errand: str, url: str, certificate: Path | None = None, sign_in: str = "basic") -> Any:
    """Run one errand of a script in the environment, signed in by `basic` or `oauth`; what it printed as JSON."""
    environment = {"PATH": os.environ["PATH"], "NO_PROXY": "*", "PYTHONWARNINGS": "ignore"}
    if certificate is not None:
        environment["REQUESTS_CA_BUNDLE"] = str(certificate)
    command = [str(PYTHON), "-m", f"tests.clients.scripts.{script}", errand, url, sign_in]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    if done.returncode:
        raise AssertionError(f"{script} {errand}:\n{done.stdout}\n{done.stderr}")
    return json.loads(done.stdout)
