"""The whole portal as a person starts it, on ports and in a folder of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.browser.snapshot import Snapshot
from tests.ports import free_ports
from tests.sandbox_process import ROOT, SandboxProcess

_OURS = (
    "DATABASE_URL",
    "CELERY_BROKER_URL",
    "PUBLIC_URL",
    "SECRET_KEY",
    "FIELD_KEYS",
    "PUSH_TIMEOUT",
    "PUSH_QUARANTINE",
)


class Portal:
    """`make run` without make. `profile` is the sandbox's."""

    def __init__(self, folder: Path, profile: str = "hardened") -> None:
        self.folder = folder
        self.port, self.sandbox_port, self.microsoft_port = free_ports(3)
        self.profile = profile
        self.process: subprocess.Popen[bytes] | None = None
        self._snapshots: dict[str, Snapshot] = {}
        # What a browser holds that is signed in here as one of them.
        self.cookies: dict[str, Any] = {}

    @property
    def url(self) -> str:
        """The home page."""
        return f"http://127.0.0.1:{self.port}/"

    @property
    def instance(self) -> str:
        """What to enter as the ServiceNow instance."""
        return f"127.0.0.1:{self.sandbox_port}"

    @property
    def environment(self) -> dict[str, str]:
        """What its processes are told."""
        environment = {name: value for name, value in os.environ.items() if name not in _OURS}
        return environment | {
            "ENV_FILE": "",
            "STATE_DIR": str(self.folder / "state"),
            "PORT": str(self.port),
            "SANDBOX_PORT": str(self.sandbox_port),
            "MICROSOFT_PORT": str(self.microsoft_port),
            "SANDBOX_PROFILE": self.profile,
            "SERVICENOW_ALLOWED_HOSTS": self.instance,
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            # Mails become files. The path is absolute behind its fourth stroke.
            "EMAIL_URL": f"filemail:///{self.mails}",
            "POLL_DELTA_SECONDS": "2",
            "PUSH_TIMEOUT": "4",
            "PUSH_QUARANTINE": "12",
        }

    @property
    def mails(self) -> Path:
        """The folder that mails go to."""
        return self.folder / "mails"

    def __enter__(self) -> Self:
        with self.log.open("wb") as log:
            command = [sys.executable, "-m", "portal.run", "--demo"]
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=log, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + 120
        while "Portal ready:" not in self.log.read_text():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self._stop()
                raise RuntimeError(self.log.read_text())
            time.sleep(0.2)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        if "sandbox" in vars(self):
            self.sandbox.let_go()
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)

    @cached_property
    def sandbox(self) -> SandboxProcess:
        """The sandbox that was started with it."""
        return SandboxProcess(portal=self.url, ports=(self.sandbox_port, self.microsoft_port))

    def begin_anew(self, profile: str = "hardened", *, connected: bool = False) -> None:
        """Bring back how everything was after the start, in the running processes; a start takes ten times as long.

        `profile` is what the sandbox is from now on, `connected` whether the portal is connected to it.
        """
        self.signal_sandbox(signal.SIGCONT)
        self._bring_back("at the start")
        self.sandbox.reset(profile)
        if connected:
            self._bring_back("connected")
        self.cookies.clear()
        for mail in self.mails.glob("*"):
            mail.unlink()

    def _bring_back(self, name: str) -> None:
        if name not in self._snapshots:
            if name == "connected":
                self._tell("connect")
            self._snapshots[name] = Snapshot(self.folder / "state" / "portal.sqlite3", self.folder / name)
        self._snapshots[name].bring_back()

    @property
    def log(self) -> Path:
        """What the supervisor said."""
        return self.folder / "run.log"

    def live_in(self) -> dict[str, str]:
        """Connect the sandbox and have tickets in every state; return the address of one thing of each kind."""
        addresses: dict[str, str] = json.loads(self._tell().splitlines()[-1])
        return addresses

    def _tell(self, *beginning: str) -> str:
        """Tell the story, or the beginning of it; return what it printed."""
        command = [sys.executable, "-m", "tests.browser.story", *beginning]
        told = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        if told.returncode:
            raise RuntimeError(told.stderr)
        return told.stdout

    def signal_sandbox(self, number: signal.Signals) -> None:
        """Send a signal to the sandbox: SIGSTOP makes it silent without ending it."""
        wanted = f"--port\0{self.sandbox_port}\0".encode()
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if b"-m\0sandbox\0" in command and wanted in command:
                os.kill(int(folder.name), number)
                return
        raise LookupError("the sandbox is not running")
