"""What came of tickets, by queries that are written once: these are the longest that Django writes."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts.written_query import WrittenQuery
from tickets.models import outcome
from tickets.models.choices import Outcome
from tickets.models.ticket import Ticket

# So many tickets can be asked about at a time: as many as a page shows.
MOST = 50
# Where there are no scores: nothing was closed before that.
_NEVER = datetime(1, 1, 1, tzinfo=UTC)


class OfTickets:
    """A query for columns of tickets, among which may be `outcome` and `is_frozen`."""

    def __init__(self, *columns: str) -> None:
        self.columns = columns
        # The moment comes first: a query of many datetimes would run out of days to stand for them.
        self.query = WrittenQuery(self._build, until=datetime, **{f"key{n}": UUID for n in range(MOST)})

    def _build(self, until: datetime, **keys: UUID) -> QuerySet[Any, Any]:
        tickets = Ticket.objects.filter(pk__in=keys.values()).with_outcome(until).with_frozen()
        return tickets.order_by().values_list(*self.columns)

    def rows(self, tickets: Sequence[UUID], judged_until: datetime | None) -> list[tuple[Any, ...]]:
        """Ask about tickets, at most `MOST`; they come in no order. `judged_until` as `with_outcome` takes it."""
        if not tickets:
            return []
        if len(tickets) > MOST:
            raise ValueError(f"{len(tickets)} tickets")
        keys = {f"key{n}": tickets[min(n, len(tickets) - 1)] for n in range(MOST)}
        return self.query.rows(until=judged_until or _NEVER, **keys)


def outcomes_of(tickets: Sequence[UUID], judged_until: datetime | None) -> Mapping[UUID, str]:
    """Return what `with_outcome` says of these tickets, at most `MOST`."""
    return dict(_OUTCOMES.rows(tickets, judged_until))


def tickets_with(wanted: Outcome, judged_until: datetime | None) -> list[UUID]:
    """Return the tickets of which this came, in no order: one of each action at most, or what is open."""
    query = _WITH[wanted]
    given = {"until": judged_until or _NEVER} if wanted == Outcome.NOT_EFFECTIVE else {}
    return [key for (key,) in query.rows(**given)]


def _only(wanted: Outcome, until: datetime | None = None) -> QuerySet[Any, Any]:
    return outcome.only(wanted, until, Ticket.objects.all()).order_by().values_list("pk")


_OUTCOMES = OfTickets("pk", "outcome")
_WITH = {
    Outcome.POINTS_REACHED: WrittenQuery(partial(_only, Outcome.POINTS_REACHED)),
    Outcome.REGRESSED: WrittenQuery(partial(_only, Outcome.REGRESSED)),
    Outcome.NOT_EFFECTIVE: WrittenQuery(partial(_only, Outcome.NOT_EFFECTIVE), until=datetime),
}
