"""Which moves of a change the Change Management API offers, and how it refuses the others.

Source: ServiceNow documentation, "Change Management API", `nextstates`; the refusal from a recording of a live
instance, which puts the transition into `detail` as text.
"""

import json
from collections.abc import Mapping
from typing import Any

from sandbox.servicenow.behaviour import ASSESS, NEW, next_states
from sandbox.servicenow.refusals import Refusal
from sandbox.servicenow.store import Row

STATES = {
    "new": "-5", "assess": "-4", "authorize": "-3", "scheduled": "-2", "implement": "-1", "review": "0", "closed": "3",
    "canceled": "4",
}  # fmt: skip
_NAMES = {value: name for name, value in STATES.items()}
GROUP_CONDITION = "Assignment group is not empty"


def moves(row: Row) -> list[dict[str, Any]]:
    """The transitions out of the state of a change."""
    return [_move(row, target) for target in next_states(row)]


def check_move(row: Row, given: Mapping[str, str]) -> None:
    """Raise the API's refusal where a write asks for a state that cannot be reached."""
    target = given.get("state", row["state"])
    if target == row["state"]:
        return
    after = {**row, **given, "state": row["state"]}
    move = _move(after, target)
    if target not in next_states(after):
        move["transition_available"] = False
    if not move["transition_available"]:
        name = _NAMES.get(target, target)
        detail = json.dumps([move], separators=(",", ":"))
        raise Refusal(400, f"Change Request cannot move to state: {name}", detail)


def _move(row: Row, target: str) -> dict[str, Any]:
    conditions = []
    if (row["state"], target) == (NEW, ASSESS):
        condition = {"name": GROUP_CONDITION, "description": ""}
        conditions.append({"passed": bool(row["assignment_group"]), "condition": condition})
    return {
        "display_value": f"{_NAMES.get(row['state'], row['state'])} to {_NAMES.get(target, target)}".title(),
        "from_state": row["state"],
        "to_state": target,
        "transition_available": all(condition["passed"] for condition in conditions),
        "automatic_transition": False,
        "conditions": conditions,
    }
