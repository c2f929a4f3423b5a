"""What a record of ServiceNow means, by the few of its fields that decide that; first match wins. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from tickets.models.choices import Kind, Meaning
from tickets.models.ticket_type import TYPES


@dataclass(frozen=True)
class RecordState:
    """The fields of a record that decide what it means; values as ServiceNow writes them."""

    state: str
    active: bool
    on_hold: bool = False
    close_code: str = ""


def meaning_of(
    kind: Kind, now: RecordState, *, previous_state: str = "", named: Mapping[str, Meaning] | None = None
) -> Meaning:
    """Say what a record means.

    `previous_state` is the state value seen last; `named` holds the meanings that this instance's administrators gave.
    A held change is a boolean, not a state; a rejected one goes back to New (ServiceNow, "Change request approvals").
    """
    entry = TYPES[kind]
    if entry.is_held_by_flag and now.on_hold:
        return Meaning.ON_HOLD
    meaning = (named or {}).get(now.state) or entry.meaning_of(now.state)
    if meaning is None:
        return Meaning.IN_PROGRESS if now.active else Meaning.CLOSED
    if meaning == Meaning.CLOSED and now.close_code == "unsuccessful":
        return Meaning.CLOSED_UNSUCCESSFULLY
    if meaning == Meaning.NEW and previous_state in entry.approval_states:
        return Meaning.SENT_BACK
    return meaning
