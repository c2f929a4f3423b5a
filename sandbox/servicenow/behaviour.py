"""What the instance itself does to incidents and changes: derived fields, legal moves, mandatory fields. No I/O.

Sources: ServiceNow documentation, "Incident states", "Priority data lookup rules", "State model and transitions" of
Change Management; checked against recordings of live instances.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sandbox.servicenow import refusals
from sandbox.servicenow.clock import moment_of
from sandbox.servicenow.formats import stored_duration
from sandbox.servicenow.store import Row
from sandbox.servicenow.switches import Switches

# (impact, urgency) -> priority of an incident; what is written to priority itself is overwritten.
PRIORITIES = {
    ("1", "1"): "1", ("1", "2"): "2", ("1", "3"): "3",
    ("2", "1"): "2", ("2", "2"): "3", ("2", "3"): "4",
    ("3", "1"): "3", ("3", "2"): "4", ("3", "3"): "5",
}  # fmt: skip

NEW, ASSESS, AUTHORIZE, SCHEDULED, IMPLEMENT = "-5", "-4", "-3", "-2", "-1"
REVIEW, CLOSED, CANCELED = "0", "3", "4"
_PATHS = {
    "normal": (NEW, ASSESS, AUTHORIZE, SCHEDULED, IMPLEMENT, REVIEW, CLOSED),
    "standard": (NEW, SCHEDULED, IMPLEMENT, REVIEW, CLOSED),
    "emergency": (NEW, AUTHORIZE, SCHEDULED, IMPLEMENT, REVIEW, CLOSED),
}
STATE_RULE = ("Change Model: Check State Transition", "2bc2b41f5323001033ae7c9f7f2ab1c5")
HOLD_RULE = "Prevent state change if On Hold"
APPROVALS = {NEW: "not requested", ASSESS: "requested", AUTHORIZE: "requested", SCHEDULED: "approved"}


@dataclass(frozen=True)
class Write:
    """A write in progress: the row before (none when it is new), who writes, when, and what they gave."""

    old: Row | None
    given: Mapping[str, str]
    user: Row
    at: str
    switches: Switches

    def moves(self, row: Row, field: str = "state") -> bool:
        """Whether this write gives the field another value than it had."""
        return self.old is not None and self.old[field] != row[field]

    def enters(self, row: Row, *states: str) -> bool:
        """Whether this write brings the record into one of the states."""
        return row["state"] in states and (self.old is None or self.moves(row))


def next_states(change: Row) -> tuple[str, ...]:
    """The states that a change may move to from where it is."""
    if change["on_hold"] == "true":
        return (CANCELED,)
    path = _PATHS.get(change["type"], _PATHS["normal"])
    state = change["state"]
    forward = path[path.index(state) + 1 : path.index(state) + 2] if state in path else ()
    back = (NEW,) if state in (ASSESS, AUTHORIZE) else ()
    cancel = () if state in (CLOSED, CANCELED) else (CANCELED,)
    return (*forward, *back, *cancel)


def settle_incident(row: Row, write: Write) -> None:
    """Fill what follows from the rest of an incident."""
    _mirror_incident_state(row, write)
    row["priority"] = PRIORITIES.get((row["impact"], row["urgency"]), "5")
    old = write.old
    answered = write.given.get("comments") and row["caller_id"] == write.user["sys_id"]
    if old and answered and old["state"] == row["state"] == "3":
        row["state"] = row["incident_state"] = "2"
    if write.enters(row, "6"):
        row |= {"resolved_at": write.at, "resolved_by": write.user["sys_id"], **_time_taken(row, write.at)}
    if write.enters(row, "7", "8"):
        row |= {"closed_at": write.at, "closed_by": write.user["sys_id"]}
    if old and old["state"] in ("6", "7") and row["state"] in ("1", "2", "3"):
        row |= dict.fromkeys(("resolved_at", "resolved_by", "close_code", "close_notes", "closed_by"), "")
        row |= {"reopen_count": str(int(old["reopen_count"] or 0) + 1), "reopened_time": write.at}
        row["reopened_by"] = write.user["sys_id"]
    if row["state"] != "3":
        row["hold_reason"] = ""
    if old and any(old[name] and write.moves(row, name) for name in ("assignment_group", "assigned_to")):
        row["reassignment_count"] = str(int(old["reassignment_count"] or 0) + 1)
    row["active"] = "false" if row["state"] in ("7", "8") else "true"


def _time_taken(row: Row, until: str) -> Row:
    """From opening to resolution, on the calendar and, the sandbox having no schedules, in business time alike."""
    opened, resolved = moment_of(row["opened_at"]), moment_of(until)
    if opened is None or resolved is None:
        return {}
    seconds = max(int((resolved - opened).total_seconds()), 0)
    durations = dict.fromkeys(("calendar_duration", "business_duration"), stored_duration(seconds))
    return {**durations, **dict.fromkeys(("calendar_stc", "business_stc"), str(seconds))}


def _mirror_incident_state(row: Row, write: Write) -> None:
    before = write.old or {"state": "1", "incident_state": "1"}
    if row["incident_state"] != before["incident_state"] and row["state"] == before["state"]:
        row["state"] = row["incident_state"]
    row["incident_state"] = row["state"]


def check_incident(row: Row, write: Write, close_codes: frozenset[str]) -> None:
    """Raise the data policy's refusal where a resolved or closed incident lacks code or notes."""
    if not write.enters(row, "6", "7"):
        return
    missing = _missing(row, close_codes, "Resolution code", "Close notes")
    if missing:
        raise refusals.mandatory(*missing)


def settle_change(row: Row, write: Write) -> None:
    """Fill what follows from the rest of a change."""
    if write.old is None and write.switches.change_models and "chg_model" not in write.given:
        row["type"] = "normal"
    if row["on_hold"] != "true":
        row["on_hold_reason"] = ""
    if write.enters(row, CLOSED, CANCELED):
        row |= {"closed_at": write.at, "closed_by": write.user["sys_id"]}
    if write.moves(row) and row["state"] in APPROVALS and "approval" not in write.given:
        row["approval"] = APPROVALS[row["state"]]
    row["active"] = "false" if row["state"] in (CLOSED, CANCELED) else "true"


def check_change(row: Row, write: Write, close_codes: frozenset[str]) -> None:
    """Raise the refusal of an illegal move, or of a closure without code or notes. New records may start anywhere."""
    old = write.old
    if old and write.moves(row) and write.switches.legal_transitions_only:
        if old["on_hold"] == "true" and row["on_hold"] == "true" and row["state"] != CANCELED:
            raise refusals.aborted("change_request", HOLD_RULE)
        ungrouped = write.switches.assignment_group_required and not row["assignment_group"]
        if row["state"] not in next_states({**old, "on_hold": "false"}) or (
            row["state"] == ASSESS and ungrouped
        ):
            raise refusals.aborted("change_request", *STATE_RULE)
    missing = _missing(row, close_codes, "Close code", "Close notes") if write.enters(row, CLOSED) else ()
    if missing:
        raise refusals.mandatory(*missing)


def _missing(row: Row, close_codes: frozenset[str], code_label: str, notes_label: str) -> tuple[str, ...]:
    # A code that is not in the list counts as empty.
    code = () if row["close_code"] in close_codes else (code_label,)
    notes = () if row["close_notes"] else (notes_label,)
    return (*code, *notes)


Settle = Callable[[Row, Write], None]
Check = Callable[[Row, Write, frozenset[str]], None]
RULES: dict[str, tuple[Settle, Check]] = {
    "incident": (settle_incident, check_incident),
    "change_request": (settle_change, check_change),
}
