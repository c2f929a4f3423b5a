"""What runs on this machine, as the kernel tells it."""

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

PROC = Path("/proc")


def wait_until(true: Callable[[], object], seconds: float = 20) -> None:
    """Return as soon as something is true. Fails the test when it is not within that many seconds."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended but that nobody asked about yet does not."""
    state, _parent = _status(pid)
    return state not in "ZX"


def alive(pids: Iterable[int]) -> list[int]:
    """Those of some processes that run."""
    return [pid for pid in pids if is_alive(pid)]


def children_of(parent: int) -> dict[int, str]:
    """The running children of a process: the id and the command line of each."""
    return {
        pid: _read(pid, "cmdline") for pid in _everything() if _status(pid)[1] == parent and is_alive(pid)
    }


def that_mention(folder: Path) -> dict[int, str]:
    """Every other process that has a folder in its command line or environment: its id and its command line."""
    found = {pid: _read(pid, "cmdline") for pid in _everything() if pid != os.getpid() and is_alive(pid)}
    return {pid: command for pid, command in found.items() if str(folder) in command + _read(pid, "environ")}


def _everything() -> list[int]:
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdecimal()]


def _read(pid: int, name: str) -> str:
    try:
        return (PROC / str(pid) / name).read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""  # It ended just now, or it is somebody else's.


def _status(pid: int) -> tuple[str, int]:
    """A letter for what a process is doing (X where there is none) and the id of its parent."""
    words = _read(pid, "stat").rpartition(")")[2].split()
    return (words[0], int(words[1])) if words else ("X", 0)
