"""The Change Management API: `/api/sn_chg_rest[/v1]/change...`.

Source: ServiceNow documentation, "Change Management API"; error texts from recordings of live instances. What conflicts
and free slots look like is assumed: the sandbox has no schedules.
"""

from werkzeug import Response

from sandbox.servicenow import approvals, records
from sandbox.servicenow.answers import result
from sandbox.servicenow.change_call import CHANGES, TASKS, TEMPLATES, ChangeCall
from sandbox.servicenow.change_moves import STATES, moves
from sandbox.servicenow.dictionary import tables
from sandbox.servicenow.incoming import Incoming
from sandbox.servicenow.inputs import read_fields
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.refusals import Refusal
from sandbox.servicenow.rest import rest
from sandbox.servicenow.store import Row

API = "Change Management API"


@rest(API)
def changes(instance: Instance, request: Incoming, type: str = "") -> Response:  # noqa: A002 - named in the address
    """GET lists changes (of a type); POST makes one. The answer to POST is 200."""
    call = ChangeCall(instance, request, CHANGES)
    if request.intended_method == "POST" and type != "standard":
        return call.create(type)
    return call.listed({"type": type} if type else {})


@rest(API)
def change(instance: Instance, request: Incoming, sys_id: str, type: str = "") -> Response:  # noqa: A002
    """GET, PATCH or DELETE one change; POST below `standard/` makes one from a template."""
    call = ChangeCall(instance, request, CHANGES)
    if request.intended_method == "POST" and type == "standard":
        return call.create_from_template(sys_id)
    return call.one(sys_id, {"type": type} if type else {})


@rest(API)
def change_tasks(instance: Instance, request: Incoming, sys_id: str) -> Response:
    """GET lists the tasks of a change; POST adds one."""
    parent = ChangeCall(instance, request, CHANGES).find(sys_id)
    call = ChangeCall(instance, request, TASKS)
    if request.intended_method == "POST":
        return call.create_task(parent)
    return call.listed({"change_request": sys_id})


@rest(API)
def change_task(instance: Instance, request: Incoming, sys_id: str, task_id: str) -> Response:
    """GET, PATCH or DELETE one task of a change."""
    ChangeCall(instance, request, CHANGES).find(sys_id)
    return ChangeCall(instance, request, TASKS).one(task_id, {"change_request": sys_id})


@rest(API)
def next_states(instance: Instance, request: Incoming, sys_id: str) -> Response:
    """GET: where a change may go from where it is, and what stands in the way."""
    call = ChangeCall(instance, request, CHANGES, "GET")
    row = call.find(sys_id)
    found = moves(row)
    labels = call.view.show.choices(CHANGES.name, "state")
    body = {
        "available_states": [row["state"], *(m["to_state"] for m in found if m["transition_available"])],
        "state_transitions": [[move] for move in found],
        "state_label": {value: labels.get(value, value) for value in STATES.values()},
    }
    return result(200, body)


@rest(API)
def decide(instance: Instance, request: Incoming, sys_id: str) -> Response:
    """PATCH `{"state": "approved" | "rejected"}`: answers the approval that waits for the caller."""
    call = ChangeCall(instance, request, CHANGES, "PATCH")
    call.find(sys_id)
    given = read_fields(request)
    waiting = [
        row
        for row in approvals.of_change(instance.store, sys_id)
        if row["state"] == "requested" and row["approver"] == call.user["sys_id"]
    ]
    if not waiting or given.get("state") not in ("approved", "rejected"):
        raise Refusal(400, "Change Request approval could not be processed.", "")
    table = tables()[approvals.TABLE]
    fields = {"state": given["state"], "comments": given.get("comments", "")}
    for row in waiting:
        records.change(instance, table, row["sys_id"], fields, call.user, request.received_at)
    return result(200, call.view.of(call.find(sys_id)))


@rest(API)
def conflict(instance: Instance, request: Incoming, sys_id: str) -> Response:
    """POST looks for conflicts, of which the sandbox finds none; GET tells when that was."""
    call = ChangeCall(instance, request, CHANGES)
    row = call.find(sys_id)
    _check_item(row)
    if request.intended_method == "POST":
        fields = {"conflict_status": "No Conflict", "conflict_last_run": row["sys_updated_on"]}
        row = records.change(instance, CHANGES, sys_id, fields, call.user, request.received_at)
    status = call.view.of(row, "conflict_status,conflict_last_run")
    return result(
        200, {"status": status["conflict_status"], "last_run": status["conflict_last_run"], "conflicts": []}
    )


@rest(API)
def first_available(instance: Instance, request: Incoming, sys_id: str) -> Response:
    """GET: the first slot in which a change may be made; the sandbox has no schedules, so every time is free."""
    call = ChangeCall(instance, request, CHANGES, "GET")
    row = call.find(sys_id)
    _check_item(row)
    shown = call.view.of({**row, "start_date": row["sys_updated_on"], "end_date": row["sys_updated_on"]})
    return result(
        200,
        {"spans": [{"start": shown["start_date"], "end": shown["end_date"]}], "status": {"complete": True}},
    )


@rest(API)
def models(instance: Instance, request: Incoming, sys_id: str = "") -> Response:
    """GET the change models, or one."""
    table = tables()["chg_model"]
    call = ChangeCall(instance, request, table, "GET")
    if not sys_id:
        return call.listed({})
    row = instance.store.get(table.name, sys_id)
    if row is None:
        raise Refusal(404, "Change Model not found", "")
    return result(200, call.view.of(row))


@rest(API)
def templates(instance: Instance, request: Incoming, sys_id: str = "") -> Response:
    """GET the published templates of standard changes, or one."""
    ChangeCall(instance, request, CHANGES, "GET")
    shown = [
        {"sys_id": _pair(key), "name": _pair(template["short_description"]), "active": _pair("true")}
        for key, template in TEMPLATES.items()
        if sys_id in ("", key)
    ]
    if sys_id and not shown:
        raise Refusal(404, "Standard Change Template not found", "")
    return result(200, shown[0] if sys_id else shown)


def _pair(value: str) -> dict[str, str]:
    return {"display_value": value, "value": value}


def _check_item(row: Row) -> None:
    if not row["cmdb_ci"]:
        raise Refusal(400, "cmdb_ci not found", "")
