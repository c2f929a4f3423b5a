"""The tickets of one page of the list: the columns that a row is made of."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from tickets.models.outcomes_of import OfTickets


class ListTicket(NamedTuple):
    """Columns of a ticket. `outcome` is what came of it; `is_frozen`: nobody follows it any more."""

    id: UUID
    instance: int
    kind: str
    name: str
    number: str
    is_open: bool
    delivery: str
    state: str
    normalized_state: str
    missing_since: datetime | None
    twin_since: datetime | None
    current_priority: int
    current_due_on: date | None
    created_at: datetime
    assignee: str | None
    assignment_group: str | None
    is_frozen: bool
    outcome: str


_TICKETS = OfTickets(*ListTicket._fields)


def tickets_of(keys: Sequence[UUID], judged_until: datetime | None) -> list[ListTicket]:
    """Read the tickets of one page, in the order of their keys; one that is gone is left out."""
    found = {ticket.id: ticket for ticket in map(ListTicket._make, _TICKETS.rows(keys, judged_until))}
    return [found[key] for key in keys if key in found]
