"""ServiceNow's encoded query language.

Source: ServiceNow documentation, "Encoded query strings". Parts that make no sense are dropped and the rest runs, as
on a real instance (Table API documentation, `sysparm_query`).
"""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from typing import Self, Union

from sandbox.servicenow.dictionary import Table, find_table
from sandbox.servicenow.query_terms import Term, read_term
from sandbox.servicenow.scripts import Scripts

_ORDER = re.compile(r"ORDERBY(?P<down>DESC)?(?P<field>[a-z][a-z0-9_.]*)")
_RELATED = re.compile(
    r"RLQUERY(?P<table>\w+)\.(?P<field>\w+),(?P<sign>>=|<=|!=|=|>|<)?(?P<count>\d+)(?:,m2m)?"
)
_JOIN = re.compile(r"JOIN\w+\.(?P<own>\w+)=(?P<table>\w+)\.(?P<field>\w+)(?:!(?P<rest>.*))?", re.DOTALL)
_TEXT = "123TEXTQUERY321="
# A doubled separator is the character itself (GlideStringUtil, `escapeQueryTermSeparator`).
_ESCAPED = "\x00"


@dataclass(frozen=True)
class Text:
    """Words that must occur in a record, as the search field over a list asks."""

    words: tuple[str, ...]


@dataclass(frozen=True)
class Related:
    """How many rows of another table that meet a query must point here: `RLQUERY`; or at least one: `JOIN`."""

    own: str
    table: str
    field: str
    sign: str
    count: int
    query: "Query"


Condition = Union[Term, Text, Related]  # noqa: UP007 - Related is named before Query is there
# Conditions of an alternative hold together by OR, alternatives of a group by AND, groups of a query by OR.
Alternatives = tuple[Condition, ...]
Group = tuple[Alternatives, ...]


@dataclass(frozen=True)
class Query:
    """A parsed query. `order` holds (field, descending); `dropped` the parts that were not understood."""

    groups: tuple[Group, ...] = ((),)
    order: tuple[tuple[str, bool], ...] = ()
    dropped: tuple[str, ...] = ()

    def narrowed(self, *conditions: Term) -> "Query":
        """The same query for rows that also meet one of the conditions."""
        return replace(self, groups=tuple((*group, conditions) for group in self.groups))

    def without_ranges(self) -> "Query":
        """The same query without what Query ACLs on ranges refuse: comparisons by order, patterns and sorting."""
        return replace(self._kept(lambda term: not term.is_range), order=())

    def without(self, fields: Collection[str]) -> "Query":
        """The same query without comparing or sorting by some fields, nor by paths that lead over them."""
        order = tuple((path, down) for path, down in self.order if not _leads_over(path, fields))
        return replace(self._kept(lambda term: not _leads_over(term.field, fields)), order=order)

    def _kept(self, keeps: Callable[[Term], bool]) -> "Query":
        groups = []
        for group in self.groups:
            left = [tuple(c for c in terms if not isinstance(c, Term) or keeps(c)) for terms in group]
            groups.append(tuple(filter(None, left)))
        return replace(self, groups=tuple(groups))


def parse(text: str, table: Table, scripts: Scripts) -> Query:
    """Read an encoded query; `scripts` gives the values of `javascript:` and of relative dates."""
    parts = iter(text.replace("^^", _ESCAPED).split("^"))
    return _Reading(table, scripts).all_of(parts).query()


def _leads_over(path: str, fields: Collection[str]) -> bool:
    return any(name in fields for name in path.split("."))


class _Reading:
    """A query while it is read, part by part."""

    def __init__(self, table: Table, scripts: Scripts) -> None:
        self.table, self.scripts = table, scripts
        self.groups: list[list[list[Condition]]] = [[]]
        self.order: list[tuple[str, bool]] = []
        self.dropped: list[str] = []

    def query(self) -> Query:
        groups = tuple(tuple(tuple(alternatives) for alternatives in group) for group in self.groups)
        return Query(groups, tuple(self.order), tuple(self.dropped))

    def all_of(self, parts: Iterator[str]) -> Self:
        """Read up to the end, or to the end of the related query that this one is."""
        for raw in parts:
            part = raw.replace(_ESCAPED, "^")
            if part == "ENDRLQUERY":
                break
            if part in ("", "EQ") or part.startswith("GROUPBY"):
                continue
            if ordering := _ORDER.fullmatch(part):
                self._sort(ordering["field"], descending=ordering["down"] is not None)
            else:
                self._compare(part, parts)
        return self

    def _sort(self, field: str, *, descending: bool) -> None:
        if self.table.walk(field):
            self.order.append((field, descending))

    def _compare(self, part: str, parts: Iterator[str]) -> None:
        joined, comparison = _joined(part)
        condition = self._condition(comparison, parts)
        if joined == "NQ":
            self.groups.append([])
        if condition is None:
            self.dropped.append(comparison)
        elif joined == "OR" and self.groups[-1]:
            self.groups[-1][-1].append(condition)
        else:
            self.groups[-1].append([condition])

    def _condition(self, part: str, parts: Iterator[str]) -> Condition | None:
        if part.startswith("RLQUERY"):
            return self._related(part, parts)
        if part.startswith("JOIN"):
            return self._join(part)
        if part.startswith(_TEXT):
            return Text(tuple(part.removeprefix(_TEXT).split()))
        return read_term(part, self.table, self.scripts)

    def _related(self, part: str, parts: Iterator[str]) -> Related | None:
        found = _RELATED.fullmatch(part)
        table = find_table(found["table"]) if found else None
        # The inner query is read even where it cannot be used, for its parts are not ours.
        inner = _Reading(table or self.table, self.scripts).all_of(parts).query()
        if found is None or table is None or found["field"] not in table.fields:
            return None
        return Related("sys_id", table.name, found["field"], found["sign"] or "=", int(found["count"]), inner)

    def _join(self, part: str) -> Related | None:
        found = _JOIN.fullmatch(part)
        table = find_table(found["table"]) if found else None
        if found is None or table is None or found["field"] not in table.fields:
            return None
        if found["own"] not in self.table.fields:
            return None
        inner = _Reading(table, self.scripts).all_of(iter([found["rest"] or ""])).query()
        return Related(found["own"], table.name, found["field"], ">", 0, inner)


def _joined(part: str) -> tuple[str, str]:
    # Names of fields are in lower case, so that capitals in front can only be the joining word.
    for word in ("OR", "NQ"):
        if part.startswith(word):
            return word, part[2:]
    return "", part
