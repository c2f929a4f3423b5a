"""The Aggregate API: `GET /api/now/stats/<table>`, counts and sums over the rows that a query selects.

Source: ServiceNow documentation, "Aggregate API". Rows that access rules hide are counted too.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from werkzeug import Response

from sandbox.servicenow import companion, refusals
from sandbox.servicenow.access import Rights
from sandbox.servicenow.accounts import authenticate
from sandbox.servicenow.answers import result
from sandbox.servicenow.dictionary import Table, find_table
from sandbox.servicenow.incoming import Incoming
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.representation import Representation, reader_of
from sandbox.servicenow.rest import rest
from sandbox.servicenow.selection import Selection
from sandbox.servicenow.store import Row

FUNCTIONS = ("avg", "sum", "min", "max")
_HAVING = re.compile(r"(count|avg|sum|min|max)\^(\w+)\^(>=|<=|!=|=|>|<)\^(-?\d+)", re.IGNORECASE)


@rest("Aggregate API")
def stats(instance: Instance, request: Incoming, table: str, version: str = "") -> Response:
    """Count, average, add up, and find the least and greatest, for all rows or for groups of them."""
    user = authenticate(instance, request)
    if request.intended_method not in ("GET", "HEAD"):
        raise refusals.method_not_allowed()
    found = find_table(table)
    if found is None or companion.is_missing(instance, table):
        raise refusals.invalid_table(table)
    if not Rights(user, instance.switches).may("read", table):
        raise refusals.table_denied()
    wanted = Selection.asked_for(instance, request, user, found)
    asked = Question.read(request, found)
    counted = instance.store.aggregate(wanted.where, wanted.values, **asked.sql())
    if not asked.groups:
        return result(200, {"stats": asked.stats(counted[0])})
    show = reader_of(instance.store, instance.switches, user)
    return result(200, [asked.group(row, show) for row in counted])


@dataclass(frozen=True)
class Question:
    """What is asked of the selected rows. `computed` holds (function, field)."""

    table: Table
    counts: bool
    computed: tuple[tuple[str, str], ...]
    groups: tuple[str, ...]
    having: tuple[tuple[str, str, str, str], ...]
    order: tuple[tuple[str, bool], ...]
    display: str

    @classmethod
    def read(cls, request: Incoming, table: Table) -> "Question":
        """Read the parameters; fields that the table does not have are left out."""
        computed = tuple(
            (function, name)
            for function in FUNCTIONS
            for name in _names(request, f"sysparm_{function}_fields", table)
        )
        having = tuple(
            (match[1].lower(), match[2], match[3], match[4])
            for part in request.args.get("sysparm_having", "").split(",")
            if (match := _HAVING.fullmatch(part)) and match[2] in table.fields
        )
        return cls(
            table=table,
            counts=request.args.get("sysparm_count", "").lower() == "true",
            computed=computed,
            groups=tuple(_names(request, "sysparm_group_by", table)),
            having=having,
            order=tuple(_orders(request, table)),
            display=request.args.get("sysparm_display_value", "").lower(),
        )

    def sql(self) -> dict[str, Any]:
        """The parts of the statement: only names from the dictionary and numbers get in."""
        columns = [f'"{name}"' for name in self.groups] + ["count(*) AS count"]
        columns += [f'{self._computed(f, name)} AS "{f}.{name}"' for f, name in self.computed]
        having = [f"{self._computed(f, name)} {sign} {number}" for f, name, sign, number in self.having]
        order = [f"{self._ordered(key)}{' DESC' if down else ''}" for key, down in self.order]
        return {
            "table": self.table.name,
            "columns": columns,
            "by": [f'"{name}"' for name in self.groups],
            "having": having,
            "order": order or [f'"{name}"' for name in self.groups],
        }

    def stats(self, row: Row) -> dict[str, Any]:
        """The numbers of one group, as text."""
        stats: dict[str, Any] = {"count": row["count"]} if self.counts else {}
        for function, name in self.computed:
            stats.setdefault(function, {})[name] = row[f"{function}.{name}"]
        return stats

    def group(self, row: Row, show: Representation) -> dict[str, Any]:
        """One group: its numbers and the values that make it."""
        return {"stats": self.stats(row), "groupby_fields": [self._member(n, row, show) for n in self.groups]}

    def _member(self, name: str, row: Row, show: Representation) -> dict[str, str]:
        member = {"value": row[name], "field": name}
        if self.display not in ("true", "all"):
            return member
        label = show.display_value({"sys_class_name": "", **row}, self.table.fields[name], self.table)
        return {"display_value": label, "value": row[name], "field": name} if self.display == "all" else {
            "display_value": label, "field": name
        }  # fmt: skip

    def _computed(self, function: str, name: str) -> str:
        if function == "count":
            return "count(*)"
        column = f'"{name}"'
        if function in ("avg", "sum") or self.table.fields[name].is_number:
            column = f"CAST({column} AS INTEGER)"
        return f"printf('%.4f', avg({column}))" if function == "avg" else f"{function}({column})"

    def _ordered(self, key: str) -> str:
        function, _, name = key.partition("^")
        if function in (*FUNCTIONS, "count") and (name in self.table.fields or function == "count"):
            return self._computed(function, name)
        return f'"{key}"'


def _names(request: Incoming, parameter: str, table: Table) -> Sequence[str]:
    given = [name.strip() for name in request.args.get(parameter, "").split(",")]
    return [name for name in given if name in table.fields]


def _orders(request: Incoming, table: Table) -> Sequence[tuple[str, bool]]:
    """`AVG^state`, `COUNT`, `state`, each with `^DESC` to turn it round."""
    keys = []
    for part in request.args.get("sysparm_order_by", "").split(","):
        down = part.upper().endswith("^DESC")
        key = part[: -len("^DESC")] if down else part
        function, _, name = key.partition("^")
        if function.lower() in (*FUNCTIONS, "count"):
            keys.append((f"{function.lower()}^{name}", down))
        elif key in table.fields:
            keys.append((key, down))
    return keys
