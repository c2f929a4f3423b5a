from datetime import datetime

from accounts.requests import PersonRequest
from scorecard.pages.neighbors import Pages, SortedList, list_asked
from tickets.models.querysets import TicketQuerySet
from tickets.pages.filters import TicketFilter, TicketSorting

_PAGES = Pages("tickets:list", "tickets:ticket", "pk")


def list_of(request: PersonRequest, now: datetime) -> SortedList[TicketQuerySet] | None:
    """Return the list of tickets that one came from; None where one came from none."""
    asked = list_asked(request)
    if asked is None:
        return None
    sorting = TicketSorting(asked.get("sort", ""))
    return SortedList(
        asked, TicketFilter(asked, now=now, person=request.user).select(), sorting, pages=_PAGES
    )
