import sys
from typing import TYPE_CHECKING

from django.core.paginator import Page, Paginator
from django.utils.functional import cached_property

if TYPE_CHECKING:
    from tickets.models import Ticket
    from tickets.models.querysets import TicketQuerySet

    Tickets = Paginator[Ticket]
else:
    Tickets = Paginator

SIZE = 50


class _Searched(Tickets):
    """Counts tickets in the order of the index that holds what is searched: SQLite would read whole rows instead."""

    object_list: "TicketQuerySet"

    @cached_property
    def count(self) -> int:
        """How many there are."""
        return self.object_list.order_by("-created_at", "-id")[: sys.maxsize].count()


def page_of(
    tickets: "TicketQuerySet", rows: "TicketQuerySet", number: str | None, *, is_searched: bool
) -> "Page[Ticket]":
    """Return one page of a list that may be long: the database sorts bare keys of `tickets`, and `rows` are read of
    this page only.
    """
    page = (_Searched if is_searched else Tickets)(tickets, SIZE).get_page(number)
    count, start = page.paginator.count, (page.number - 1) * SIZE
    keys = tickets.page(start, min(start + SIZE, count), count) if count else []
    found = rows.in_bulk(keys)
    page.object_list = [found[key] for key in keys if key in found]
    return page
