"""What a list's filter asks about a table: `GET /api/now/ui/meta/<table>`, its columns with their choices.

The address is ServiceNow's own and not documented. The shape is that which public clients of it read; what is
unverified stands in DIFFERENCES.md.
"""

from typing import Any

from werkzeug import Response

from sandbox.servicenow import companion, refusals
from sandbox.servicenow.access import Rights
from sandbox.servicenow.accounts import authenticate
from sandbox.servicenow.answers import result
from sandbox.servicenow.dictionary import Field, Kind, Table, find_table
from sandbox.servicenow.incoming import Incoming
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.representation import Representation, reader_of
from sandbox.servicenow.rest import rest
from sandbox.servicenow.seed_dictionary import INTERNAL_TYPES

NONE = {"label": "-- None --", "value": ""}


@rest("UI Metadata API")
def meta(instance: Instance, request: Incoming, table: str) -> Response:
    """Describe the columns that the caller may see, in the caller's language."""
    rights = Rights(authenticate(instance, request), instance.switches)
    if request.intended_method not in ("GET", "HEAD"):
        raise refusals.method_not_allowed()
    found = find_table(table)
    if found is None or companion.is_missing(instance, table):
        raise refusals.invalid_table(table)
    if not rights.may("read", table) or not rights.may_read_meta():
        raise refusals.table_denied()
    show = reader_of(instance.store, instance.switches, rights.user, rights.closed_fields())
    columns = [field for field in found.fields.values() if field.name not in show.closed]
    return result(200, {"columns": {field.name: _column(field, found, show) for field in columns}})


def _column(field: Field, table: Table, show: Representation) -> dict[str, Any]:
    target = find_table(field.reference)
    column: dict[str, Any] = {
        "name": field.name,
        "element": field.name,
        "label": field.label,
        "type": field.kind.value
        if field.kind is Kind.CHOICE
        else INTERNAL_TYPES.get(field.kind, field.kind.value),
        "internal_type": INTERNAL_TYPES.get(field.kind, field.kind.value),
        "max_length": field.length,
        "mandatory": False,
        "read_only": False,
    }
    if field.reference:
        column |= {"reference": field.reference, "reference_display_field": target.display if target else ""}
    if field.kind is Kind.CHOICE:
        listed = [
            {"label": label, "value": value} for value, label in show.choices(table.name, field.name).items()
        ]
        column["choices"] = listed if field.default else [NONE, *listed]
    return column
