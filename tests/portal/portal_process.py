"""`make run` without make: the whole portal as a process that a test may stop, kill and start again."""

import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.portal.processes import children_of
from tests.portal.scratch import environment
from tests.ports import free_ports
from tests.sandbox_process import ROOT


class PortalProcess:
    """`python -m portal.run --demo`; keeps its ports and its state folder over `stop()` and `start()`."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.port, self.sandbox_port, self.microsoft_port = free_ports(3)
        ports = {
            "PORT": str(self.port),
            "SANDBOX_PORT": str(self.sandbox_port),
            "MICROSOFT_PORT": str(self.microsoft_port),
        }
        self.settings = environment(folder / "state", **ports, **settings)
        self._output = folder / "output.txt"
        self.seconds_to_start = 0.0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def state(self) -> Path:
        """Where it keeps its keys, database and logs."""
        return self.folder / "state"

    @property
    def output(self) -> str:
        """What it printed since its last start."""
        return self._output.read_text()

    def start(self) -> None:
        """Start (again) and wait until it says that it is ready. Does nothing while it runs."""
        if self._process is not None:
            return
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "portal.run", "--demo"], cwd=ROOT, env=self.settings,
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip
        try:
            self._wait_until_ready(self._process)
        except BaseException:
            self.stop()
            raise

    def _wait_until_ready(self, process: "subprocess.Popen[bytes]") -> None:
        began = time.monotonic()
        while "Portal ready" not in self.output:
            assert process.poll() is None, self.output
            assert time.monotonic() - began < 240, self.output
            time.sleep(0.1)
        self.seconds_to_start = time.monotonic() - began

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> int | None:
        """Send a signal, wait until the process ends, and return its exit status."""
        process, self._process = self._process, None
        if process is None:
            return None
        process.send_signal(sign)
        return process.wait(60)

    def parts(self) -> dict[str, int]:
        """The id of each part's own process by the part's name."""
        assert self._process, "the portal does not run"
        marks = {
            "sandbox": "-m sandbox",
            "web": "-m gunicorn",
            "worker-1": "worker-1@",
            "worker-2": "worker-2@",
            "beat": "portal beat",
        }
        children = children_of(self._process.pid)
        return {
            name: pid for name, mark in marks.items() for pid, command in children.items() if mark in command
        }
