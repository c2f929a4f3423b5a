"""One comparison of an encoded query: `priorityIN1,2`, `opened_atRELATIVEGE@hour@ago@1`.

Source: ServiceNow documentation, "Operators available for filters and queries". Operators on dates are brought down to
plain comparisons here, at the moment of the question.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.servicenow.clock import stamp
from sandbox.servicenow.dictionary import TASK_CLASSES, Kind, Table, tables
from sandbox.servicenow.periods import FIXED, UNITS, end_of, part_of, shifted, start_of
from sandbox.servicenow.scripts import Scripts

# How else an operator may be written.
SYNONYMS = {
    "CONTAINS": "LIKE", "*": "LIKE", "DOES NOT CONTAIN": "NOT LIKE", "NOTLIKE": "NOT LIKE", "!*": "NOT LIKE",
    "%": "ENDSWITH", "EMPTYSTRING": "ISEMPTY", "<>": "!=",
}  # fmt: skip
PATTERNS = frozenset({"STARTSWITH", "ENDSWITH", "LIKE", "NOT LIKE"})
COMPARISONS = frozenset({"=", "!=", ">", ">=", "<", "<="})
BETWEEN_FIELDS = {
    "SAMEAS": "=", "NSAMEAS": "!=", "GT_FIELD": ">", "GT_OR_EQUALS_FIELD": ">=", "LT_FIELD": "<",
    "LT_OR_EQUALS_FIELD": "<=",
}  # fmt: skip
RELATIVE = {
    "RELATIVEGT": ">",
    "RELATIVEGE": ">=",
    "RELATIVELT": "<",
    "RELATIVELE": "<=",
    "RELATIVEEE": "BETWEEN",
}
# What a Query ACL of the type `query_range` guards; the others are matched by value.
MATCHES = frozenset({"=", "!=", "IN", "NOT IN", "ISEMPTY", "ISNOTEMPTY", "ANYTHING", "SAMEAS", "NSAMEAS"})
_OTHERS = (
    "ISEMPTY", "ISNOTEMPTY", "ANYTHING", "NOT IN", "INSTANCEOF", "IN", "BETWEEN", "DYNAMIC", "NOTON", "ON", "DATEPART",
    "MORETHAN", "LESSTHAN",
)  # fmt: skip
_WORDS = sorted(
    {*SYNONYMS, *PATTERNS, *COMPARISONS, *BETWEEN_FIELDS, *RELATIVE, *_OTHERS}, key=len, reverse=True
)
_TERM = re.compile(
    rf"(?P<field>[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*)(?P<operator>{'|'.join(map(re.escape, _WORDS))})(?P<value>.*)",
    re.DOTALL,
)
_DATE_PART = re.compile(r"javascript:gs\.datePart\('(\w+)',\s*'([\w-]+)',\s*'(EE|LT|LE|GT|GE)'\)")
_NAMES_OF_PARTS = {
    "dayofweek": ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
    "month": ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
}  # fmt: skip
# Dynamic filter options that every instance has: "Me" and "One of my groups".
ME, MY_GROUPS = "90d1921e5f510100a9ad2572f2b477fe", "d6435e965f510100a9ad2572f2b477fe"


@dataclass(frozen=True)
class Term:
    """One comparison: a field, or a dotted path to one, an operator of a few, and what it compares with."""

    field: str
    operator: str
    values: tuple[str, ...] = ()

    @property
    def is_range(self) -> bool:
        """Whether it compares by order or by pattern."""
        return self.operator not in MATCHES


def read_term(part: str, table: Table, scripts: Scripts) -> Term | None:
    """The comparison that a part of a query makes; none if it makes no sense for the table."""
    found = _TERM.fullmatch(part)
    fields = table.walk(found["field"]) if found else None
    if found is None or fields is None:
        return None
    operator = SYNONYMS.get(found["operator"], found["operator"])
    value = found["value"]
    if fields[-1].kind is Kind.BOOLEAN and operator in ("=", "!="):
        value = {"1": "true", "0": "false"}.get(value, value)
    try:
        meant = _reader_of(operator)(operator, value, table, scripts)
    except (OverflowError, ValueError):
        # A moment beyond the calendar, such as ten thousand years ago.
        return None
    return Term(found["field"], *meant) if meant else None


# What a comparison comes down to: the operator that is left, and its values.
Meant = tuple[str, tuple[str, ...]]
Reader = Callable[[str, str, Table, Scripts], Meant | None]


def _reader_of(operator: str) -> Reader:
    special: dict[str, Reader] = {
        "IN": _members, "NOT IN": _members, "BETWEEN": _between, "ON": _on, "NOTON": _on, "DATEPART": _date_part,
        "DYNAMIC": _dynamic, "INSTANCEOF": _instance_of, "MORETHAN": _apart, "LESSTHAN": _apart,
    }  # fmt: skip
    if operator in RELATIVE:
        return _relative
    if operator in BETWEEN_FIELDS:
        return _other_field
    return special.get(operator, _plain)


def _plain(operator: str, value: str, table: Table, scripts: Scripts) -> Meant | None:
    if operator in ("ISEMPTY", "ISNOTEMPTY", "ANYTHING"):
        return operator, ()
    meant = scripts.value(value)
    return None if meant is None else (operator, (meant,))


def _members(operator: str, value: str, table: Table, scripts: Scripts) -> Meant | None:
    meant = scripts.value(value)
    return None if meant is None else (operator, tuple(meant.split(",")))


def _between(operator: str, value: str, table: Table, scripts: Scripts) -> Meant | None:
    ends = [scripts.value(end) for end in value.split("@")]
    if len(ends) != 2 or None in ends:
        return None
    return operator, tuple(end for end in ends if end is not None)


def _on(operator: str, value: str, table: Table, scripts: Scripts) -> Meant | None:
    """`Today@javascript:gs.beginningOfToday()@javascript:gs.endOfToday()`, or nothing but a day."""
    _, separator, ends = value.partition("@")
    if not separator:
        ends = f"javascript:gs.dateGenerate('{value}','start')@javascript:gs.dateGenerate('{value}','end')"
    return _between("BETWEEN" if operator == "ON" else "NOT BETWEEN", ends, table, scripts)


def _relative(operator: str, value: str, table: Table, scripts: Scripts) -> Meant | None:
    """`@hour@ago@1`."""
    _, unit, side, count = [*value.split("@"), "", "", "", ""][:4]
    if unit not in UNITS or side not in ("ago", "ahead") or not count.isdigit():
        return None
    moment = shifted(scripts.local_now(), unit, -int(count) if side == "ago" else int(count))
    if operator == "RELATIVEEE":
        return "BETWEEN", (stamp(start_of(unit, moment)), stamp(end_of(unit, moment)))
    return RELATIVE[operator], (stamp(moment),)


def _apart(operator: str, value: str, table: Table, scripts: Scripts) -> Meant | None:
    """`closed_at@hour@before@3`: more (or less) than three hours before the other."""
    other, unit, side, count = [*value.split("@"), "", "", "", ""][:4]
    if (
        table.walk(other) is None
        or unit not in FIXED
        or side not in ("before", "after")
        or not count.isdigit()
    ):
        return None
    return operator, (other, side, str(int(FIXED[unit].total_seconds()) * int(count)))


def _other_field(operator: str, value: str, table: Table, scripts: Scripts) -> Meant | None:
    return (operator, (value,)) if table.walk(value) else None


def _instance_of(operator: str, value: str, table: Table, scripts: Scripts) -> Meant | None:
    children = TASK_CLASSES if value == "task" else [t.name for t in tables().values() if t.parent == value]
    return "IN", (value, *children)


def _dynamic(operator: str, value: str, table: Table, scripts: Scripts) -> Meant | None:
    if value == ME:
        return "=", (scripts.user["sys_id"],)
    return ("MY GROUPS", (scripts.user["sys_id"],)) if value == MY_GROUPS else None


def _date_part(operator: str, value: str, table: Table, scripts: Scripts) -> Meant | None:
    """`Tuesday@javascript:gs.datePart('dayofweek','tuesday','EE')`, on the clock of who asks."""
    found = _DATE_PART.fullmatch(value.partition("@")[2])
    if found is None or part_of(scripts.now, found[1]) is None:
        return None
    names = [name[:3] for name in _NAMES_OF_PARTS.get(found[1], ())]
    number = names.index(found[2][:3]) + 1 if found[2][:3] in names else found[2]
    sign = {"EE": "=", "LT": "<", "LE": "<=", "GT": ">", "GE": ">="}[found[3]]
    return operator, (found[1], sign, str(number), scripts.time_zone)
