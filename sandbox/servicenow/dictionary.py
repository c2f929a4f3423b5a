"""The tables of the instance and their fields, read from `tables/*.fields`."""

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
    REFERENCE = "reference"
    LIST = "list"
    JOURNAL = "journal"


LENGTHS = {Kind.CHOICE: 40, Kind.REFERENCE: 32, Kind.LIST: 4000, Kind.INTEGER: 40, Kind.BOOLEAN: 40}
LABELS = {"sys_updated_on": "Updated", "sys_updated_by": "Updated by", "correlation_id": "Correlation ID"}
LABELS |= {"opened_at": "Opened", "comments": "Additional comments"}


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


@dataclass(frozen=True)
class Table:
    """A table; `number_prefix` is empty where records carry no number."""

    name: str
    label: str
    fields: Mapping[str, Field]
    number_prefix: str = ""
    first_number: int = 0

    @property
    def journals(self) -> tuple[str, ...]:
        """Fields to which text is added and never overwritten."""
        return tuple(name for name, field in self.fields.items() if field.kind is Kind.JOURNAL)


NAMES = {
    "change_request": ("Change Request", "CHG", 30001),
    "chg_model": ("Change Model", "", 0),
    "incident": ("Incident", "INC", 10001),
    "oauth_entity": ("Application Registries", "", 0),
    "sys_choice": ("Choice", "", 0),
    "sys_dictionary": ("Dictionary Entry", "", 0),
    "sys_journal_field": ("Journal Entry", "", 0),
    "sys_properties": ("System Property", "", 0),
    "sys_user": ("User", "", 0),
    "sys_user_group": ("Group", "", 0),
}
TASK_CLASSES = ("incident", "change_request")


@cache
def tables() -> dict[str, Table]:
    """Every table with rows of its own, by name. `task`, which has none, is `task_table()`."""
    return {
        name: Table(name, label, _read(name), prefix, first) for name, (label, prefix, first) in NAMES.items()
    }


@cache
def task_table() -> Table:
    """The parent of incidents and changes: the fields that all its children have."""
    first, *others = (tables()[name].fields for name in TASK_CLASSES)
    shared = {name: field for name, field in first.items() if all(name in fields for fields in others)}
    return Table("task", "Task", shared)


def find_table(name: str) -> Table | None:
    """The table that the API knows under this name."""
    return task_table() if name == "task" else tables().get(name)


def _read(name: str) -> dict[str, Field]:
    lines = (FOLDER / f"{name}.fields").read_text(encoding="utf-8").splitlines()
    return {field.name: field for field in map(_field, lines) if field}


def _field(line: str) -> Field | None:
    """`due_date  date_time`, `impact  choice = 3`, `parent  reference:task`, `number  string:40`."""
    declared, _, default = line.partition("#")[0].partition("=")
    if not declared.strip():
        return None
    name, kind_and_more = declared.split()
    kind_name, _, more = kind_and_more.partition(":")
    kind = Kind(kind_name)
    length = int(more) if kind is Kind.STRING else LENGTHS.get(kind, 65_535)
    return Field(name, kind, length, more if kind is Kind.REFERENCE else "", default.strip())
