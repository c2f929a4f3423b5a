"""A database for each cell, copied from one that was migrated and seeded once."""

import shutil
from pathlib import Path
from typing import Protocol

import psycopg
from django.conf import settings
from django.db import connections
from psycopg import sql


def use(name: str) -> None:
    """Let this process, which has not opened a connection yet, work on a database."""
    settings.DATABASES["default"]["NAME"] = name
    connections["default"].settings_dict["NAME"] = name


class Databases(Protocol):
    """Where the databases of a run live."""

    template: str

    def copy(self, name: str) -> str:
        """Make a database like the template; returns what its settings call it."""

    def drop(self, name: str) -> None:
        """Remove it."""


class SqliteFiles:
    """Files in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.template = str(folder / "template.sqlite3")

    def copy(self, name: str) -> str:
        path = self.folder / f"{name}.sqlite3"
        shutil.copy(self.template, path)
        return str(path)

    def drop(self, name: str) -> None:
        for path in Path(name).parent.glob(f"{Path(name).name}*"):
            path.unlink()


class PostgresDatabases:
    """Databases of one server."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        server = settings.DATABASES["default"]
        self.server = {
            "host": server["HOST"],
            "port": server["PORT"],
            "user": server["USER"],
            "password": server["PASSWORD"],
            "dbname": server["NAME"],
        }
        self.template = f"{prefix}_template"
        self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.template)
        self._run("CREATE DATABASE {}", self.template)

    def copy(self, name: str) -> str:
        name = f"{self.prefix}_{name}"
        self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
        self._run("CREATE DATABASE {} TEMPLATE {}", name, self.template)
        return name

    def drop(self, name: str) -> None:
        self._run("DROP DATABASE {} WITH (FORCE)", name)

    def _run(self, statement: str, *names: str) -> None:
        with psycopg.connect(**self.server, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
