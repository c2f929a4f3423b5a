"""Throw-away PostgreSQL and Redis servers on free ports, gone when the block ends."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.ports import free_port

_OWNER = "nobody"
NO_POSTGRES = "PostgreSQL is not installed, so nothing was tried on it: apt install postgresql"


class Server:
    """A process in a folder of its own. PostgreSQL refuses to run as root, so root hands it to another user."""

    def __init__(self) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="scoredesk-server-"))
        self.process: subprocess.Popen[bytes] | None = None
        self.identity: dict[str, Any] = {}
        if os.geteuid() == 0:
            owner = pwd.getpwnam(_OWNER)
            self.identity = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}

    def command(self) -> list[str]:
        """Return what to run."""
        raise NotImplementedError

    def prepare(self) -> None:
        """Do what must be done before the first start."""

    def __enter__(self) -> Self:
        # It is gone when the server was ended before, and is then made as whoever starts it again.
        self.folder.mkdir(mode=0o700, exist_ok=True)
        if self.identity:
            os.chown(self.folder, self.identity["user"], self.identity["group"])
        self.prepare()
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                self.command(), cwd=self.folder, stdout=log, stderr=subprocess.STDOUT, **self.identity
            )
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return self
        raise RuntimeError((self.folder / "log").read_text())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)


class Postgres(Server):
    """PostgreSQL without durability: its data live as long as the tests."""

    @property
    def url(self) -> str:
        """The address for DATABASE_URL."""
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    @staticmethod
    def program(name: str) -> str | None:
        """Find one of PostgreSQL's programs, which Debian keeps out of the path."""
        found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
        return str(found[0]) if found else shutil.which(name)

    def prepare(self) -> None:
        """Make an empty cluster."""
        command = [
            str(self.program("initdb")),
            "-D",
            "data",
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
        ]
        subprocess.run(command, cwd=self.folder, check=True, stdout=subprocess.DEVNULL, **self.identity)

    def command(self) -> list[str]:
        """Listen on loopback only."""
        options = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self.folder),
            "fsync": "off",
            # Sixteen cells of the crash matrix at once, each a worker with threads, need more than the usual hundred.
            "max_connections": "400",
        }
        flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return [str(self.program("postgres")), "-D", "data", "-p", str(self.port), *flags]


class Redis(Server):
    """Redis that saves nothing."""

    @property
    def url(self) -> str:
        """The address for CELERY_BROKER_URL."""
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        """Listen on loopback only."""
        return [
            shutil.which("redis-server") or "redis-server", "--port", str(self.port), "--bind", "127.0.0.1",
            "--save", "", "--appendonly", "no",
        ]  # fmt: skip
