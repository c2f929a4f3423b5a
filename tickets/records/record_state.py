"""What a record of ServiceNow means, by the few of its fields that decide that; first match wins. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from tickets.models.choices import Kind, NormalizedState
from tickets.models.ticket_type import TYPES


@dataclass(frozen=True)
class RecordState:
    """The fields of a record that decide what it means; values as ServiceNow writes them."""

    state: str
    active: bool
    on_hold: bool = False
    close_code: str = ""


def normalized_state_of(
    kind: Kind,
    now: RecordState,
    *,
    previous_state: str = "",
    named: Mapping[str, NormalizedState] | None = None,
) -> NormalizedState:
    """Say what a record means.

    `previous_state` is the state value seen last; `named` holds the meanings that this instance's administrators gave.
    A held change is a boolean, not a state; a rejected one goes back to New (ServiceNow, "Change request approvals").
    """
    entry = TYPES[kind]
    if entry.is_held_by_flag and now.on_hold:
        return NormalizedState.ON_HOLD
    normalized_state = (named or {}).get(now.state) or entry.normalized_state_of(now.state)
    if normalized_state is None:
        return NormalizedState.IN_PROGRESS if now.active else NormalizedState.CLOSED
    if normalized_state == NormalizedState.CLOSED and now.close_code == "unsuccessful":
        return NormalizedState.CLOSED_UNSUCCESSFULLY
    if normalized_state == NormalizedState.NEW and previous_state in entry.approval_states:
        return NormalizedState.SENT_BACK
    return normalized_state
