"""The Import Set API: `POST /api/now/import/<staging table>`, rows that a transform map brings into a target table.

Source: ServiceNow documentation, "Import Set API". The maps of the sandbox carry every field over, with or without
`u_` in front, and coalesce on `correlation_id`: a row whose id is known changes that record. A row that fails is
still answered with 201.
"""

import json
import uuid
from typing import Any

from werkzeug import Response

from sandbox.servicenow import records, refusals
from sandbox.servicenow.access import Rights
from sandbox.servicenow.accounts import authenticate
from sandbox.servicenow.answers import json_answer, result
from sandbox.servicenow.dictionary import tables
from sandbox.servicenow.incoming import Incoming
from sandbox.servicenow.inputs import as_text, read_fields
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.refusals import Refusal
from sandbox.servicenow.rest import check_size, rest
from sandbox.servicenow.store import Row

API = "Import Set API"

# Staging table -> (transform map, target table).
MAPS = {
    "u_imp_incident": ("Incident import", "incident"),
    "u_imp_change_request": ("Change request import", "change_request"),
}
COALESCE = "correlation_id"


@rest(API)
def insert(instance: Instance, request: Incoming, staging: str, version: str = "") -> Response:
    """POST one row: transformed at once, and told what became of it."""
    call = _Call(instance, request, staging, version)
    if request.intended_method != "POST":
        raise refusals.method_not_allowed()
    return json_answer(201, call.transformed(call.next_set(), read_fields(request)))


@rest(API)
def insert_multiple(instance: Instance, request: Incoming, staging: str, version: str = "") -> Response:
    """POST many rows; the answer names the sets and says nothing of the rows."""
    call = _Call(instance, request, staging, version)
    if request.intended_method != "POST":
        raise refusals.method_not_allowed()
    import_set = call.next_set()
    for row in _many(request):
        call.transformed(import_set, row)
    return json_answer(201, {"import_set_id": uuid.uuid4().hex, "multi_import_set_id": uuid.uuid4().hex})


@rest(API)
def staged(instance: Instance, request: Incoming, staging: str, sys_id: str, version: str = "") -> Response:
    """GET what became of a row, by the id of the row in the staging table."""
    _Call(instance, request, staging, version)
    row = instance.store.get("_import", sys_id)
    if row is None or row["staging"] != staging:
        raise refusals.not_found()
    return result(200, json.loads(row["result"]))


def _many(request: Incoming) -> list[dict[str, str]]:
    check_size(request)
    try:
        body = json.loads(request.get_data() or b"{}")
    except ValueError as error:
        raise refusals.unreadable(str(error)) from error
    rows = body.get("records") if isinstance(body, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise refusals.unreadable("records is not a list of objects")
    return [{name: as_text(value) for name, value in row.items()} for row in rows]


class _Call:
    """One call by an authenticated user, into one staging table."""

    def __init__(self, instance: Instance, request: Incoming, staging: str, version: str) -> None:
        self.instance, self.request, self.staging = instance, request, staging
        self.user = authenticate(instance, request)
        if staging not in MAPS:
            raise refusals.invalid_table(staging)
        self.map, target = MAPS[staging]
        self.target = tables()[target]
        if not Rights(self.user, instance.switches).may("create", target):
            raise refusals.table_denied()
        self.root = f"{request.host_url}api/now/{version + '/' if version else ''}table"

    def next_set(self) -> str:
        """The number of a new import set."""
        with self.instance.store.transaction():
            counter = self.instance.store.get("_counter", "sys_import_set")
            number = int(counter["next"]) if counter else 10001
            self.instance.store.delete("_counter", sys_id="sys_import_set")
            self.instance.store.insert("_counter", {"sys_id": "sys_import_set", "next": str(number + 1)})
        return f"ISET{number:07d}"

    def transformed(self, import_set: str, given: dict[str, str]) -> dict[str, Any]:
        """Carry one row over and keep the outcome."""
        # The id of the row in the staging table; a `sys_id` that came with it does not reach the target.
        row_id = uuid.uuid4().hex
        fields = {name.removeprefix("u_"): value for name, value in given.items() if name != "sys_id"}
        try:
            outcome = self._carried_over(fields)
        except Refusal as refusal:
            outcome = {
                "transform_map": self.map,
                "table": self.target.name,
                "status": "error",
                "error_message": f"{refusal.message}: {refusal.detail}",
            }
        kept = {"sys_id": row_id, "staging": self.staging, "result": json.dumps([outcome])}
        self.instance.store.insert("_import", kept)
        return {"import_set": import_set, "staging_table": self.staging, "result": [outcome]}

    def _carried_over(self, fields: dict[str, str]) -> dict[str, Any]:
        store, at = self.instance.store, self.request.received_at
        known = store.find(self.target.name, **{COALESCE: fields[COALESCE]}) if fields.get(COALESCE) else []
        if not known:
            row = records.create(self.instance, self.target, fields, self.user, at)
            return self._outcome(row, "inserted")
        row = records.change(self.instance, self.target, known[0]["sys_id"], fields, self.user, at)
        if row["sys_mod_count"] == known[0]["sys_mod_count"]:
            return self._outcome(row, "ignored", "No field values changed")
        return self._outcome(row, "updated")

    def _outcome(self, row: Row, status: str, message: str = "") -> dict[str, Any]:
        outcome = {
            "transform_map": self.map,
            "table": self.target.name,
            "display_name": "number",
            "display_value": row["number"],
            "record_link": f"{self.root}/{self.target.name}/{row['sys_id']}",
            "status": status,
            "sys_id": row["sys_id"],
        }
        return {**outcome, "status_message": message} if message else outcome
