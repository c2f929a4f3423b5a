"""What callers send: JSON bodies as fields, values as they are stored.

Source: Table API documentation, `sysparm_input_display_value`, "Request body".
"""

import json
import re
from collections.abc import Mapping

from sandbox.server import LARGEST_BODY
from sandbox.servicenow import refusals
from sandbox.servicenow.dictionary import Field, Kind, Table, find_table
from sandbox.servicenow.formats import RAW
from sandbox.servicenow.incoming import Incoming
from sandbox.servicenow.representation import Representation

_SYS_ID = re.compile(r"[0-9a-f]{32}")


def read_fields(request: Incoming) -> dict[str, str]:
    """The fields in a JSON body, as text; of an array only the first record counts; no body is no field.

    Raises:
        Refusal: too large, not declared as JSON, not JSON, or not an object.
    """
    if (request.content_length or 0) > LARGEST_BODY:
        raise refusals.too_large(request.content_length or 0, LARGEST_BODY)
    if request.mimetype and not request.is_json:
        raise refusals.unsupported_type(request.mimetype)
    try:
        given = json.loads(request.get_data() or b"{}")
    except ValueError as error:
        raise refusals.unreadable(str(error)) from error
    if isinstance(given, list):
        given = given[0] if given else {}
    if not isinstance(given, dict):
        raise refusals.unreadable("The payload is not a JSON object")
    return {name: as_text(value) for name, value in given.items()}


def as_text(value: object) -> str:
    """A JSON value as a field stores it; an object becomes what Java prints for it."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Mapping():
            return "{" + ", ".join(f"{name}={as_text(part)}" for name, part in value.items()) + "}"
        case list():
            return ",".join(as_text(part) for part in value)
        case _:
            return str(value)


def fitting(field: Field, value: str) -> str:
    """A raw value as the field keeps it: cut to its length, and empty where it is none of its kind."""
    match field.kind:
        case Kind.BOOLEAN:
            return "true" if value.lower() in ("true", "1", "yes") else "false"
        case Kind.INTEGER:
            return value.strip() if re.fullmatch(r"\s*-?\d+\s*", value) else ""
        case Kind.DATE_TIME:
            return RAW.stored_moment(value)
        case Kind.DATE:
            return RAW.stored_day(value[:10])
        case _:
            return value[: field.length]


def from_display(given: Mapping[str, str], table: Table, show: Representation) -> dict[str, str]:
    """What was written the way people write it, in raw values; what stands for nothing stays as it is."""
    return {
        name: _raw(value, table.fields[name], table, show) if name in table.fields else value
        for name, value in given.items()
    }


def raw_values(value: str, field: Field, table: Table, show: Representation) -> set[str]:
    """What a value in a filter may mean: itself, or the raw value that it is the display value of."""
    return {value, _raw(value, field, table, show)}


def _raw(value: str, field: Field, table: Table, show: Representation) -> str:
    match field.kind:
        case Kind.CHOICE:
            labels = show.choices(table.name, field.name)
            return next((raw for raw, label in labels.items() if label.lower() == value.lower()), value)
        case Kind.REFERENCE:
            return _referenced(value, field, show)
        case Kind.DATE_TIME:
            return show.formats.stored_moment(value)
        case Kind.DATE:
            return show.formats.stored_day(value)
        case Kind.INTEGER:
            return value.replace(",", "")
        case _:
            return value


def _referenced(value: str, field: Field, show: Representation) -> str:
    target = find_table(field.reference)
    if target is None or not value or _SYS_ID.fullmatch(value):
        return value
    named = show.store.find(target.name, **{target.display: value})
    return named[0]["sys_id"] if named else value
