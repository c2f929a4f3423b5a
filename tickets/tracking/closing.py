"""When a ticket's record was closed, and how many points its action had then: what came of it is judged by that."""

from datetime import UTC, date, datetime
from typing import Any

from connector.servicenow.records import Record
from scorecard.models import ControlScoreDay
from tickets.models import Ticket


def columns(
    ticket: Ticket, record: Record, changed_at: datetime | None, *, is_closed: bool
) -> dict[str, Any]:
    """Return the columns of a ticket's closing. Where the record does not say when, it is when the record changed last.

    Closing is often noticed late, when the points it brought are counted already. So the points are those of that day.
    """
    if not is_closed:
        return {"closed_at": None, "score_when_closed": None}
    before, told = ticket.record.get("closed_at", ""), record.get("closed_at")
    was_closed_again = bool(before and told and before != told)
    if ticket.closed_at and not was_closed_again:
        return {"closed_at": ticket.closed_at, "score_when_closed": ticket.score_when_closed}
    closed_at = record.at("closed_at") or changed_at
    score = _score_on(ticket, closed_at.astimezone(UTC).date()) if closed_at else None
    return {"closed_at": closed_at, "score_when_closed": score}


def _score_on(ticket: Ticket, day: date) -> float | None:
    """The points last counted by that day (UTC), as far as they are known: today's may be what the ticket brought."""
    days = ControlScoreDay.objects.filter(action=ticket.action_id, scored_on__lte=day)
    return days.order_by("-scored_on").values_list("score", flat=True).first()
