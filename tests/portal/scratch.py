"""Empty databases of the kind that the tests run on, and processes of the portal that work on them."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
from django.db import connection
from psycopg import sql

from tests.sandbox_process import ROOT

KEYS = {"SECRET_KEY": "only-for-tests-" * 4, "FIELD_KEYS": "only-for-tests-0123456789-abcdefgh"}


@contextlib.contextmanager
def scratch_database(folder: Path) -> Iterator[str]:
    """Lend an empty database; yields its address for DATABASE_URL. SQLite's is a file in the folder."""
    if connection.vendor == "sqlite":
        yield f"sqlite:///{folder / 'scratch.sqlite3'}"
        return
    server, name = connection.settings_dict, f"scratch_{uuid4().hex}"
    address = f"postgres://{server['USER']}@{server['HOST']}:{server['PORT']}"
    with psycopg.connect(f"{address}/postgres", password=server["PASSWORD"], autocommit=True) as maintenance:
        maintenance.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield f"{address}/{name}"
        finally:
            maintenance.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """Return the environment of somebody who has set nothing but this: no `.env`, a state folder of its own."""
    passed_on = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**passed_on, "ENV_FILE": "", "STATE_DIR": str(folder), **settings}


def manage(*arguments: str, settings: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run a management command with exactly this environment and return how it ended."""
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    return subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, timeout=240)
