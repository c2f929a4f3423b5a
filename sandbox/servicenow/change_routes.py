"""The addresses of the Change Management API."""

from sandbox.servicenow import change_api as api
from sandbox.servicenow.change_call import TYPES
from sandbox.servicenow.rest import Handler

_TYPES = f"<any({', '.join(TYPES)}):type>"
_PATHS: tuple[tuple[Handler, tuple[str, ...]], ...] = (
    (api.changes, ("", f"/{_TYPES}")),
    (api.change, ("/<sys_id>", f"/{_TYPES}/<sys_id>")),
    (api.templates, ("/standard/template", "/standard/template/<sys_id>")),
    (api.models, ("/model", "/model/<sys_id>")),
    (api.next_states, ("/<sys_id>/nextstates",)),
    (api.decide, ("/<sys_id>/approvals",)),
    (api.conflict, ("/<sys_id>/conflict",)),
    (api.first_available, ("/<sys_id>/schedule/first_available",)),
    (api.change_tasks, ("/<sys_id>/task",)),
    (api.change_task, ("/<sys_id>/task/<task_id>",)),
)
CHANGE_ROUTES = tuple(
    (
        "change",
        handler,
        tuple(f"/api/sn_chg_rest{version}/change{path}" for version in ("", "/v1") for path in paths),
    )
    for handler, paths in _PATHS
)
