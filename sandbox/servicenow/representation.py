"""Rows as the Table API shows them. Source: Table API documentation, `sysparm_display_value` and neighbours."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self

from werkzeug.datastructures import MultiDict

from sandbox.servicenow import formats
from sandbox.servicenow.dictionary import Field, Kind, Table, find_table
from sandbox.servicenow.formats import Formats
from sandbox.servicenow.store import Row, Store
from sandbox.servicenow.switches import Switches

JOURNAL_TITLES = {"work_notes": "Work notes", "comments": "Additional comments"}
_PLAIN = frozenset({Kind.STRING, Kind.BOOLEAN})
Shown = str | dict[str, str]


@dataclass
class Representation:
    """How a request wants its rows. `link_root` is the address of tables, in the version that was asked for.

    `closed` are fields that access rules keep from the reader; `comments_title` depends on the release.
    """

    store: Store
    link_root: str
    time_zone: str
    display: str = "false"
    links: bool = True
    wanted: tuple[str, ...] = ()
    date_format: str = ""
    time_format: str = ""
    language: str = "en"
    comments_title: str = JOURNAL_TITLES["comments"]
    closed: frozenset[str] = frozenset()
    _labels: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    _rows: dict[tuple[str, str], Row] = field(default_factory=dict)
    _columns: dict[str, list[tuple[str, Field]]] = field(default_factory=dict)
    _displayed: dict[tuple[str, str, str], str] = field(default_factory=dict)
    _journals: dict[str, list[Row]] = field(default_factory=dict)

    def asked_for(self, arguments: MultiDict[str, str], link_root: str) -> Self:
        """The same reader's view under `sysparm_display_value`, `sysparm_exclude_reference_link`, `sysparm_fields`."""
        display = arguments.get("sysparm_display_value", "").lower()
        names = arguments.get("sysparm_fields", "").split(",")
        return replace(
            self,
            link_root=link_root,
            display=display if display in ("true", "all") else "false",
            links=arguments.get("sysparm_exclude_reference_link", "").lower() != "true",
            wanted=tuple(name.strip() for name in names if name.strip()),
        )

    @cached_property
    def formats(self) -> Formats:
        """How the reader sees moments."""
        return Formats(self.time_zone, self.date_format, self.time_format)

    def of(self, row: Row, table: Table) -> dict[str, Shown]:
        """One row; unknown fields that were asked for are left out."""
        return {path: self._shown(row, path, column, table) for path, column in self._columns_of(table)}

    def _columns_of(self, table: Table) -> list[tuple[str, Field]]:
        """The paths to show with the field at the end of each."""
        if table.name not in self._columns:
            walked = [(path, table.walk(path)) for path in self.wanted or table.fields]
            self._columns[table.name] = [
                (path, fields[-1])
                for path, fields in walked
                if fields and not any(f.name in self.closed for f in fields)
            ]
        return self._columns[table.name]

    def _shown(self, row: Row, path: str, column: Field, table: Table) -> Shown:
        if "." in path:
            row, table = self._walked(row, path, table)
            if not row:
                return "" if self.display != "all" else {"display_value": "", "value": ""}
        value = "" if column.kind is Kind.JOURNAL else row[column.name]
        if column.kind is Kind.REFERENCE and value:
            return self._reference(value, column)
        if self.display == "false":
            return value
        # Most fields look the same to everybody; on a page of a hundred rows that is what the time goes into.
        display = value if column.kind in _PLAIN else self.display_value(row, column, table)
        return display if self.display == "true" else {"display_value": display, "value": value}

    def _walked(self, row: Row, path: str, table: Table) -> tuple[Row, Table]:
        """The row in which the last field of a dotted path lies; empty where a reference on the way is."""
        *steps, _ = path.split(".")
        for step in steps:
            reference = table.fields[step].reference
            row, table = self._row(reference, row[step]), find_table(reference) or table
            if not row:
                break
        return row, table

    def _reference(self, value: str, column: Field) -> Shown:
        link = {"link": f"{self.link_root}/{column.reference}/{value}"} if self.links else {}
        if self.display == "false":
            return {**link, "value": value} if link else value
        display = {"display_value": self._name(column.reference, value)}
        if self.display == "all":
            return {**display, **link, "value": value} if link else {**display, "value": value}
        return {**display, **link} if link else display["display_value"]

    def display_value(self, row: Row, column: Field, table: Table) -> str:
        """What a person sees in a field. But for journals that depends on its value, and on a page many are alike."""
        if column.kind is Kind.JOURNAL:
            return self._journal(row["sys_id"], column.name)
        table_name, value = row.get("sys_class_name") or table.name, row[column.name]
        key = (table_name, column.name, value)
        if key not in self._displayed:
            self._displayed[key] = self._display(value, column, table_name)
        return self._displayed[key]

    def _display(self, value: str, column: Field, table_name: str) -> str:
        match column.kind:
            case Kind.CHOICE:
                return self.choices(table_name, column.name).get(value, value)
            case Kind.REFERENCE:
                return self._name(column.reference, value)
            case Kind.LIST:
                return self._names(value)
            case Kind.CLASS:
                named = find_table(value)
                return named.label if named else value
            case _:
                return self._formatted(value, column)

    def _formatted(self, value: str, column: Field) -> str:
        if not value:
            return "UNKNOWN" if column.name == "sla_due" else ""
        written: dict[Kind, Callable[[str], str]] = {
            Kind.INTEGER: formats.integer,
            Kind.DURATION: formats.duration,
            Kind.DATE_TIME: self.formats.moment,
            Kind.DATE: self.formats.day,
        }
        return written[column.kind](value) if column.kind in written else value

    def choices(self, table_name: str, element: str) -> Mapping[str, str]:
        """Value -> label in their order, in the reader's language where it has a label; the parent's, if no own."""
        key = (table_name, element)
        if key not in self._labels:
            rows: list[Row] = []
            for name in (table_name, "task"):
                rows = rows or self.store.find("sys_choice", name=name, element=element, inactive="false")
            rows.sort(key=lambda row: (row["language"] == self.language, int(row["sequence"] or 0)))
            spoken = [row for row in rows if row["language"] in ("en", self.language)]
            self._labels[key] = {row["value"]: row["label"] for row in spoken}
        return self._labels[key]

    def _name(self, table_name: str, sys_id: str) -> str:
        if table_name == "sys_user_group" and sys_id == "global":
            return "global"
        table = find_table(table_name)
        row = self._row(table_name, sys_id)
        if table is None or not row:
            return ""
        display = table.fields[table.display]
        value = row[display.name]
        return self._name(display.reference, value) if display.kind is Kind.REFERENCE else value

    def _names(self, value: str) -> str:
        """A list of sys_ids by their users' or groups' names; email addresses stand for themselves."""
        named = [
            self._name("sys_user", one) or self._name("sys_user_group", one) or one
            for one in value.split(",")
        ]
        return ", ".join(named) if value else ""

    def _row(self, table_name: str, sys_id: str) -> Row:
        key = (table_name, sys_id)
        if key not in self._rows:
            found = self.store.get(table_name, sys_id) if sys_id and find_table(table_name) else None
            self._rows[key] = found or {}
        return self._rows[key]

    def journal_entries(self, sys_id: str, element: str = "comments_and_work_notes") -> list[tuple[str, str]]:
        """What was written about a record, newest first: a line of when, who and where, and the text."""
        wanted = JOURNAL_TITLES if element == "comments_and_work_notes" else {element}
        if sys_id not in self._journals:
            self._journals = {sys_id: self.store.find("sys_journal_field", element_id=sys_id)}
        entries = [entry for entry in self._journals[sys_id] if entry["element"] in wanted]
        return [(self._journal_title(entry), entry["value"]) for entry in reversed(entries)]

    def _journal(self, sys_id: str, element: str) -> str:
        return "".join(f"{title}\n{text}\n\n" for title, text in self.journal_entries(sys_id, element))

    def _journal_title(self, entry: Row) -> str:
        authors = self.store.find("sys_user", user_name=entry["sys_created_by"])
        author = authors[0]["name"] if authors else entry["sys_created_by"]
        title = {**JOURNAL_TITLES, "comments": self.comments_title}.get(entry["element"], entry["element"])
        return f"{self.formats.moment(entry['sys_created_on'])} - {author} ({title})"


def reader_of(
    store: Store, switches: Switches, user: Row, closed: frozenset[str] = frozenset()
) -> Representation:
    """How a user sees rows: in their time zone, formats and language, or else the instance's."""
    return Representation(
        store,
        "",
        user["time_zone"] or switches.time_zone,
        date_format=user["date_format"],
        time_format=user["time_format"],
        language=user["preferred_language"] or switches.language,
        comments_title=switches.comments_title,
        closed=closed,
    )
