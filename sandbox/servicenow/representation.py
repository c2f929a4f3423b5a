"""Rows as the Table API shows them. Source: Table API documentation, `sysparm_display_value` and neighbours."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from werkzeug.datastructures import MultiDict

from sandbox.servicenow.clock import local
from sandbox.servicenow.dictionary import Field, Kind, Table, find_table
from sandbox.servicenow.store import Row, Store

JOURNAL_TITLES = {"work_notes": "Work notes", "comments": "Additional comments"}
NAMED_BY = ("name", "number", "label", "short_description")
Shown = str | dict[str, str]


@dataclass
class Representation:
    """How a request wants its rows. `link_root` is the address of tables, in the version that was asked for."""

    store: Store
    link_root: str
    time_zone: str
    display: str = "false"
    links: bool = True
    wanted: tuple[str, ...] = ()
    _labels: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    _names: dict[tuple[str, str], str] = field(default_factory=dict)

    @classmethod
    def asked_for(cls, arguments: MultiDict[str, str], store: Store, link_root: str, time_zone: str) -> Self:
        """Read `sysparm_display_value`, `sysparm_exclude_reference_link` and `sysparm_fields`."""
        display = arguments.get("sysparm_display_value", "false").lower()
        links = arguments.get("sysparm_exclude_reference_link", "false").lower() != "true"
        wanted = tuple(
            name.strip() for name in arguments.get("sysparm_fields", "").split(",") if name.strip()
        )
        return cls(
            store, link_root, time_zone, display if display in ("true", "all") else "false", links, wanted
        )

    def of(self, row: Row, table: Table) -> dict[str, Shown]:
        """One row; unknown fields that were asked for are left out."""
        names = self.wanted or tuple(table.fields)
        return {name: self._shown(row, table.fields[name], table) for name in names if name in table.fields}

    def _shown(self, row: Row, column: Field, table: Table) -> Shown:
        value = "" if column.kind is Kind.JOURNAL else row[column.name]
        if column.kind is Kind.REFERENCE and value:
            return self._reference(value, column)
        if self.display == "false":
            return value
        display = self.display_value(row, column, table)
        return display if self.display == "true" else {"display_value": display, "value": value}

    def _reference(self, value: str, column: Field) -> Shown:
        link = {"link": f"{self.link_root}/{column.reference}/{value}"} if self.links else {}
        if self.display == "false":
            return {**link, "value": value} if link else value
        display = {"display_value": self._name(column.reference, value)}
        if self.display == "all":
            return {**display, **link, "value": value} if link else {**display, "value": value}
        return {**display, **link} if link else display["display_value"]

    def display_value(self, row: Row, column: Field, table: Table) -> str:
        """What a person sees in a field."""
        if column.kind is Kind.JOURNAL:
            return self._journal(row["sys_id"], column.name)
        value = row[column.name]
        if column.name == "sys_class_name" and (named := find_table(value)):
            return named.label
        if column.kind is Kind.CHOICE:
            return self._label(row.get("sys_class_name") or table.name, column.name, value)
        if column.kind is Kind.INTEGER and value.lstrip("-").isdigit():
            return f"{int(value):,}"
        if column.kind is Kind.REFERENCE:
            return self._name(column.reference, value)
        return local(value, self.time_zone) if column.kind is Kind.DATE_TIME else value

    def choices(self, table_name: str, element: str) -> Mapping[str, str]:
        """Value -> label in their order; from the parent table where the table has none of its own."""
        key = (table_name, element)
        if key not in self._labels:
            for name in (table_name, "task"):
                rows = self.store.find(
                    "sys_choice", name=name, element=element, language="en", inactive="false"
                )
                if rows:
                    break
            rows.sort(key=lambda row: int(row["sequence"] or 0))
            self._labels[key] = {row["value"]: row["label"] for row in rows}
        return self._labels[key]

    def _label(self, table_name: str, element: str, value: str) -> str:
        return self.choices(table_name, element).get(value, value)

    def _name(self, table_name: str, sys_id: str) -> str:
        key = (table_name, sys_id)
        if key not in self._names:
            if table_name == "sys_user_group" and sys_id == "global":
                return "global"
            self._names[key] = self._look_up_name(*key)
        return self._names[key]

    def _look_up_name(self, table_name: str, sys_id: str) -> str:
        row = (self.store.get(table_name, sys_id) if find_table(table_name) else None) or {}
        return next((row[name] for name in NAMED_BY if row.get(name)), "")

    def journal_entries(self, sys_id: str, element: str = "comments_and_work_notes") -> list[tuple[str, str]]:
        """What was written about a record, newest first: a line of when, who and where, and the text."""
        wanted = JOURNAL_TITLES if element == "comments_and_work_notes" else {element}
        entries = [
            e for e in self.store.find("sys_journal_field", element_id=sys_id) if e["element"] in wanted
        ]
        return [(self._journal_title(entry), entry["value"]) for entry in reversed(entries)]

    def _journal(self, sys_id: str, element: str) -> str:
        return "".join(f"{title}\n{text}\n\n" for title, text in self.journal_entries(sys_id, element))

    def _journal_title(self, entry: Row) -> str:
        authors = self.store.find("sys_user", user_name=entry["sys_created_by"])
        author = authors[0]["name"] if authors else entry["sys_created_by"]
        when = local(entry["sys_created_on"], self.time_zone)
        return f"{when} - {author} ({JOURNAL_TITLES[entry['element']]})"
