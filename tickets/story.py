"""What happened to a ticket, told for people."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tickets.models import TicketEvent
from tickets.states import DEFAULT_LABELS, Kind, Priority

# What is worth telling of a change; of the rest, references say only that they changed.
_NAMES: dict[str, str | Promise] = {
    "state": _("Status"),
    "priority": _("Priority"),
    "assigned_to": _("Assigned to"),
    "assignment_group": _("Assignment group"),
    "approval": _("Approval"),
    "on_hold": _("On hold"),
    "on_hold_reason": _("Reason for holding"),
    "hold_reason": _("Reason for holding"),
    "requested_by_date": _("Due date"),
    "due_date": _("Due date"),
    "start_date": _("Planned start"),
    "end_date": _("Planned end"),
    "close_code": pgettext_lazy("ticket", "Close code"),
    "close_notes": _("Close notes"),
    "short_description": pgettext_lazy("ticket", "Task name"),
    "reopen_count": _("Times reopened"),
}
_REFERENCES = frozenset({"assigned_to", "assignment_group"})


@dataclass(frozen=True)
class Change:
    """One field's change; `before` and `after` are empty where only the fact can be told."""

    field: str | Promise
    before: str
    after: str


@dataclass(frozen=True)
class Told:
    """An event with the changes that it brought."""

    event: TicketEvent
    changes: list[Change]


def told(events: Iterable[TicketEvent], kind: Kind) -> list[Told]:
    """Return the events of a ticket of this kind with their changes in words."""
    return [Told(event, list(_changes(event, kind))) for event in events]


def _changes(event: TicketEvent, kind: Kind) -> Iterator[Change]:
    if event.what != TicketEvent.What.CHANGED:
        return
    for field, (before, after) in event.detail.items():
        if field in _REFERENCES:
            yield Change(_NAMES[field], "", "")
        elif field in _NAMES:
            yield Change(_NAMES[field], _word(field, before, kind), _word(field, after, kind))


def _word(field: str, value: str, kind: Kind) -> str:
    if field == "state":
        return str(DEFAULT_LABELS[kind].get(value, value))
    if field == "priority" and value.isdigit() and int(value) in Priority.values:
        return str(Priority(int(value)).label)
    return value
