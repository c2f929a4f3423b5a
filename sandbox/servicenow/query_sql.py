"""Parsed queries as conditions in SQL over the rows of a table."""

import re
from collections.abc import Callable

from sandbox.servicenow.dictionary import Field, Table, find_table
from sandbox.servicenow.query import Condition, Query, Related, Text
from sandbox.servicenow.query_terms import BETWEEN_FIELDS, COMPARISONS, PATTERNS, Term

_SEARCHED = ("number", "short_description", "description", "name", "user_name", "email", "label")


def to_sql(query: Query, table: Table) -> tuple[str, list[str], str]:
    """The condition, its values, and the order."""
    writing = _Writing(table, f'"{table.name}"')
    where = writing.query(query)
    order = [f"{writing.sorted_by(field)}{' DESC' if down else ''}" for field, down in query.order]
    return where, writing.values, ", ".join(order)


class _Writing:
    """A condition while it is written. `alias` is what the rows are called in the statement."""

    def __init__(self, table: Table, alias: str, depth: int = 0) -> None:
        self.table, self.alias, self.depth = table, alias, depth
        self.values: list[str] = []

    def query(self, query: Query) -> str:
        groups = []
        for group in query.groups:
            terms = [" OR ".join(map(self._condition, alternatives)) for alternatives in group]
            groups.append(" AND ".join(f"({term})" for term in terms) or "1")
        return " OR ".join(f"({group})" for group in groups)

    def sorted_by(self, path: str) -> str:
        """References sort by the name of what they point to."""
        return self._ordered(self._named(path))

    def _condition(self, condition: Condition) -> str:
        if isinstance(condition, Related):
            return self._related(condition)
        if isinstance(condition, Text):
            return self._text(condition)
        operator = condition.operator
        if operator in PATTERNS:
            return self._pattern(condition)
        if operator in COMPARISONS:
            return self._compared(condition)
        return self._WRITERS[operator](self, condition)

    def _column(self, path: str) -> str:
        """The value at a path; each step over a reference is a look-up by primary key."""
        first, *others = path.split(".")
        sql, table = f'{self.alias}."{first}"', self.table
        for step, name in enumerate(others):
            target = find_table(table.fields[first].reference)
            if target is None:
                raise LookupError(path)
            row = f"w{self.depth}_{step}"
            sql = f'(SELECT {row}."{name}" FROM "{target.name}" AS {row} WHERE {row}."sys_id" = {sql})'  # noqa: S608
            table, first = target, name
        return f"coalesce({sql}, '') COLLATE NOCASE" if others else sql

    def _last(self, path: str) -> Field:
        fields = self.table.walk(path)
        if not fields:
            raise LookupError(path)
        return fields[-1]

    def _named(self, path: str) -> str:
        """The path to the name of what a reference points to; other paths as they are."""
        target = find_table(self._last(path).reference)
        return f"{path}.{target.display}" if target else path

    def _ordered(self, path: str) -> str:
        column = self._column(path)
        return f"CAST({column} AS INTEGER)" if self._last(path).is_number else column

    def _compared(self, term: Term) -> str:
        self.values += term.values
        if term.operator in ("=", "!="):
            return f"{self._column(term.field)} {term.operator} ?"
        compared = "CAST(? AS INTEGER)" if self._last(term.field).is_number else "?"
        return f"{self._column(term.field)} <> '' AND {self._ordered(term.field)} {term.operator} {compared}"

    def _pattern(self, term: Term) -> str:
        pattern = {"STARTSWITH": "{}%", "ENDSWITH": "%{}"}.get(term.operator, "%{}%")
        self.values.append(pattern.format(re.sub(r"([%_\\])", r"\\\1", term.values[0])))
        word = "NOT LIKE" if term.operator == "NOT LIKE" else "LIKE"
        return f"{self._column(self._named(term.field))} {word} ? ESCAPE '\\'"

    def _members(self, term: Term) -> str:
        self.values += term.values
        return f"{self._column(term.field)} {term.operator} ({', '.join('?' * len(term.values))})"

    def _between(self, term: Term) -> str:
        self.values += term.values
        number = self._last(term.field).is_number
        ends = "CAST(? AS INTEGER) AND CAST(? AS INTEGER)" if number else "? AND ?"
        column = self._column(term.field)
        return f"{column} <> '' AND {self._ordered(term.field)} {term.operator} {ends}"

    def _empty(self, term: Term) -> str:
        return f"{self._column(term.field)} {'=' if term.operator == 'ISEMPTY' else '<>'} ''"

    def _anything(self, term: Term) -> str:
        return "1"

    def _fields(self, term: Term) -> str:
        return f"{self._ordered(term.field)} {BETWEEN_FIELDS[term.operator]} {self._ordered(term.values[0])}"

    def _apart(self, term: Term) -> str:
        """Seconds from one moment to another, counted in the direction that was asked for."""
        other, side, seconds = term.values
        ends = [f"strftime('%s', {self._column(path)})" for path in (other, term.field)]
        first, second = ends if side == "before" else reversed(ends)
        apart = f"CAST({first} AS INTEGER) - CAST({second} AS INTEGER)"
        filled = " AND ".join(f"{self._column(path)} <> ''" for path in (other, term.field))
        self.values.append(seconds)
        if term.operator == "MORETHAN":
            return f"{filled} AND {apart} > CAST(? AS INTEGER)"
        return f"{filled} AND {apart} >= 0 AND {apart} < CAST(? AS INTEGER)"

    def _date_part(self, term: Term) -> str:
        part, sign, number, time_zone = term.values
        self.values += (part, time_zone, number)
        return f"date_part({self._column(term.field)}, ?, ?) {sign} CAST(? AS INTEGER)"

    def _my_groups(self, term: Term) -> str:
        self.values += term.values
        return f'{self._column(term.field)} IN (SELECT "group" FROM sys_user_grmember WHERE "user" = ?)'  # noqa: S608

    def _text(self, text: Text) -> str:
        names = [name for name in _SEARCHED if name in self.table.fields]
        words = []
        for word in text.words:
            self.values += [f"%{word}%"] * len(names)
            words.append(" OR ".join(f"{self._column(name)} LIKE ?" for name in names) or "0")
        return " AND ".join(f"({word})" for word in words) or "1"

    def _related(self, related: Related) -> str:
        target = find_table(related.table)
        if target is None:
            raise LookupError(related.table)
        depth = self.depth + 1
        inner = _Writing(target, f"q{depth}", depth)
        where = inner.query(related.query)
        self.values += inner.values
        joined = f'{inner.alias}."{related.field}" = {self.alias}."{related.own}"'
        counted = f'SELECT count(*) FROM "{target.name}" AS {inner.alias} WHERE {joined} AND ({where})'  # noqa: S608
        return f"({counted}) {related.sign} {related.count}"

    _WRITERS: dict[str, Callable[["_Writing", Term], str]] = {
        "IN": _members, "NOT IN": _members, "BETWEEN": _between, "NOT BETWEEN": _between, "ISEMPTY": _empty,
        "ISNOTEMPTY": _empty, "ANYTHING": _anything, "MORETHAN": _apart, "LESSTHAN": _apart, "DATEPART": _date_part,
        "MY GROUPS": _my_groups, **dict.fromkeys(BETWEEN_FIELDS, _fields),
    }  # fmt: skip
