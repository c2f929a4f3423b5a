"""The real worker and beat, as processes that a test can kill."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parent.parent
_PASSED_ON = (
    "PUSH_TIMEOUT",
    "PUSH_QUARANTINE",
    "POLL_DELTA_SECONDS",
    "POLL_SWEEP_SECONDS",
    "CELERY_BROKER_URL",
)


def environment() -> dict[str, str]:
    """Return the environment of a portal process that works on this test's database, broker and sandbox."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        url = f"sqlite:///{database['NAME']}"
    else:
        url = f"postgres://{database['USER']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    passed_on = {name: str(getattr(settings, name)) for name in _PASSED_ON}
    hosts = ",".join(settings.SERVICENOW_ALLOWED_HOSTS)
    own = {
        "DATABASE_URL": url,
        "SERVICENOW_ALLOWED_HOSTS": hosts,
        "DJANGO_SETTINGS_MODULE": "tests.process_settings",
    }
    return {**os.environ, **passed_on, **own}


class Workers:
    """One worker and one beat; `kill_worker` is a power cut for the worker alone."""

    def __init__(self, log: Path, level: str = "WARNING") -> None:
        self.log = log
        self.level = level
        self.environment = environment()
        self.worker: subprocess.Popen[bytes] | None = None
        self.beat: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start_worker()
        self.beat = self._start("beat", "--schedule", str(self.log.with_suffix(".schedule")), "--pidfile", "")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in (self.worker, self.beat):
            if process is not None:
                process.send_signal(signal.SIGKILL)
                process.wait()

    def start_worker(self) -> None:
        """Start the worker (again)."""
        self.worker = self._start(
            "worker", "--pool", "threads", "--concurrency", "2", "--without-mingle", "--loglevel", self.level
        )

    def kill_worker(self) -> None:
        """End the worker where it stands."""
        if self.worker is not None:
            self.worker.send_signal(signal.SIGKILL)
            self.worker.wait()

    def _start(self, *arguments: str) -> "subprocess.Popen[Any]":
        command = [sys.executable, "-m", "celery", "--app", "portal", *arguments]
        with self.log.open("ab") as log:
            return subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=log, stderr=subprocess.STDOUT
            )
