"""Parsed queries as conditions in SQL over the rows of a table."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from sandbox.servicenow.dictionary import Field, Table, find_table
from sandbox.servicenow.query import Condition, Query, Related, Text
from sandbox.servicenow.query_terms import BETWEEN_FIELDS, COMPARISONS, PATTERNS, Term
from sandbox.servicenow.schema import SHORTEST_PART, TEXTS, text_index

# Comparisons that hold only where there is a value, and those that say the opposite.
_HELD = frozenset({"=", ">", ">=", "<", "<=", "IN", "LIKE", "STARTSWITH", "ENDSWITH"})
_OPPOSITES = {"!=": "=", "NOT IN": "IN", "NOT LIKE": "LIKE"}
_SEARCHED = ("number", "short_description", "description", "name", "user_name", "email", "label")


class Statement(NamedTuple):
    """The condition of a query with its values, the order, and the joins that lead to what the order names."""

    where: str
    values: list[str]
    order: str
    joins: str


def to_sql(query: Query, table: Table) -> Statement:
    """A query as SQL over rows that go by the name of their table."""
    writing = _Writing(table, f'"{table.name}"')
    where = writing.query(query)
    order = [f"{writing.sorted_by(field)}{' DESC' if down else ''}" for field, down in query.order]
    return Statement(where, writing.values, ", ".join(order), " ".join(writing.joins))


class _Writing:
    """A condition while it is written. `alias` is what the rows are called in the statement."""

    def __init__(self, table: Table, alias: str, depth: int = 0) -> None:
        self.table, self.alias, self.depth = table, alias, depth
        self.values: list[str] = []
        self.joins: list[str] = []

    def query(self, query: Query) -> str:
        groups = []
        for group in query.groups:
            terms = [" OR ".join(map(self._condition, alternatives)) for alternatives in group]
            groups.append(" AND ".join(f"({term})" for term in terms) or "1")
        return " OR ".join(f"({group})" for group in groups)

    def sorted_by(self, path: str) -> str:
        """References sort by the name of what they point to: a join costs less than a look-up in each comparison."""
        path = self._named(path)
        *steps, last = path.split(".")
        column, table = self.alias, self.table
        for step in steps:
            target = find_table(table.fields[step].reference)
            if target is None or target.name == "task":
                return self._ordered(path)
            column, table = self._joined(f'{column}."{step}"', target), target
        return self._as_number(
            path, f"coalesce({column}.\"{last}\", '') COLLATE NOCASE" if steps else self._column(path)
        )

    def _joined(self, reference: str, target: Table) -> str:
        row = f"o{len(self.joins)}"
        self.joins.append(f'LEFT JOIN "{target.name}" AS {row} ON {row}."sys_id" = {reference}')
        return row

    def _condition(self, condition: Condition) -> str:
        if isinstance(condition, Related):
            return self._related(condition)
        if isinstance(condition, Text):
            return self._text(condition)
        operator = condition.operator
        path = self._named(condition.field) if operator in PATTERNS else condition.field
        if "." in path and all(condition.values) and operator in (*_HELD, *_OPPOSITES):
            return self._among(path, condition)
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

    def _among(self, path: str, term: Term) -> str:
        """What is said about the end of a path, as said about those that its first step may point to."""
        first, _, rest = path.partition(".")
        target = find_table(self.table.fields[first].reference)
        if target is None:
            raise LookupError(path)
        inner = _Writing(target, f"m{self.depth + 1}", self.depth + 1)
        held = _OPPOSITES.get(term.operator, term.operator)
        where = inner._condition(replace(term, field=rest, operator=held))
        self.values += inner.values
        members = f'SELECT {inner.alias}."sys_id" FROM "{target.name}" AS {inner.alias} WHERE {where}'  # noqa: S608
        return f'{self.alias}."{first}" {"NOT IN" if held != term.operator else "IN"} ({members})'

    def _ordered(self, path: str) -> str:
        return self._as_number(path, self._column(path))

    def _as_number(self, path: str, column: str) -> str:
        return f"CAST({column} AS INTEGER)" if self._last(path).is_number else column

    def _compared(self, term: Term) -> str:
        self.values += term.values
        if term.operator in ("=", "!="):
            return f"{self._column(term.field)} {term.operator} ?"
        compared = "CAST(? AS INTEGER)" if self._last(term.field).is_number else "?"
        return f"{self._column(term.field)} <> '' AND {self._ordered(term.field)} {term.operator} {compared}"

    def _pattern(self, term: Term) -> str:
        part, negated = term.values[0], "NOT " if term.operator == "NOT LIKE" else ""
        if term.operator in ("LIKE", "NOT LIKE") and self._finds_parts(part, [term.field]):
            return self._found_part(part, [term.field], negated)
        pattern = {"STARTSWITH": "{}%", "ENDSWITH": "%{}"}.get(term.operator, "%{}%")
        # What ends so is among what holds it, and there an index leads.
        among = term.operator == "ENDSWITH" and self._finds_parts(part, [term.field])
        held = f"{self._found_part(part, [term.field])} AND " if among else ""
        self.values.append(pattern.format(re.sub(r"([%_\\])", r"\\\1", part)))
        return f"{held}{self._column(self._named(term.field))} {negated}LIKE ? ESCAPE '\\'"

    def _finds_parts(self, part: str, fields: list[str]) -> bool:
        """Whether the full-text index knows where a part of these fields occurs."""
        indexed = text_index(self.table) and set(fields) <= set(TEXTS)
        return bool(indexed) and len(part) >= SHORTEST_PART and "\0" not in part

    def _found_part(self, part: str, fields: list[str], negated: str = "") -> str:
        quoted, index = part.replace('"', '""'), text_index(self.table)
        self.values.append(f'{{{" ".join(fields)}}} : "{quoted}"')
        return f"{self.alias}.rowid {negated}IN (SELECT rowid FROM {index} WHERE {index} MATCH ?)"  # noqa: S608

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
            if self._finds_parts(word, names):
                words.append(self._found_part(word, names))
                continue
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
