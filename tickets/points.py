"""Actions that reached all their points while their ticket is open."""

from datetime import datetime
from uuid import UUID, uuid5

from django.conf import settings
from django.db import transaction

from tickets.models import Ticket, TicketComment, TicketEvent
from tickets.outcome import points_reached

# In English, like the description: the record is the organisation's.
WORK_NOTE = "Microsoft Secure Score now counts all points for this improvement action."


def notice(*, now: datetime) -> int:
    """Let each open ticket say once that its action has all its points, and add a work note where that is wanted.

    Returns how many did.
    """
    unsaid = Ticket.objects.filter(points_reached(), points_reached_at=None)
    return sum(_say(ticket_id, now) for ticket_id in unsaid.values_list("pk", flat=True))


def _say(ticket_id: UUID, now: datetime) -> bool:
    with transaction.atomic():
        if not Ticket.objects.filter(pk=ticket_id, points_reached_at=None).update(points_reached_at=now):
            return False
        TicketEvent.objects.create(ticket_id=ticket_id, at=now, what=TicketEvent.What.POINTS)
        if settings.LOOP_WORK_NOTE:
            TicketComment.objects.get_or_create(
                pk=uuid5(ticket_id, "points"),
                defaults={"ticket_id": ticket_id, "text": WORK_NOTE, "next_try_at": now},
            )
    return True
