"""A ticket edited and sent again, and an unlinked one sent anew as another ticket."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import User
from connector.models import Instance
from tickets.actions.share import TicketRequest, enqueue_push, share
from tickets.models import Ticket, TicketEvent
from tickets.models.choices import Delivery

EDITABLE = ("kind", "name", "description", "priority", "due_on", "recommendation_category", "extra_fields")


def version_of(ticket: Ticket) -> int:
    """Say how often a ticket was edited: a form that shows an older one would undo what somebody else wrote."""
    return ticket.events.filter(type=TicketEvent.Type.EDITED).count()


def edit_and_retry(
    ticket: Ticket, values: Mapping[str, Any], *, a_second_is_wanted: bool = False, by: User, now: datetime
) -> bool:
    """Change a ticket that needs attention and let the workers try again. Returns False when it needs none any more.

    Its key stays: where an earlier attempt may have made a record, that one is looked for first and kept as it is.
    """
    changed = {
        name: values[name] for name in EDITABLE if name in values and values[name] != getattr(ticket, name)
    }
    told = {name: [_flat(getattr(ticket, name)), _flat(value)] for name, value in changed.items()}
    what = TicketEvent.Type.EDITED if changed else TicketEvent.Type.RETRIED
    with transaction.atomic():
        if not ticket.retry(now, a_second_is_wanted=a_second_is_wanted, **changed):
            return False
        TicketEvent.objects.record_action(
            ticket, what, by=by, now=now, detail=told, audit_detail={"changes": told}
        )
        enqueue_push(ticket.pk)
    return True


def send_anew(
    ticket: Ticket,
    ticket_id: UUID,
    ticket_request: TicketRequest,
    *,
    instance: Instance,
    by: User,
    now: datetime,
) -> Ticket | None:
    """Give up an unlinked ticket for another one, with a key of its own: the old record may carry the old one's.

    The form carries the new ticket's id: a second submit finds the first one's. None when the old ticket is not
    unlinked any more.
    """
    stored = Ticket.objects.filter(pk=ticket_id).first()
    if stored is not None:
        sent = ticket.events.filter(type=TicketEvent.Type.SENT_ANEW, detail__ticket=str(ticket_id))
        return stored if sent.exists() else None
    with transaction.atomic():
        given_up = Ticket.objects.filter(pk=ticket.pk).move(
            Delivery.UNLINKED, Delivery.DISCARDED, is_open=False, next_attempt_at=None
        )
        if not given_up:
            return Ticket.objects.filter(pk=ticket_id).first()
        new = share(ticket_id, ticket_request, by=by, instance=instance, action=ticket.action, now=now)
        detail = {"ticket": str(new.pk)}
        TicketEvent.objects.record_action(
            ticket, TicketEvent.Type.SENT_ANEW, by=by, now=now, detail=detail, audit_detail=detail
        )
        TicketEvent.objects.create(
            ticket=new, at=now, type=TicketEvent.Type.REPLACES, actor=by, detail={"ticket": str(ticket.pk)}
        )
    return new


def _flat(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return "; ".join(
            f"{chosen['name']}: {chosen['label'] or chosen['value']}" for chosen in value.values()
        )
    return "" if value is None else str(value)
