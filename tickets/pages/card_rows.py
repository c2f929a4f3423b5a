"""Tickets as the rows of a card. All words of a row are found here: a template in a loop is slow."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from uuid import UUID

from django.template.loader import render_to_string
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from tickets.models import Ticket
from tickets.models.choices import PriorityLevel

# As many tables as there are cards and languages, for some changes of the day.
_KEPT = 64
# What a row is made of.
COLUMNS = (
    "kind", "name", "number", "is_open", "delivery", "state", "normalized_state", "missing_since", "twin_since",
    "current_priority", "current_due_on", "created_at",
)  # fmt: skip


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


def card_rows(tickets: Iterable[Ticket], today: date) -> list[CardRow]:
    """Return the rows of these tickets, whose instances know the names of their states."""
    return [_row(ticket, today) for ticket in tickets]


def _row(ticket: Ticket, today: date) -> CardRow:
    due_on = ticket.current_due_on
    return CardRow(
        pk=ticket.pk,
        url=ticket.get_absolute_url(),
        name=ticket.name,
        number=ticket.number,
        level=ticket.priority_level,
        priority=ticket.current_priority_label,
        state=ticket.state_words,
        tone=ticket.state_tone,
        has_several_records=ticket.twin_since is not None,
        is_frozen=getattr(ticket, "is_frozen", False),
        due_on=due_on,
        day=date_format(due_on, "SHORT_DATE_FORMAT") if due_on else "",
        is_overdue=ticket.is_overdue(today),
    )


def table(rows: Iterable[CardRow]) -> SafeString:
    """Draw a table of rows, which home pages ask for every few seconds."""
    return _drawn(tuple(rows), get_language())


# A row holds all that is shown of it, in words, so that a table that was kept is never an old one.
@lru_cache(maxsize=_KEPT)
def _drawn(rows: tuple[CardRow, ...], language: str | None) -> SafeString:
    return render_to_string("tickets/_rows.html", {"rows": rows})
