"""What the types of tickets differ in: one entry each. Pure.

Tables, fields and states are those of ServiceNow's base system (ServiceNow product documentation, "Incident management
process" and "State model for change", tables `change_request` and `incident`). A third type is a member of `Kind`, an
entry here and its words.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tickets.models.choices import Kind, NormalizedState, Priority

Words = str | Promise


@dataclass(frozen=True)
class DefaultState:
    """What a stored value of `state` means, and what it is called, until an instance says otherwise."""

    normalized_state: NormalizedState
    label: Words


@dataclass(frozen=True)
class TypeWords:
    """What the pages say of one type."""

    card_title: Words
    show_card: Words
    comment_label: Words
    comment_help: Words


@dataclass(frozen=True)
class TicketType:
    """One table of ServiceNow that tickets are made in.

    `marker` is the first line of each description and the correlation display, by which lists filter. `due_field` and
    `requester_field` are the table's columns for the due date and for whoever wants it. `shown_fields` are read of its
    records besides those of every task. `prefix` is how its numbers begin.
    """

    kind: Kind
    prefix: str
    example_number: str
    marker: str
    due_field: str
    requester_field: str
    shown_fields: tuple[str, ...]
    priorities: tuple[Priority, ...]
    states: Mapping[str, DefaultState]
    words: TypeWords
    # An incident's priority is computed from impact and urgency by the look-up rules; writing it has no effect.
    priority_is_computed: bool = False
    # A change is held by a flag beside its state, an incident by a state.
    is_held_by_flag: bool = False
    # From these, New means that its approval was refused (ServiceNow, "Change request approvals").
    approval_states: frozenset[str] = frozenset()
    # Whether its records may be made from a standard change template.
    takes_template: bool = False

    @property
    def table(self) -> str:
        """The name of its table."""
        return self.kind.value

    def normalized_state_of(self, state: str) -> NormalizedState | None:
        """Return what a stored value of `state` means out of the box; None for one that an instance added."""
        known = self.states.get(state)
        return known.normalized_state if known else None

    @property
    def first_state(self) -> str:
        """The stored value of the state in which its records begin."""
        return next(
            value for value, state in self.states.items() if state.normalized_state == NormalizedState.NEW
        )


_CHANGE_REQUEST = TicketType(
    kind=Kind.CHANGE_REQUEST,
    prefix="CHG",
    example_number="CHG0030001",
    marker="Microsoft 365 Security and Configuration Change Request",
    # The change process does not use `due_date`: a change is to be implemented by `requested_by_date`.
    due_field="requested_by_date",
    requester_field="requested_by",
    shown_fields=("on_hold", "on_hold_reason", "requested_by_date", "start_date", "end_date", "type"),
    priorities=(Priority.CRITICAL, Priority.HIGH, Priority.MODERATE, Priority.LOW),
    states={
        "-5": DefaultState(NormalizedState.NEW, pgettext_lazy("ticket state", "New")),
        "-4": DefaultState(NormalizedState.IN_PROGRESS, pgettext_lazy("ticket state", "Assess")),
        "-3": DefaultState(NormalizedState.IN_PROGRESS, pgettext_lazy("ticket state", "Authorize")),
        "-2": DefaultState(NormalizedState.IN_PROGRESS, pgettext_lazy("ticket state", "Scheduled")),
        "-1": DefaultState(NormalizedState.IN_PROGRESS, pgettext_lazy("ticket state", "Implement")),
        "0": DefaultState(NormalizedState.IN_PROGRESS, pgettext_lazy("ticket state", "Review")),
        "3": DefaultState(NormalizedState.CLOSED, pgettext_lazy("ticket state", "Closed")),
        "4": DefaultState(NormalizedState.CANCELED, pgettext_lazy("ticket state", "Canceled")),
    },
    words=TypeWords(
        card_title=_("ServiceNow change management tickets"),
        show_card=_("Show the change management card again"),
        comment_label=_("As a comment that the requester sees"),
        comment_help=_("ServiceNow may send it by email."),
    ),
    is_held_by_flag=True,
    approval_states=frozenset({"-4", "-3"}),
    takes_template=True,
)
_INCIDENT = TicketType(
    kind=Kind.INCIDENT,
    prefix="INC",
    example_number="INC0010001",
    marker="Microsoft 365 Security and Configuration Incident",
    due_field="due_date",
    requester_field="caller_id",
    shown_fields=("hold_reason", "due_date", "resolved_at", "reopen_count"),
    priorities=tuple(Priority),
    states={
        "1": DefaultState(NormalizedState.NEW, pgettext_lazy("ticket state", "New")),
        "2": DefaultState(NormalizedState.IN_PROGRESS, pgettext_lazy("ticket state", "In Progress")),
        "3": DefaultState(NormalizedState.ON_HOLD, pgettext_lazy("ticket state", "On Hold")),
        "6": DefaultState(NormalizedState.RESOLVED, pgettext_lazy("ticket state", "Resolved")),
        "7": DefaultState(NormalizedState.CLOSED, pgettext_lazy("ticket state", "Closed")),
        "8": DefaultState(NormalizedState.CANCELED, pgettext_lazy("ticket state", "Canceled")),
    },
    words=TypeWords(
        card_title=_("ServiceNow incident management tickets"),
        show_card=_("Show the incident management card again"),
        comment_label=_("As a comment that the caller sees"),
        comment_help=_(
            "ServiceNow may send it by email, and takes an incident that is on hold back to work."
        ),
    ),
    priority_is_computed=True,
)
TYPES: dict[Kind, TicketType] = {entry.kind: entry for entry in (_CHANGE_REQUEST, _INCIDENT)}
# What the portal proposes first.
DEFAULT = Kind.CHANGE_REQUEST


def type_of(kind: str) -> TicketType:
    """Return the entry of one of `Kind`'s values. Raises ValueError for any other text."""
    return TYPES[Kind(kind)]
