"""The whole portal as a person starts it, on ports and in a folder of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.ports import free_ports
from tests.sandbox_process import ROOT

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
        # Further instances that may be talked to, beside its own sandbox.
        self.hosts: list[str] = []
        self.process: subprocess.Popen[bytes] | None = None

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
            "SERVICENOW_ALLOWED_HOSTS": ",".join([self.instance, *self.hosts]),
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
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)

    @property
    def log(self) -> Path:
        """What the supervisor said."""
        return self.folder / "run.log"

    def live_in(self) -> dict[str, str]:
        """Connect the sandbox and have tickets in every state; return the address of one thing of each kind."""
        command = [sys.executable, "-m", "tests.browser.story"]
        told = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        if told.returncode:
            raise RuntimeError(told.stderr)
        addresses: dict[str, str] = json.loads(told.stdout.splitlines()[-1])
        return addresses

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
