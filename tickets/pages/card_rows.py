"""Tickets as the rows of a card. All words of a row are found here: a template in a loop is slow."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from django.template.loader import render_to_string
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from tickets.models.choices import Priority, PriorityLevel
from tickets.models.record_condition import Condition
from tickets.models.state_labels import ENGLISH
from tickets.pages.condition_words import Name
from tickets.pages.ticket_addresses import TicketAddresses

# As many tables as there are cards and languages, for some changes of the day.
_KEPT = 64


class CardTicket(NamedTuple):
    """The columns of a ticket that a row is made of. `is_frozen`: nobody follows it any more."""

    id: UUID
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
    is_frozen: bool = False

    def is_overdue(self, today: date) -> bool:
        """Whether it is still open after its due day."""
        return self.is_open and self.current_due_on is not None and self.current_due_on < today


# What a query is to select; `is_frozen` is added where there may be some.
COLUMNS = CardTicket._fields[:-1]


@dataclass(frozen=True, slots=True)
class CardRow:
    """One ticket. `day` is its due date as people read it; empty where it has none."""

    pk: UUID
    url: str
    name: str
    number: str
    level: PriorityLevel
    priority: str
    state: str
    tone: str
    has_several_records: bool
    is_frozen: bool
    due_on: date | None
    day: str
    is_overdue: bool


def card_rows(tickets: Iterable[CardTicket], names: Sequence[Name], today: date) -> list[CardRow]:
    """Return the rows of these tickets, in the language of now. `names` are what their instance calls its states."""
    addresses = TicketAddresses()
    return [_row(ticket, names, today, addresses.of(ticket.id)) for ticket in tickets]


def _row(ticket: CardTicket, names: Sequence[Name], today: date, url: str) -> CardRow:
    due_on, priority = ticket.current_due_on, Priority(ticket.current_priority)
    is_missing = ticket.missing_since is not None
    condition = Condition(ticket.kind, ticket.delivery, ticket.state, ticket.normalized_state, is_missing)
    return CardRow(
        pk=ticket.id,
        url=url,
        name=ticket.name,
        number=ticket.number,
        level=PriorityLevel.of(priority),
        priority=str(priority.label),
        state=condition.words(names, get_language() or ENGLISH),
        tone=condition.tone,
        has_several_records=ticket.twin_since is not None,
        is_frozen=ticket.is_frozen,
        due_on=due_on,
        day=date_format(due_on, "SHORT_DATE_FORMAT") if due_on else "",
        is_overdue=ticket.is_overdue(today),
    )


def table(tickets: tuple[CardTicket, ...], names: tuple[Name, ...], today: date) -> SafeString:
    """Draw a table of tickets, which home pages ask for every few seconds."""
    return _drawn(tickets, names, today, get_language())


# These are all that is shown, so that a table that was kept is never an old one.
@lru_cache(maxsize=_KEPT)
def _drawn(
    tickets: tuple[CardTicket, ...], names: tuple[Name, ...], today: date, language: str | None
) -> SafeString:
    return render_to_string("tickets/_rows.html", {"rows": card_rows(tickets, names, today)})
