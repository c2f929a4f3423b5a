"""Brokers that can be emptied and unplugged."""

import contextlib
import shutil
from pathlib import Path
from typing import Protocol

import redis

from tests.servers import Redis


class Broker(Protocol):
    """A broker of a run's own."""

    url: str

    def flush(self) -> None:
        """Lose every message."""

    def unplug(self) -> None:
        """Take no messages and give none."""

    def plug_in(self) -> None:
        """Work again."""


class FolderBroker:
    """Messages are files; a file in the folder's place makes it useless."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"files://localhost{folder}"

    def flush(self) -> None:
        for message in self.folder.glob("*/*.message"):
            message.unlink(missing_ok=True)

    def unplug(self) -> None:
        # A worker may put the folder back before the file stands in its place.
        while not self.folder.is_file():
            shutil.rmtree(self.folder, ignore_errors=True)
            with contextlib.suppress(FileExistsError, IsADirectoryError):
                self.folder.touch(exist_ok=False)

    def plug_in(self) -> None:
        self.folder.unlink()


class RedisBroker:
    """A Redis server that is ended and started again on the same port."""

    def __init__(self, server: Redis) -> None:
        self.server = server
        self.url = server.url

    def flush(self) -> None:
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def unplug(self) -> None:
        self.server.__exit__(None, None, None)

    def plug_in(self) -> None:
        self.server.__enter__()
