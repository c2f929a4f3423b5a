"""All rows of the instance in SQLite: one column a field, one connection, one writer at a time."""

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from sandbox.servicenow.clock import moment_of
from sandbox.servicenow.dictionary import TASK_CLASSES, Kind, Table, tables, task_table
from sandbox.servicenow.periods import in_zone, part_of

Row = dict[str, str]
# What the sandbox keeps for itself, beside ServiceNow's own tables.
PRIVATE = {
    "_counter": ("next",),
    "_session": ("user", "csrf", "expires_at"),
    "_code": ("user", "redirect_uri", "challenge", "scope", "expires_at"),
    "_grant": ("user", "scope"),
    "_second_factor": ("user", "goto", "expires_at"),
    "_file": ("content",),
    "_tiny": ("address",),
    "_import": ("staging", "result"),
    "_syslog": ("at", "message"),
    "_token": ("kind", "user", "scope", "refresh", "expires_at"),
}
INDEXED = (
    "correlation_id", "correlation_display", "number", "sys_created_on", "sys_updated_on", "element_id", "user_name",
    "element", "sysapproval",
)  # fmt: skip
# What lists of tickets filter and sort by, in one index of its own: rows are wide, and counting should not read them.
LISTED = (
    "active", "sys_updated_on", "state", "priority", "category", "assigned_to", "assignment_group", "caller_id",
    "opened_at", "opened_by", "impact", "urgency", "incident_state", "number", "sys_created_on", "correlation_id",
    "correlation_display", "short_description",
)  # fmt: skip


class Duplicate(Exception):
    """A row with this sys_id is already there."""


class Store:
    """Rows as dictionaries of text. `file` None keeps them in memory. Safe to use from several threads."""

    def __init__(self, file: Path | None = None) -> None:
        self._lock = threading.RLock()
        self._counts: dict[tuple[str, str, tuple[str, ...]], int] = {}
        self._counted_at = 0
        self._connection = sqlite3.connect(file or ":memory:", isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        self._connection.create_function("date_part", 3, _date_part, deterministic=True)
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

    def insert_many(self, table: str, rows: Iterable[Mapping[str, str]]) -> None:
        """Add rows that have the same columns, quickly; nothing checks their keys beforehand."""
        rows = iter(rows)
        first = next(rows, None)
        if first is None:
            return
        names = ", ".join(map(_quoted, first))
        marks = ", ".join("?" * len(first))
        sql = f"INSERT INTO {_quoted(table)} ({names}) VALUES ({marks})"  # noqa: S608
        with self.transaction():
            self._connection.executemany(sql, ([*row.values()] for row in chain([first], rows)))

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
        chosen = f"FROM {_quoted(table)} WHERE {where} {ordered} LIMIT ? OFFSET ?"
        sql = f"SELECT * {chosen}"
        if table != "task":
            # Find first, fetch then: a narrow index may hold all that finding needs.
            sql = f"SELECT * FROM {_quoted(table)} WHERE rowid IN (SELECT rowid {chosen}) {ordered}"  # noqa: S608
        with self._lock:
            return [dict(row) for row in self._run(sql, [*values, limit, offset])]

    def count(self, table: str, where: str = "1", values: Sequence[str] = ()) -> int:
        """How many rows meet a condition in SQL; the same question is answered once until something is written."""
        asked = (table, where, tuple(values))
        with self._lock:
            if self._connection.total_changes != self._counted_at:
                self._counts, self._counted_at = {}, self._connection.total_changes
            if asked not in self._counts:
                # Counting in each class of its own spares SQLite to build the view.
                classes = TASK_CLASSES if table == "task" else (table,)
                self._counts[asked] = sum(self._count(name, table, where, values) for name in classes)
            return self._counts[asked]

    def aggregate(
        self,
        where: str,
        values: Sequence[str],
        *,
        table: str,
        columns: Sequence[str],
        by: Sequence[str] = (),
        having: Sequence[str] = (),
        order: Sequence[str] = (),
    ) -> list[Row]:
        """Columns computed over the rows that meet a condition, a row a group; numbers as text, null as empty."""
        sql = f"SELECT {', '.join(columns)} FROM {_quoted(table)} WHERE {where}"  # noqa: S608
        sql += f" GROUP BY {', '.join(by)}" if by else ""
        sql += f" HAVING {' AND '.join(having)}" if having and by else ""
        sql += f" ORDER BY {', '.join(order)}" if order and by else ""
        with self._lock:
            rows = [dict(row) for row in self._run(sql, values)]
        return [{name: "" if value is None else str(value) for name, value in row.items()} for row in rows]

    def next_number(self, table: Table) -> str:
        """The next of the table's series, `INC0010001` for one; empty for tables without numbers."""
        return f"{table.number_prefix}{self.reserve_numbers(table, 1):07d}" if table.number_prefix else ""

    def reserve_numbers(self, table: Table, count: int) -> int:
        """Take so many numbers of the table's series; the first of them."""
        with self.transaction():
            counter = self.get("_counter", table.name)
            number = int(counter["next"]) if counter else table.first_number
            self.delete("_counter", sys_id=table.name)
            self.insert("_counter", {"sys_id": table.name, "next": str(number + count)})
        return number

    def wipe(self) -> None:
        """Remove every row of every table."""
        with self.transaction():
            for name in (*tables(), *PRIVATE):
                self._run(f"DELETE FROM {_quoted(name)}")  # noqa: S608

    def _count(self, table: str, alias: str, where: str, values: Sequence[str]) -> int:
        sql = f"SELECT count(*) FROM {_quoted(table)} AS {_quoted(alias)} WHERE {where}"  # noqa: S608
        return int(self._run(sql, values).fetchone()[0])

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
                collation = "COLLATE NOCASE" if field.kind in (Kind.STRING, Kind.CLASS) else ""
                column = f"{_quoted(field.name)} TEXT NOT NULL DEFAULT '' {collation}"
                self._run(f"ALTER TABLE {name} ADD COLUMN {column}")
        for column in filter(table.fields.__contains__, INDEXED):
            index = _quoted(f"{table.name}_{column}")
            self._run(f"CREATE INDEX IF NOT EXISTS {index} ON {name} ({_quoted(column)})")
        if table.parent:
            listed = ", ".join(_quoted(column) for column in LISTED if column in table.fields)
            self._run(f"CREATE INDEX IF NOT EXISTS {_quoted(table.name + '_listed')} ON {name} ({listed})")


def _date_part(stored: str, part: str, time_zone: str) -> int | None:
    moment = moment_of(stored)
    return part_of(in_zone(moment, time_zone), part) if moment else None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _equalities(equal: Mapping[str, str]) -> tuple[str, list[str]]:
    return " AND ".join(f"{_quoted(name)} = ?" for name in equal) or "1", [*equal.values()]
