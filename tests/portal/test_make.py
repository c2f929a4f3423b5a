"""`make run` on machines that lack something, in a copy of the Makefile: nothing is installed, one line says what is
missing.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sandbox_process import ROOT

# Pythons as the Makefile meets them, asked by `-V` and `-c`.
OLD = f"""case "$1" in
    -V) echo "Python 3.10.12" ;;
    *) exec {sys.executable} -c 'import sys; sys.version_info = (3, 10, 12); exec(sys.argv[1])' "$2" ;;
esac"""
WITHOUT_VENV = """case "$*" in
    *ensurepip*) echo "ModuleNotFoundError: No module named 'ensurepip'" >&2; exit 1 ;;
esac"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """What `make run` looks at before it installs anything."""
    for name in ("Makefile", "requirements.lock", "requirements-dev.lock"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def make(tree: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    # `make test` tells the makes below it about itself, and tests have a state folder.
    ours = ("MAKE", "MFLAGS", "STATE_DIR", "PORT")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return subprocess.run(
        ["make", *arguments], cwd=tree, env=environment, capture_output=True, text=True, timeout=240
    )


def python(tree: Path, answers: str) -> str:
    """Put a Python that answers so beside the Makefile, and return what to add to make's command line."""
    program = tree / "python"
    program.write_text(f"#!/bin/sh\n{answers}\n")
    program.chmod(0o755)
    return "PYTHON=./python"


@pytest.mark.parametrize("target", ["run", "serve", "test", "lint"])
def test_an_old_python_is_told_with_what_to_do(tree: Path, target: str) -> None:
    done = make(tree, target, python(tree, OLD))
    [line] = done.stdout.splitlines()
    assert done.returncode != 0
    assert "Python 3.11 or later is needed, this is Python 3.10.12" in line
    assert "make run PYTHON=" in line
    assert not (tree / ".venv").exists()


def test_a_python_without_venv_is_told_with_the_package_to_install(tree: Path) -> None:
    done = make(tree, "run", python(tree, WITHOUT_VENV))
    [line] = done.stdout.splitlines()
    assert done.returncode != 0
    assert "apt install python3-venv" in line
    assert "ModuleNotFoundError" not in done.stderr
    assert not (tree / ".venv").exists()


def test_no_python_at_all_is_told_with_what_to_install(tree: Path) -> None:
    done = make(tree, "run", "PYTHON=no-such-python")
    [line] = done.stdout.splitlines()
    assert done.returncode != 0
    assert "install python3" in line


def test_make_alone_lists_the_commands(tree: Path) -> None:
    done = make(tree)
    assert done.returncode == 0
    listed = [line.split()[0] for line in done.stdout.splitlines()]
    assert {"run", "serve", "test", "lint", "clean"} <= set(listed)


def test_clean_never_touches_the_state_folder(tree: Path) -> None:
    for name in ("var/env", "mine/env", ".venv/x", "build/x", "portal/__pycache__/x"):
        (tree / name).parent.mkdir(parents=True)
        (tree / name).touch()
    assert make(tree, "clean", "STATE_DIR=mine").returncode == 0
    assert (tree / "var/env").exists()
    assert (tree / "mine/env").exists()
    assert not any((tree / name).exists() for name in (".venv", "build", "portal/__pycache__"))


def test_a_state_folder_and_ports_are_handed_on_only_when_they_are_given(tree: Path) -> None:
    """Else what `.env` says of them would never count."""
    (tree / ".venv" / "bin").mkdir(parents=True)
    (tree / ".venv" / "bin" / "python").write_text('#!/bin/sh\necho "${STATE_DIR-none} ${PORT-none}"\n')
    (tree / ".venv" / "bin" / "python").chmod(0o755)
    (tree / ".venv" / "run.stamp").touch()
    for target in ("run", "serve"):
        assert make(tree, target).stdout == "none none\n"
        assert make(tree, target, "STATE_DIR=mine", "PORT=9000").stdout == "mine 9000\n"
