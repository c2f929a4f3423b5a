"""Wall clocks that are wrong, for the processes of a run: libfaketime, preloaded into all, reads a file for each.

`CLOCK_BOOTTIME` and the monotonic clock stay true (`FAKETIME_DONT_FAKE_MONOTONIC`).
"""

import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

LIBRARY = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)
MISSING = "libfaketime is not installed (package faketime), so no clock can be set wrong."
_FILE = "FAKETIME_TIMESTAMP_FILE"


def is_preloaded() -> bool:
    """Whether this program was started with libfaketime in it."""
    return _FILE in os.environ


def environment(folder: Path) -> dict[str, str]:
    """Return what a program is to be started with, so that libfaketime is in it, and its clock true.

    A clock that is set shows the new time within a second: to read its file whenever the time is asked for takes most
    of the processor.
    """
    clock = Clockwork(folder / "true.clock")
    preloaded = {
        "LD_PRELOAD": str(LIBRARY),
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_CACHE_DURATION": "1",
    }
    return {**os.environ, **preloaded, _FILE: str(clock.file)}


def preload(module: str, folder: Path) -> None:
    """Start this program anew with libfaketime in it, unless that has been done."""
    if not is_preloaded():
        command = [sys.executable, "-m", module, *sys.argv[1:]]
        os.execve(sys.executable, command, environment(folder))
    keep_to_this_program()


def keep_to_this_program() -> None:
    """Let what this program starts, such as the sandbox and databases, have a clock of its own."""
    os.environ.pop("LD_PRELOAD", None)
    _fix_sleep()


class Clockwork:
    """The clock of the processes that use it, off by so many seconds."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.set(0)

    def set(self, seconds: int) -> None:
        """Set it wrong. In one piece: a file that is read half ends whoever reads it."""
        half = self.file.with_suffix(".half")
        half.write_text(f"{seconds:+d}\n")
        half.replace(self.file)

    def use(self, work: Callable[[], object]) -> None:
        """Work by it, in a process of its own."""
        os.environ[_FILE] = str(self.file)
        work()


def _fix_sleep() -> None:
    """libfaketime 0.9.10 calls the monotonic moments that Python sleeps until invalid; locks wait well."""
    original = time.sleep

    def sleep(seconds: float) -> None:
        threading.Event().wait(seconds)

    for module in list(sys.modules.values()):
        for name, value in list(vars(module).items()):
            if value is original:
                setattr(module, name, sleep)
