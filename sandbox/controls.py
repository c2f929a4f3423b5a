"""`/_sandbox/...`: what tests and demonstrations do to the instance from outside. JSON in, JSON out.

Bodies must be sent as application/json, which no page of another site can do without asking first.
"""

from collections.abc import Callable
from typing import Any

from werkzeug import Response
from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.routing import Map, Rule

from sandbox.faults import BadFault
from sandbox.servicenow import accounts, companion, grants, records
from sandbox.servicenow.answers import json_answer
from sandbox.servicenow.clock import moment_of
from sandbox.servicenow.dictionary import Table, tables
from sandbox.servicenow.incoming import Incoming
from sandbox.servicenow.inputs import as_text
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.refusals import Refusal
from sandbox.servicenow.store import Row
from sandbox.servicenow.switches import PROFILES, BadSwitch

PREFIX = "/_sandbox/"


def handle(instance: Instance, request: Incoming) -> Response:
    """Answer one control; 400 or 404 with `{"error": ...}` where it makes no sense."""
    try:
        endpoint, arguments = _MAP.bind_to_environ(request.environ).match()
        return json_answer(200, CONTROLS[endpoint](instance, request, **arguments))
    except (BadFault, BadSwitch) as error:
        return json_answer(400, {"error": str(error)})
    except Refusal as refusal:
        return json_answer(refusal.status, {"error": f"{refusal.message}: {refusal.detail}"})
    except HTTPException as error:
        return json_answer(error.code or 500, {"error": error.description or error.name})


def ready(instance: Instance, request: Incoming) -> dict[str, Any]:
    """The instance answers."""
    return {"ready": True}


def list_requests(instance: Instance, request: Incoming) -> dict[str, Any]:
    """What was asked since the start or the last clearing."""
    return instance.log.as_json()


def clear_requests(instance: Instance, request: Incoming) -> dict[str, Any]:
    """Forget what was asked."""
    instance.log.clear()
    return {"cleared": True}


def list_faults(instance: Instance, request: Incoming) -> dict[str, Any]:
    """The faults still waiting for their calls."""
    return {"faults": instance.faults.as_json()}


def add_fault(instance: Instance, request: Incoming) -> dict[str, Any]:
    """Have coming calls go wrong."""
    return {"fault": instance.faults.add(_body(request)).as_json()}


def clear_faults(instance: Instance, request: Incoming) -> dict[str, Any]:
    """Let all calls go well again."""
    instance.faults.clear()
    return {"cleared": True}


def show_settings(instance: Instance, request: Incoming) -> dict[str, Any]:
    """Every switch and its value."""
    return instance.switches.as_json()


def change_settings(instance: Instance, request: Incoming) -> dict[str, Any]:
    """Change some switches; answers with all."""
    instance.set(_body(request))
    return instance.switches.as_json()


def list_records(instance: Instance, request: Incoming, table: str) -> dict[str, Any]:
    """Rows as stored; query parameters are equalities."""
    known = _table(table)
    if unknown := sorted(set(request.args) - set(known.fields)):
        raise BadRequest(f"{table} has no field {', '.join(unknown)}.")
    return {"records": instance.store.find(table, **request.args.to_dict())}


def save_record(instance: Instance, request: Incoming, table: str) -> dict[str, Any]:
    """Make a record, or change the one whose sys_id is given, as an administrator inside would.

    The instance's rules fill in what follows from the rest but refuse nothing, unless `?enforce=true`.
    `?as=<user name>` makes it somebody else's doing. `?at=<YYYY-MM-DD HH:MM:SS>` is when it happened, by the instance's
    clock: a transaction that becomes visible only now. `?stamped=false` leaves `sys_mod_count` and the other stamps as
    they are, or as they are given: a script that called `autoSysFields(false)`, or a backup that was restored.
    """
    known = _table(table)
    given = {name: as_text(value) for name, value in _body(request).items()}
    if unknown := sorted(set(given) - set(known.fields)):
        raise BadRequest(f"{table} has no field {', '.join(unknown)}.")
    user = _author(instance, request.args.get("as", "admin"))
    rules = {
        "enforce": request.args.get("enforce") == "true",
        "stamped": request.args.get("stamped") != "false",
    }
    at = moment_of(request.args.get("at", "")) or instance.now()
    sys_id = given.get("sys_id", "")
    if sys_id and instance.store.get(table, sys_id):
        return {"record": records.change(instance, known, sys_id, given, user, at, **rules)}
    return {"record": records.create(instance, known, given, user, at, **rules)}


def delete_record(instance: Instance, request: Incoming, table: str, sys_id: str) -> dict[str, Any]:
    """Delete a record as an administrator inside would."""
    return {"deleted": records.delete(instance, _table(table), sys_id)}


def expire_tokens(instance: Instance, request: Incoming) -> dict[str, Any]:
    """End the tokens of `?kind=access`, `refresh` or `all` (the default)."""
    kind = request.args.get("kind", "all")
    if kind not in ("access", "refresh", "all"):
        raise BadRequest("kind is access, refresh or all.")
    return {"expired": grants.expire(instance, kind)}


def set_companion(instance: Instance, request: Incoming) -> dict[str, Any]:
    """Install or remove the companion app: `{"installed": true}`."""
    (companion.install if _body(request).get("installed") else companion.remove)(instance)
    return {"installed": companion.is_installed(instance)}


def reset(instance: Instance, request: Incoming) -> dict[str, Any]:
    """Everything as at the first start, or as at the first start of another kind: `{"profile": "legacy"}`."""
    profile = _body(request).get("profile")
    if profile not in (None, *PROFILES):
        raise BadRequest(f"profile is one of {', '.join(sorted(PROFILES))}.")
    instance.reset(profile)
    return {"reset": True}


def _body(request: Incoming) -> dict[str, Any]:
    if not request.is_json:
        raise BadRequest("Send application/json.")
    body = request.get_json()
    if not isinstance(body, dict):
        raise BadRequest("Send a JSON object.")
    return body


def _table(name: str) -> Table:
    if name not in tables():
        raise BadRequest(f"No table {name}. There are: {', '.join(tables())}.")
    return tables()[name]


def _author(instance: Instance, user_name: str) -> Row:
    user = accounts.usable_user(instance, user_name)
    if user is None:
        raise BadRequest(f"No usable user {user_name}.")
    return user


Control = Callable[..., dict[str, Any]]
_RULES: tuple[tuple[str, str, Control], ...] = (
    ("GET", "ready", ready),
    ("GET", "requests", list_requests),
    ("DELETE", "requests", clear_requests),
    ("GET", "faults", list_faults),
    ("POST", "faults", add_fault),
    ("DELETE", "faults", clear_faults),
    ("GET", "settings", show_settings),
    ("POST", "settings", change_settings),
    ("GET", "records/<table>", list_records),
    ("POST", "records/<table>", save_record),
    ("DELETE", "records/<table>/<sys_id>", delete_record),
    ("DELETE", "tokens", expire_tokens),
    ("POST", "companion", set_companion),
    ("POST", "reset", reset),
)
CONTROLS = {control.__name__: control for _, _, control in _RULES}
_MAP = Map(
    [Rule(PREFIX + path, methods=[method], endpoint=control.__name__) for method, path, control in _RULES]
)
