from typing import TYPE_CHECKING

from django.core.paginator import Paginator

if TYPE_CHECKING:
    from django.core.paginator import Page

    from tickets.models import Ticket
    from tickets.models.querysets import TicketQuerySet

SIZE = 50


def page_of(tickets: "TicketQuerySet", number: str | None) -> "Page[Ticket]":
    """Return one page of a list that may be long: the database sorts bare keys, and whole rows of this page only."""
    page = Paginator(tickets, SIZE).get_page(number)
    keys = list(page.object_list.values_list("pk", flat=True))  # type: ignore[attr-defined]
    rows = tickets.with_current_outcome().in_bulk(keys)
    page.object_list = [rows[key] for key in keys if key in rows]
    return page
