"""The tables of the instance and their fields, read from `tables/*.fields`: a new table is a new file there."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "tables"


class Kind(StrEnum):
    """What a field holds; everything is text on the wire."""

    STRING = "string"
    CHOICE = "choice"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    DATE = "date"
    DATE_TIME = "date_time"
    DURATION = "duration"
    REFERENCE = "reference"
    LIST = "list"
    JOURNAL = "journal"
    # The name of a table, as `sys_class_name` holds it.
    CLASS = "class"


LENGTHS = {
    Kind.CHOICE: 40, Kind.REFERENCE: 32, Kind.LIST: 4000, Kind.INTEGER: 40, Kind.BOOLEAN: 40, Kind.CLASS: 80,
}  # fmt: skip
LABELS = {"sys_updated_on": "Updated", "sys_updated_by": "Updated by", "correlation_id": "Correlation ID"}
LABELS |= {"opened_at": "Opened", "comments": "Additional comments"}
# Choices whose values are numbers sort and compare as numbers: change states run from -5 to 4.
NUMERIC_CHOICES = frozenset(
    {"state", "incident_state", "problem_state", "priority", "impact", "urgency", "severity", "risk", "scope"}
)


@dataclass(frozen=True)
class Field:
    """One column. `length` counts characters; longer input is cut. `reference` names the table pointed to."""

    name: str
    kind: Kind
    length: int
    reference: str = ""
    default: str = ""

    @property
    def label(self) -> str:
        """What people read: made from the name (`Short description`) but for a few."""
        return LABELS.get(self.name) or self.name.removesuffix("_id").replace("_", " ").capitalize()

    @property
    def is_number(self) -> bool:
        """Whether values compare and sort as numbers."""
        return self.kind is Kind.INTEGER or (self.kind is Kind.CHOICE and self.name in NUMERIC_CHOICES)


@dataclass(frozen=True)
class Table:
    """A table. `number_prefix` is empty where records carry no number; `display` is the field that names a record.

    `form` is what a person may change on its page, in this order; without it the table has no pages.
    """

    name: str
    label: str
    fields: Mapping[str, Field]
    number_prefix: str = ""
    first_number: int = 0
    display: str = "sys_id"
    parent: str = ""
    form: tuple[str, ...] = ()

    @property
    def journals(self) -> tuple[str, ...]:
        """Fields to which text is added and never overwritten."""
        return tuple(name for name, field in self.fields.items() if field.kind is Kind.JOURNAL)

    def walk(self, path: str) -> tuple[Field, ...] | None:
        """The fields that a dotted path (`caller_id.manager.email`) leads over; none if it leads nowhere."""
        table: Table | None = self
        passed: tuple[Field, ...] = ()
        for name in path.split("."):
            if table is None or name not in table.fields:
                return None
            passed = (*passed, table.fields[name])
            table = find_table(passed[-1].reference)
        return passed


@cache
def tables() -> dict[str, Table]:
    """Every table with rows of its own, by name. `task`, which has none, is `task_table()`."""
    return {file.stem: _read(file) for file in sorted(FOLDER.glob("*.fields"))}


@cache
def tables_with_pages() -> dict[str, Table]:
    """Those that people look at and work in, by name."""
    return {name: table for name, table in tables().items() if table.form}


@cache
def task_table() -> Table:
    """The parent of incidents and changes: the fields that all its children have."""
    first, *others = (tables()[name].fields for name in TASK_CLASSES)
    shared = {name: field for name, field in first.items() if all(name in fields for fields in others)}
    return Table("task", "Task", shared, display="number")


def find_table(name: str) -> Table | None:
    """The table that the API knows under this name."""
    return task_table() if name == "task" else tables().get(name)


def _read(file: Path) -> Table:
    """A file says of its table `@label`, `@number PREFIX first`, `@display`, `@extends`, `@form`; a line each field."""
    lines = [line.partition("#")[0].strip() for line in file.read_text(encoding="utf-8").splitlines()]
    facts = dict(line[1:].split(maxsplit=1) for line in lines if line.startswith("@"))
    fields = [_field(line) for line in lines if line and not line.startswith("@")]
    prefix, _, first = facts.get("number", "").partition(" ")
    return Table(
        name=file.stem,
        label=facts["label"],
        fields={field.name: field for field in fields},
        number_prefix=prefix,
        first_number=int(first or 0),
        display=facts.get("display", "sys_id"),
        parent=facts.get("extends", ""),
        form=tuple(facts.get("form", "").split()),
    )


def _field(line: str) -> Field:
    """`due_date  date_time`, `impact  choice = 3`, `parent  reference:task`, `number  string:40`."""
    declared, _, default = line.partition("=")
    name, kind_and_more = declared.split()
    kind_name, _, more = kind_and_more.partition(":")
    kind = Kind(kind_name)
    length = int(more) if kind is Kind.STRING else LENGTHS.get(kind, 65_535)
    return Field(name, kind, length, more if kind is Kind.REFERENCE else "", default.strip())


TASK_CLASSES = tuple(name for name, table in tables().items() if table.parent == "task")
