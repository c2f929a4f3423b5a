"""Actions that reached all their points while their ticket is open."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from django.conf import settings
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery

from tickets.models import Ticket, TicketComment, TicketEvent
from tickets.models.outcome import points_lost, points_reached

# In English, like the description: the record is the organisation's.
WORK_NOTE = "Microsoft Secure Score now counts all points for this improvement action."
_Type = TicketEvent.Type


def notice(*, now: datetime) -> int:
    """Let each open ticket say once that its action has all its points, and add a work note where that is wanted.

    Returns how many did.
    """
    forget_lost(Ticket.objects.all())
    unsaid = Ticket.objects.filter(points_reached(), points_reached_at=None)
    return sum(_say(ticket_id, now) for ticket_id in unsaid.values_list("pk", flat=True))


def forget_lost(tickets: QuerySet[Any]) -> None:
    """Let those of these tickets that were opened again, and whose actions lost points, say it anew when they are back.

    Not while a ticket just stays open: points that come and go would fill its journal.
    """
    events = TicketEvent.objects.filter(ticket=OuterRef("pk"), type__in=(_Type.POINTS, _Type.REOPENED))
    # Not by their moments: one is by our clock, the other by ServiceNow's.
    last = Subquery(events.order_by("-pk").values("type")[:1])
    said = tickets.filter(points_lost(), points_reached_at__isnull=False).annotate(last=last)
    said.filter(last=_Type.REOPENED).update(points_reached_at=None)


def _say(ticket_id: UUID, now: datetime) -> bool:
    with transaction.atomic():
        if not Ticket.objects.filter(pk=ticket_id, points_reached_at=None).update(points_reached_at=now):
            return False
        event = TicketEvent.objects.create(ticket_id=ticket_id, at=now, type=_Type.POINTS)
        if settings.LOOP_WORK_NOTE and not Ticket.objects.get(pk=ticket_id).is_archived:
            TicketComment.objects.create(
                pk=uuid5(ticket_id, f"points {event.pk}"),
                ticket_id=ticket_id,
                text=WORK_NOTE,
                next_attempt_at=now,
            )
    return True
