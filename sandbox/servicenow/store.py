"""All rows of the instance in SQLite: one column a field, one connection, one writer at a time."""

import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from sandbox.servicenow.dictionary import TASK_CLASSES, Kind, Table, tables, task_table

Row = dict[str, str]
# What the sandbox keeps for itself, beside ServiceNow's own tables.
PRIVATE = {
    "_counter": ("next",),
    "_session": ("user", "csrf", "expires_at"),
    "_code": ("user", "redirect_uri", "challenge", "scope", "expires_at"),
    "_token": ("kind", "user", "scope", "refresh", "expires_at"),
}
INDEXED = ("correlation_id", "correlation_display", "number", "sys_updated_on", "element_id", "user_name")


class Duplicate(Exception):
    """A row with this sys_id is already there."""


class Store:
    """Rows as dictionaries of text. `file` None keeps them in memory. Safe to use from several threads."""

    def __init__(self, file: Path | None = None) -> None:
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(file or ":memory:", isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        with self.transaction():
            self._create_tables()

    def close(self) -> None:
        """Wait for the writer at work and let go of the file."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; an inner transaction is part of the outer one."""
        with self._lock:
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def insert(self, table: str, row: Mapping[str, str]) -> None:
        """Add a row.

        Raises:
            Duplicate: its `sys_id` is taken.
        """
        names = ", ".join(map(_quoted, row))
        marks = ", ".join("?" * len(row))
        try:
            self._run(f"INSERT INTO {_quoted(table)} ({names}) VALUES ({marks})", [*row.values()])  # noqa: S608
        except sqlite3.IntegrityError as error:
            raise Duplicate(row["sys_id"]) from error

    def update(self, table: str, sys_id: str, changes: Mapping[str, str]) -> bool:
        """Change columns of one row; whether it was there."""
        sets = ", ".join(f"{_quoted(name)} = ?" for name in changes)
        sql = f"UPDATE {_quoted(table)} SET {sets} WHERE sys_id = ?"  # noqa: S608
        return self._run(sql, [*changes.values(), sys_id]).rowcount == 1

    def delete(self, table: str, **equal: str) -> int:
        """Remove the rows in which these columns have these values; how many there were."""
        where, values = _equalities(equal)
        return self._run(f"DELETE FROM {_quoted(table)} WHERE {where}", values).rowcount  # noqa: S608

    def get(self, table: str, sys_id: str) -> Row | None:
        """One row by primary key."""
        rows = self.find(table, sys_id=sys_id)
        return rows[0] if rows else None

    def find(self, table: str, **equal: str) -> list[Row]:
        """Rows in which these columns have these values, in order of insertion."""
        where, values = _equalities(equal)
        return self.select(table, where, values, order="" if table == "task" else "rowid")

    def select(
        self, table: str, where: str, values: Sequence[str], order: str = "", limit: int = -1, offset: int = 0
    ) -> list[Row]:
        """Rows by a condition in SQL; `limit` -1 means all."""
        ordered = f"ORDER BY {order}" if order else ""
        sql = f"SELECT * FROM {_quoted(table)} WHERE {where} {ordered} LIMIT ? OFFSET ?"  # noqa: S608
        with self._lock:
            return [dict(row) for row in self._run(sql, [*values, limit, offset])]

    def count(self, table: str, where: str = "1", values: Sequence[str] = ()) -> int:
        """How many rows meet a condition in SQL."""
        with self._lock:
            sql = f"SELECT count(*) FROM {_quoted(table)} WHERE {where}"  # noqa: S608
            return int(self._run(sql, values).fetchone()[0])

    def next_number(self, table: Table) -> str:
        """The next of the table's series, `INC0010001` for one; empty for tables without numbers."""
        if not table.number_prefix:
            return ""
        with self.transaction():
            counter = self.get("_counter", table.name)
            number = int(counter["next"]) if counter else table.first_number
            self.delete("_counter", sys_id=table.name)
            self.insert("_counter", {"sys_id": table.name, "next": str(number + 1)})
        return f"{table.number_prefix}{number:07d}"

    def wipe(self) -> None:
        """Remove every row of every table."""
        with self.transaction():
            for name in (*tables(), *PRIVATE):
                self._run(f"DELETE FROM {_quoted(name)}")  # noqa: S608

    def _run(self, sql: str, values: Sequence[str | int] = ()) -> sqlite3.Cursor:
        with self._lock:
            return self._connection.execute(sql, values)

    def _create_tables(self) -> None:
        for name, columns in PRIVATE.items():
            listed = "".join(f", {_quoted(column)} TEXT NOT NULL DEFAULT ''" for column in columns)
            self._run(f"CREATE TABLE IF NOT EXISTS {_quoted(name)} (sys_id TEXT PRIMARY KEY{listed})")
        for table in tables().values():
            self._create_table(table)
        self._run("DROP VIEW IF EXISTS task")
        shared = ", ".join(map(_quoted, task_table().fields))
        parts = [f"SELECT {shared} FROM {_quoted(name)}" for name in TASK_CLASSES]  # noqa: S608
        self._run(f"CREATE VIEW task AS {' UNION ALL '.join(parts)}")

    def _create_table(self, table: Table) -> None:
        name = _quoted(table.name)
        self._run(f"CREATE TABLE IF NOT EXISTS {name} (sys_id TEXT PRIMARY KEY)")
        present = {row["name"] for row in self._run(f"PRAGMA table_info({name})")}
        for field in table.fields.values():
            if field.name not in present:
                # Text compares without regard to case, as on the databases below a real instance.
                collation = "COLLATE NOCASE" if field.kind is Kind.STRING else ""
                column = f"{_quoted(field.name)} TEXT NOT NULL DEFAULT '' {collation}"
                self._run(f"ALTER TABLE {name} ADD COLUMN {column}")
        for column in filter(table.fields.__contains__, INDEXED):
            index = _quoted(f"{table.name}_{column}")
            self._run(f"CREATE INDEX IF NOT EXISTS {index} ON {name} ({_quoted(column)})")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _equalities(equal: Mapping[str, str]) -> tuple[str, list[str]]:
    return " AND ".join(f"{_quoted(name)} = ?" for name in equal) or "1", [*equal.values()]
