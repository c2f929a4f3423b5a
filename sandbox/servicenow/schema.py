"""What the store is made of: a table each for ServiceNow's and our own, and the indexes that keep large ones quick."""

from collections.abc import Callable
from typing import Any

from sandbox.servicenow.dictionary import TASK_CLASSES, Kind, Table, tables, task_table

Run = Callable[[str], Any]
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
    "element", "sysapproval", "short_description",
)  # fmt: skip
# What lists of tickets filter and sort by. Rows are wide; a scan that needs nothing else reads such an index alone, and
# is the quicker the narrower that is: so what is not asked for every day has indexes of its own.
LISTED = (
    "sys_updated_on", "active", "state", "priority", "category", "opened_at", "impact", "urgency", "incident_state",
    "number", "sys_created_on", "correlation_id", "correlation_display", "sys_id",
)  # fmt: skip
SELDOM = (
    "assigned_to", "assignment_group", "caller_id", "opened_by", "resolved_at", "closed_at", "close_code", "due_date",
)  # fmt: skip
WITH_SELDOM = ("active", "state", "number", "sys_updated_on", "priority", "opened_at", "sys_id")
# Texts in which LIKE finds any part of three characters or more by an index of its own.
TEXTS = ("number", "short_description", "description", "close_notes")
SHORTEST_PART = 3


def text_index(table: Table) -> str:
    """The name of the full-text index of a table; empty where it has none."""
    return f"{table.name}_text" if table.name in TASK_CLASSES else ""


def create(run: Run) -> None:
    """Create what is missing, in a new file or in one of an earlier release."""
    for name, columns in PRIVATE.items():
        listed = "".join(f", {quoted(column)} TEXT NOT NULL DEFAULT ''" for column in columns)
        run(f"CREATE TABLE IF NOT EXISTS {quoted(name)} (sys_id TEXT PRIMARY KEY{listed})")
    for table in tables().values():
        _create_table(run, table)
        create_indexes(run, table)
    run("DROP VIEW IF EXISTS task")
    shared = ", ".join(map(quoted, task_table().fields))
    parts = [f"SELECT {shared} FROM {quoted(name)}" for name in TASK_CLASSES]  # noqa: S608
    run(f"CREATE VIEW task AS {' UNION ALL '.join(parts)}")


def quoted(name: str) -> str:
    """A name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def _create_table(run: Run, table: Table) -> None:
    name = quoted(table.name)
    run(f"CREATE TABLE IF NOT EXISTS {name} (sys_id TEXT PRIMARY KEY)")
    present = {row["name"] for row in run(f"PRAGMA table_info({name})")}
    for field in table.fields.values():
        if field.name not in present:
            # Text compares without regard to case, as on the databases below a real instance.
            collation = "COLLATE NOCASE" if field.kind in (Kind.STRING, Kind.CLASS) else ""
            run(f"ALTER TABLE {name} ADD COLUMN {quoted(field.name)} TEXT NOT NULL DEFAULT '' {collation}")


def create_indexes(run: Run, table: Table) -> None:
    """Create what indexes a table lacks."""
    wanted: dict[str, tuple[str, ...]] = {column: (column,) for column in INDEXED if column in table.fields}
    if table.parent:
        wanted["scanned"] = tuple(column for column in LISTED if column in table.fields)
        wanted |= {column: (column, *WITH_SELDOM) for column in SELDOM if column in table.fields}
    if table.display in table.fields:
        wanted["named"] = ("sys_id", table.display)
    for suffix, columns in wanted.items():
        listed = ", ".join(quoted(column) for column in columns)
        index = quoted(f"{table.name}_{suffix}")
        run(f"CREATE INDEX IF NOT EXISTS {index} ON {quoted(table.name)} ({listed})")
    run(f"DROP INDEX IF EXISTS {quoted(table.name + '_listed')}")
    if text := text_index(table):
        _create_text_index(run, table, text)


def drop_indexes(run: Run, table: Table) -> None:
    """Do without the indexes of a table, for as long as many rows are added."""
    made = "SELECT type, name FROM sqlite_master WHERE tbl_name = '{}' AND type IN ('index', 'trigger') AND sql <> ''"
    for kind, name in run(made.format(table.name)).fetchall():
        run(f"DROP {kind} {quoted(name)}")
    if text := text_index(table):
        run(f"DROP TABLE {text}")


def _create_text_index(run: Run, table: Table, index: str) -> None:
    """Full text in pieces of three characters, kept up to date by triggers."""
    if run(f"SELECT 1 FROM sqlite_master WHERE name = '{index}'").fetchone():  # noqa: S608
        return
    texts = [column for column in TEXTS if column in table.fields]
    columns = ", ".join(texts)
    new, old = (", ".join(f"{which}.{column}" for column in texts) for which in ("new", "old"))
    changed = " OR ".join(f"old.{column} IS NOT new.{column} COLLATE BINARY" for column in texts)
    put = f"INSERT INTO {index} (rowid, {columns}) VALUES (new.rowid, {new});"  # noqa: S608
    take = f"INSERT INTO {index} ({index}, rowid, {columns}) VALUES ('delete', old.rowid, {old});"  # noqa: S608
    run(f"CREATE VIRTUAL TABLE {index} USING fts5({columns}, content={table.name}, tokenize=trigram)")
    run(f"INSERT INTO {index} ({index}) VALUES ('rebuild')")  # noqa: S608
    on = f"ON {table.name}"
    run(f"CREATE TRIGGER {index}_put AFTER INSERT {on} BEGIN {put} END")
    run(f"CREATE TRIGGER {index}_take AFTER DELETE {on} BEGIN {take} END")
    run(f"CREATE TRIGGER {index}_change AFTER UPDATE {on} WHEN {changed} BEGIN {take} {put} END")
