"""All rows of the instance in SQLite: one column a field, one connection, one writer at a time."""

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from sandbox.servicenow import schema
from sandbox.servicenow.clock import moment_of
from sandbox.servicenow.dictionary import TASK_CLASSES, Table, tables, task_table
from sandbox.servicenow.periods import in_zone, part_of
from sandbox.servicenow.schema import PRIVATE, quoted

Row = dict[str, str]


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
        self._connection.execute("PRAGMA cache_size=-65536")
        with self.transaction():
            schema.create(self._run)

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
        names = ", ".join(map(quoted, row))
        marks = ", ".join("?" * len(row))
        try:
            self._run(f"INSERT INTO {quoted(table)} ({names}) VALUES ({marks})", [*row.values()])  # noqa: S608
        except sqlite3.IntegrityError as error:
            raise Duplicate(row["sys_id"]) from error

    def insert_many(self, table: str, rows: Iterable[Mapping[str, str]]) -> None:
        """Add rows that have the same columns, quickly; nothing checks their keys beforehand."""
        rows = iter(rows)
        first = next(rows, None)
        if first is None:
            return
        names = ", ".join(map(quoted, first))
        marks = ", ".join("?" * len(first))
        sql = f"INSERT INTO {quoted(table)} ({names}) VALUES ({marks})"  # noqa: S608
        with self.transaction():
            self._connection.executemany(sql, ([*row.values()] for row in chain([first], rows)))

    @contextmanager
    def bulk(self, table: Table) -> Iterator[None]:
        """Add very many rows: making the indexes anew costs a fraction of keeping them up to date meanwhile."""
        with self.transaction():
            schema.drop_indexes(self._run, table)
            yield
            schema.create_indexes(self._run, table)

    def update(self, table: str, sys_id: str, changes: Mapping[str, str]) -> bool:
        """Change columns of one row; whether it was there."""
        sets = ", ".join(f"{quoted(name)} = ?" for name in changes)
        sql = f"UPDATE {quoted(table)} SET {sets} WHERE sys_id = ?"  # noqa: S608
        return self._run(sql, [*changes.values(), sys_id]).rowcount == 1

    def delete(self, table: str, **equal: str) -> int:
        """Remove the rows in which these columns have these values; how many there were."""
        where, values = _equalities(equal)
        return self._run(f"DELETE FROM {quoted(table)} WHERE {where}", values).rowcount  # noqa: S608

    def get(self, table: str, sys_id: str) -> Row | None:
        """One row by primary key."""
        rows = self.find(table, sys_id=sys_id)
        return rows[0] if rows else None

    def find(self, table: str, **equal: str) -> list[Row]:
        """Rows in which these columns have these values, in order of insertion."""
        where, values = _equalities(equal)
        return self.select(table, where, values, order="" if table == "task" else "rowid")

    def select(
        self,
        table: str,
        where: str,
        values: Sequence[str],
        order: str = "",
        limit: int = -1,
        offset: int = 0,
        joins: str = "",
    ) -> list[Row]:
        """Rows by a condition in SQL; `limit` -1 means all, `joins` lead to what `order` names besides columns."""
        ordered = f"ORDER BY {order}" if order else ""
        with self._lock:
            if table != "task":
                sql = f"{_found('*', table, table, where, ordered, joins)} {ordered}"
                return [dict(row) for row in self._run(sql, [*values, limit, offset])]
            # Each class gives as many as may be wanted of it; only those are put in order together.
            most = limit + offset if limit >= 0 else -1
            columns = ", ".join(f"task.{quoted(name)}" for name in task_table().fields)
            parts = [_found(columns, name, table, where, ordered, joins) for name in TASK_CLASSES]
            sql = (
                f"SELECT task.* FROM ({' UNION ALL '.join(parts)}) AS task {joins} {ordered} LIMIT ? OFFSET ?"  # noqa: S608
            )
            asked: list[str | int] = [*values, most, 0] * len(TASK_CLASSES)
            return [dict(row) for row in self._run(sql, [*asked, limit, offset])]

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
        sql = f"SELECT {', '.join(columns)} FROM {quoted(table)} WHERE {where}"  # noqa: S608
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
                self._run(f"DELETE FROM {quoted(name)}")  # noqa: S608

    def _count(self, table: str, alias: str, where: str, values: Sequence[str]) -> int:
        sql = f"SELECT count(*) FROM {quoted(table)} AS {quoted(alias)} WHERE {where}"  # noqa: S608
        return int(self._run(sql, values).fetchone()[0])

    def _run(self, sql: str, values: Sequence[str | int] = ()) -> sqlite3.Cursor:
        with self._lock:
            return self._connection.execute(sql, values)


def _date_part(stored: str, part: str, time_zone: str) -> int | None:
    moment = moment_of(stored)
    return part_of(in_zone(moment, time_zone), part) if moment else None


def _equalities(equal: Mapping[str, str]) -> tuple[str, list[str]]:
    return " AND ".join(f"{quoted(name)} = ?" for name in equal) or "1", [*equal.values()]


def _found(columns: str, table: str, alias: str, where: str, ordered: str, joins: str) -> str:
    """Find first, fetch then: a narrow index may hold all that finding needs. Takes values, limit and offset."""
    source = f"{quoted(table)} AS {quoted(alias)}"
    key = f"{quoted(alias)}.rowid"
    # Rows of which no order was asked come as they were made, whatever index finds them.
    found = (
        f"SELECT {key} FROM {source} {joins} WHERE {where} {ordered or f'ORDER BY {key}'} LIMIT ? OFFSET ?"  # noqa: S608
    )
    shown = f"{quoted(alias)}.*" if columns == "*" else columns
    return f"SELECT {shown} FROM {source} {joins} WHERE {key} IN ({found})"  # noqa: S608
