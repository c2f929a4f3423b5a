"""Records as the Change Management API shows them: `{"display_value", "value"}` with numbers and booleans as such.

Source: ServiceNow documentation, "Change Management API"; recordings of live instances for the `__meta` parts.
"""

from dataclasses import dataclass
from typing import Any

from sandbox.servicenow.clock import local
from sandbox.servicenow.dictionary import Field, Kind, Table
from sandbox.servicenow.representation import Representation
from sandbox.servicenow.store import Row

Shown = dict[str, Any]


@dataclass(frozen=True)
class ChangeView:
    """How one user sees records of one table."""

    show: Representation
    table: Table

    def of(self, row: Row, wanted: str = "") -> Shown:
        """One record; `wanted` names its fields, comma-separated, and is empty for all."""
        names = [name.strip() for name in wanted.split(",") if name.strip()] or [*self.table.fields]
        fields = self.table.fields
        return {name: self._shown(row, fields[name]) for name in names if name in fields}

    def written(self, row: Row, ignored: list[str]) -> Shown:
        """One record after a write, with the names of what was sent in vain."""
        return {**self.of(row), "__meta": {"ignoredFields": ignored}}

    def listed(self, rows: list[Row], query: str, wanted: str = "") -> list[Shown]:
        """A list, whose last element tells of the query and is no record."""
        known = [name.strip() for name in wanted.split(",") if name.strip()]
        applied = [name for name in known if name in self.table.fields]
        fields = {"applied": applied, "ignored": [name for name in known if name not in applied]}
        return [
            *(self.of(row, wanted) for row in rows),
            {"__meta": {"encodedQuery": query, "fields": fields}},
        ]

    def _shown(self, row: Row, column: Field) -> Shown:
        value = "" if column.kind is Kind.JOURNAL else row[column.name]
        shown: Shown = {
            "display_value": self.show.display_value(row, column, self.table),
            "value": _typed(value, column),
        }
        if column.kind in (Kind.DATE, Kind.DATE_TIME):
            shown["display_value_internal"] = local(value, self.show.time_zone)
        return shown


def _typed(value: str, column: Field) -> str | int | bool:
    if column.kind is Kind.BOOLEAN:
        return value == "true"
    return int(value) if column.is_number and value.lstrip("-").isdigit() else value
