"""ServiceNow's encoded query language, and its translation to SQL.

Source: ServiceNow documentation, "Encoded query strings" and "Operators available for filters and queries". Parts that
make no sense are dropped and the rest runs, as on a real instance (Table API documentation, `sysparm_query`).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sandbox.servicenow.dictionary import Kind, Table

OPERATORS = (
    "ISNOTEMPTY", "ISEMPTY", "STARTSWITH", "ENDSWITH", "DOES NOT CONTAIN", "NOT LIKE", "CONTAINS", "NOT IN", "LIKE",
    "IN", ">=", "<=", "!=", "=", ">", "<",
)  # fmt: skip
_TERM = re.compile(
    r"(?P<field>[a-z][a-z0-9_]*)(?P<operator>" + "|".join(OPERATORS) + r")(?P<value>.*)", re.DOTALL
)
_ORDER = re.compile(r"ORDERBY(?P<down>DESC)?(?P<field>[a-z][a-z0-9_]*)")
RANGES = frozenset(
    {">", ">=", "<", "<=", "STARTSWITH", "ENDSWITH", "LIKE", "CONTAINS", "NOT LIKE", "DOES NOT CONTAIN"}
)


@dataclass(frozen=True)
class Term:
    """One comparison."""

    field: str
    operator: str
    value: str


# Terms of an alternative hold together by OR, alternatives of a group by AND, groups of a query by OR.
Alternatives = tuple[Term, ...]
Group = tuple[Alternatives, ...]


@dataclass(frozen=True)
class Query:
    """A parsed query. `order` holds (field, descending); `dropped` the parts that were not understood."""

    groups: tuple[Group, ...] = ((),)
    order: tuple[tuple[str, bool], ...] = ()
    dropped: tuple[str, ...] = ()

    def and_equal(self, field: str, value: str) -> "Query":
        """The same query, narrowed to rows in which a field has a value."""
        return replace(self, groups=tuple((*group, (Term(field, "=", value),)) for group in self.groups))

    def without_ranges(self) -> "Query":
        """The same query without what Query ACLs on ranges refuse: comparisons by order, patterns and sorting."""
        groups = tuple(
            tuple(kept for terms in group if (kept := tuple(t for t in terms if t.operator not in RANGES)))
            for group in self.groups
        )
        return replace(self, groups=groups, order=())


def parse(text: str, table: Table, evaluate: Callable[[str], str | None]) -> Query:
    """Read an encoded query; `evaluate` gives the value of a `javascript:` expression or none if it cannot."""
    groups: list[list[list[Term]]] = [[]]
    order: list[tuple[str, bool]] = []
    dropped: list[str] = []
    for part in text.split("^"):
        if part in ("", "EQ"):
            continue
        if ordering := _ORDER.fullmatch(part):
            if ordering["field"] in table.fields:
                order.append((ordering["field"], ordering["down"] is not None))
            continue
        joined, comparison = _joined(part)
        term = _term(comparison, table, evaluate)
        if joined == "NQ":
            groups.append([])
        if term is None:
            dropped.append(comparison)
        elif joined == "OR" and groups[-1]:
            groups[-1][-1].append(term)
        else:
            groups[-1].append([term])
    kept = tuple(tuple(tuple(terms) for terms in group) for group in groups)
    return Query(kept, tuple(order), tuple(dropped))


def _joined(part: str) -> tuple[str, str]:
    # Names of fields are in lower case, so that capitals in front can only be the joining word.
    for word in ("OR", "NQ"):
        if part.startswith(word):
            return word, part[2:]
    return "", part


def _term(part: str, table: Table, evaluate: Callable[[str], str | None]) -> Term | None:
    found = _TERM.fullmatch(part)
    if found is None or found["field"] not in table.fields:
        return None
    value: str | None = found["value"]
    if found["value"].startswith("javascript:"):
        value = evaluate(found["value"].removeprefix("javascript:"))
    return None if value is None else Term(found["field"], found["operator"], value)


def to_sql(query: Query, table: Table) -> tuple[str, list[str], str]:
    """The condition, its values, and the order, over the columns of the table."""
    values: list[str] = []
    groups = []
    for group in query.groups:
        terms = [" OR ".join(_comparison(t, table, values) for t in alternatives) for alternatives in group]
        groups.append(" AND ".join(f"({term})" for term in terms) or "1")
    order = [f"{_column(field, table)}{' DESC' if down else ''}" for field, down in query.order]
    return " OR ".join(f"({group})" for group in groups), values, ", ".join(order)


def _column(field: str, table: Table) -> str:
    number = table.fields[field].kind is Kind.INTEGER or field in NUMERIC_CHOICES
    return f'CAST("{field}" AS INTEGER)' if number else f'"{field}"'


# Choices whose values are numbers sort and compare as numbers: change states run from -5 to 4.
NUMERIC_CHOICES = frozenset({"state", "incident_state", "priority", "impact", "urgency", "severity"})
_PATTERNS: Mapping[str, tuple[str, str]] = {
    "STARTSWITH": ("LIKE", "{}%"),
    "ENDSWITH": ("LIKE", "%{}"),
    "LIKE": ("LIKE", "%{}%"),
    "CONTAINS": ("LIKE", "%{}%"),
    "NOT LIKE": ("NOT LIKE", "%{}%"),
    "DOES NOT CONTAIN": ("NOT LIKE", "%{}%"),
}


def _comparison(term: Term, table: Table, values: list[str]) -> str:
    column = f'"{term.field}"'
    if term.operator in ("ISEMPTY", "ISNOTEMPTY"):
        return f"{column} {'=' if term.operator == 'ISEMPTY' else '<>'} ''"
    if term.operator in ("IN", "NOT IN"):
        members = term.value.split(",")
        values += members
        return f"{column} {term.operator} ({', '.join('?' * len(members))})"
    if term.operator in _PATTERNS:
        word, pattern = _PATTERNS[term.operator]
        values.append(pattern.format(re.sub(r"([%_\\])", r"\\\1", term.value)))
        return f"{column} {word} ? ESCAPE '\\'"
    values.append(term.value)
    if term.operator in ("=", "!="):
        return f"{column} {term.operator} ?"
    ordered = _column(term.field, table)
    compared = "CAST(? AS INTEGER)" if ordered.startswith("CAST") else "?"
    return f"{column} <> '' AND {ordered} {term.operator} {compared}"
