import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.utils.functional import cached_property

if TYPE_CHECKING:
    from tickets.models.querysets import TicketQuerySet
    from tickets.pages.list_tickets import ListTicket

    Tickets = Paginator[ListTicket]
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
    tickets: "TicketQuerySet",
    number: str | None,
    read: "Callable[[Sequence[UUID]], list[ListTicket]]",
    *,
    is_searched: bool,
) -> "Page[ListTicket]":
    """Return one page of a list that may be long: the database sorts bare keys of `tickets`, and `read` is asked for
    those of this page only.
    """
    page = (_Searched if is_searched else Tickets)(tickets, SIZE).get_page(number)
    count, start = page.paginator.count, (page.number - 1) * SIZE
    page.object_list = read(tickets.page(start, min(start + SIZE, count), count)) if count else []
    return page
