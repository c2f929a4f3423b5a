"""Keeps a handful of processes running: starts them, starts again whichever dies, ends all of them together.

Knows nothing of what it runs. Each part gets a session of its own, so that Ctrl-C reaches the supervisor alone and
it can end the parts in order, and a parent-death signal (Linux), so that no part outlives a supervisor that was killed.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from portal.rotation import rotate

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Patience:
    """How long a supervisor waits, in seconds."""

    grace: float = 10.0  # From asking parts to end until they are killed.
    shortest_pause: float = 0.5  # Between two starts of a part; doubled whenever it dies soon, ...
    longest_pause: float = 30.0
    steady_after: float = 30.0  # ... and forgotten once it has lived that long.


@dataclass(frozen=True)
class Part:
    """One process to keep running. Its output goes to `log`, appended, and rotated by size."""

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    # Others finish what they are about with its help: it is asked to end when they have.
    ends_last: bool = False


def die_with_parent() -> None:
    """Ask the kernel to end this process when its parent ends. Only Linux can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class _Running:
    """A part, its process, and how soon it may be started again."""

    def __init__(self, part: Part, patience: Patience) -> None:
        self.part = part
        self.patience = patience
        self.pause = patience.shortest_pause
        self.start()

    def start(self) -> None:
        self.started = time.monotonic()
        self.seen_dead = False
        with self.part.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603  Commands come from our own table.
                self.part.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.part.environment},
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509  Started before any thread of ours.
            )

    def restart_if_dead(self, say: Callable[[str], None]) -> None:
        code = self.process.poll()
        if code is None:
            return
        since_start = time.monotonic() - self.started
        # Only when its death is first seen is this how long it lived; afterwards the pause itself would count as life.
        if not self.seen_dead and since_start > self.patience.steady_after:
            self.pause = self.patience.shortest_pause
        self.seen_dead = True
        if since_start < self.pause:
            return
        say(f"{self.part.name} ended ({_cause(code)}); starting it again. Its log: {self.part.log}")
        self.pause = min(self.pause * 2, self.patience.longest_pause)
        self._signal(signal.SIGKILL)  # What it may have left behind.
        self.start()

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def ask_to_end(self) -> None:
        self._signal(signal.SIGTERM)

    def end(self, deadline: float) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.0, deadline - time.monotonic()))
        self._signal(signal.SIGKILL)
        self.process.wait()


class Supervisor:
    """Runs parts until it is asked to stop, by SIGINT, SIGTERM, SIGHUP or `stop`."""

    def __init__(self, say: Callable[[str], None] = print, patience: Patience = Patience()) -> None:
        self.say = say
        self.patience = patience
        self.running: list[_Running] = []
        self.stopping = threading.Event()

    def install_signals(self) -> None:
        """Let Ctrl-C, SIGTERM and a closed terminal end everything in order."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.stopping.set()

    def start(self, *parts: Part) -> None:
        """Start parts, to be kept running from now on."""
        self.running += [_Running(part, self.patience) for part in parts]

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> bool:
        """Keep the parts running until `ready` says so. Returns False when time ran out or a stop was asked for."""
        deadline = time.monotonic() + seconds
        while not self.stopping.is_set() and time.monotonic() < deadline:
            if ready():
                return True
            self._watch(0.1)
        return False

    def watch(self) -> None:
        """Keep the parts running until a stop is asked for."""
        while not self.stopping.is_set():
            self._watch(0.5)

    def _watch(self, seconds: float) -> None:
        for running in self.running:
            running.restart_if_dead(self.say)
            rotate(running.part.log)
        self.stopping.wait(seconds)

    def stop(self) -> None:
        """End every part, the last started first, and wait until all are gone."""
        self.stopping.set()
        deadline = time.monotonic() + self.patience.grace
        for ends_last in (False, True):
            parts = [running for running in reversed(self.running) if running.part.ends_last == ends_last]
            for running in parts:
                running.ask_to_end()
            for running in parts:
                running.end(deadline)


def _cause(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit {code}"
