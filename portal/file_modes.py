"""What the portal keeps in files is for its owner alone: keys, tokens, tickets, logs, messages, settings.

`portal.environment` sees to new files. Older ones, or those that somebody copied, are looked at before each start. Not
among them are static files, which everybody may see, and files that `<NAME>_FILE` names: they belong to whoever hands
them out.
"""

import os
import shlex
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from django.conf import settings

_OTHERS = 0o077
_SQLITE = "django.db.backends.sqlite3"


def faults() -> Iterator[str]:
    """Say of each place that others may look into how to close it."""
    if any(map(_is_open, _everything_in(settings.STATE_DIR))):
        yield f"STATE_DIR: others on this machine may look into it. Run: {_closing(['-R'], [settings.STATE_DIR])}"
    database = settings.DATABASES["default"]
    if database["ENGINE"] == _SQLITE:
        name = str(database["NAME"])
        files = [Path(name + suffix) for suffix in ("", "-wal", "-shm", "-journal")]
        if any(_is_open(file) and settings.STATE_DIR not in file.parents for file in files):
            # SQLite's other files come and go while the portal runs: the shell says which are there.
            yield f"DATABASE_URL: others on this machine may read the database. Run: {_closing([], [Path(name)])}*"
    if settings.DOT_ENV and settings.DOT_ENV.is_file() and _is_open(settings.DOT_ENV):
        yield f"{settings.DOT_ENV.name}: others on this machine may read it. Run: {_closing([], [settings.DOT_ENV])}"


def _everything_in(state: Path) -> Iterator[Path]:
    yield state
    for folder, folders, files in os.walk(state):
        if Path(folder) == state and "static" in folders:
            folders.remove("static")
        yield from (Path(folder, name) for name in [*folders, *files])


def _is_open(path: Path) -> bool:
    try:
        mode = path.lstat().st_mode
    except OSError:
        return False  # It is not there, or not ours to look at.
    return not stat.S_ISLNK(mode) and bool(mode & _OTHERS)


def _closing(options: Sequence[str], paths: Sequence[Path]) -> str:
    return shlex.join(["chmod", *options, "go=", *map(str, paths)])
