"""Rows of the list of tickets, put into words before the template: its loop looks nothing up."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TypedDict
from uuid import UUID

from django.utils.safestring import SafeString
from django.utils.translation import get_language

from scorecard.pages.cell_words import NOTHING, day, day_of
from tickets.models import Ticket
from tickets.models.choices import Kind, Priority, PriorityLevel
from tickets.models.outcome_notice import OUTCOME_NOTICES
from tickets.models.state_labels import ENGLISH
from tickets.pages.condition_words import ConditionWords
from tickets.pages.ticket_addresses import TicketAddresses

# What a row is made of.
COLUMNS = (
    "instance", "kind", "name", "number", "is_open", "delivery", "state", "normalized_state", "missing_since",
    "twin_since", "current_priority", "current_due_on", "created_at", "assignee", "assignment_group",
)  # fmt: skip


class TicketRow(TypedDict):
    """One ticket, all in words. `address` is that of its page."""

    pk: UUID
    address: str
    name: str
    number: str
    state: str
    tone: str
    has_several_records: bool
    is_frozen: bool
    outcome: str
    outcome_tone: str
    level: str
    priority: str
    due_on: SafeString | str
    is_overdue: bool
    assignee: str
    group: str
    kind: str
    created: SafeString


def list_rows(
    tickets: Sequence[Ticket], outcomes: Mapping[UUID, str], today: date, in_list: str = ""
) -> list[TicketRow]:
    """Put tickets into words, in the language of now. They have `is_frozen`; `outcomes` says what came of them.
    `in_list` ends the address of each: the list that one comes from.
    """
    write = _Writer(tickets, today, in_list, get_language() or ENGLISH)
    return [write.row(ticket, outcomes.get(ticket.pk, "")) for ticket in tickets]


class _Writer:
    """Looks every word up once for all rows."""

    def __init__(self, tickets: Sequence[Ticket], today: date, in_list: str, language: str) -> None:
        self.today, self.language, self.in_list = today, language, in_list
        self.conditions = ConditionWords({(ticket.instance_id, ticket.state) for ticket in tickets}, language)
        self.addresses = TicketAddresses()
        self.kinds = {kind.value: str(kind.label) for kind in Kind}
        self.priorities = {priority.value: str(priority.label) for priority in Priority}
        self.levels = {priority.value: PriorityLevel.of(priority).value for priority in Priority}

    def row(self, ticket: Ticket, outcome_name: str) -> TicketRow:
        condition, outcome = ticket.condition, OUTCOME_NOTICES.get(outcome_name)
        due_on = ticket.current_due_on
        return {
            "pk": ticket.pk,
            "address": self.addresses.of(ticket.pk) + self.in_list,
            "name": ticket.name,
            "number": ticket.number,
            "state": self.conditions.of(ticket.instance_id, condition),
            "tone": condition.tone,
            "has_several_records": ticket.twin_since is not None,
            "is_frozen": getattr(ticket, "is_frozen", False),
            "outcome": str(outcome.label) if outcome else "",
            "outcome_tone": outcome.tone if outcome else "",
            "level": self.levels[ticket.current_priority],
            "priority": self.priorities[ticket.current_priority],
            "due_on": day(due_on, self.language) if due_on else NOTHING,
            "is_overdue": ticket.is_overdue(self.today),
            "assignee": ticket.assignee or NOTHING,
            "group": ticket.assignment_group or NOTHING,
            "kind": self.kinds[ticket.kind],
            "created": day_of(ticket.created_at, self.language),
        }
