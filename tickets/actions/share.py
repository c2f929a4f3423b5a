"""Sharing: a form's content becomes one ticket, however often it is sent."""

import sys
from datetime import date, datetime
from typing import TypedDict
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from accounts.models import User
from connector.models import Instance
from scorecard.models import ImprovementAction
from tickets.models import Ticket, TicketEvent
from tickets.tasks import push_ticket


class TicketRequest(TypedDict):
    """What the dialog asks for, cleaned."""

    kind: str
    name: str
    description: str
    priority: int
    due_on: date | None
    recommendation_source: str
    recommendation_category: str
    is_extra: bool


def share(
    ticket_id: UUID,
    ticket_request: TicketRequest,
    *,
    by: User,
    instance: Instance,
    action: ImprovementAction | None,
    now: datetime,
    batch: UUID | None = None,
) -> Ticket:
    """Store a ticket and wake a worker. The form carries the id: a second submit finds the first one's ticket.

    Raises IntegrityError when the action already has an open ticket and no second one was asked for.
    """
    with transaction.atomic():
        ticket, created = Ticket.objects.get_or_create(
            pk=ticket_id,
            defaults={
                **ticket_request,
                "instance": instance,
                "requested_by": by,
                "action": action,
                "batch": batch,
                "next_attempt_at": now,
            },
        )
        if created:
            TicketEvent.objects.record_action(
                ticket, TicketEvent.Type.CREATED, by=by, now=now, audit_detail={"name": ticket.name}
            )
            enqueue_push(ticket.pk)
            sys.audit("tickets.actions.share.stored", str(ticket.pk))
    return ticket


def asks_otherwise(ticket_request: TicketRequest, ticket: Ticket) -> bool:
    """Whether a form that was sent before says something else now than its ticket does."""
    return any(getattr(ticket, name) != value for name, value in ticket_request.items() if name != "is_extra")


def sent_before() -> str:
    """Say that a form only led to the ticket that it had made."""
    return gettext("This form was sent before. This is its ticket; what you changed since was not sent.")


def enqueue_push(ticket_id: UUID) -> None:
    """Have a worker look at a ticket once this transaction is committed. Should that fail, the sweep comes by."""
    # robust: one failing callback would skip those after it. Django logs the name of what failed, so this is a
    # function, which has one; a partial has none.
    transaction.on_commit(lambda: _wake(str(ticket_id)), robust=True)


def retry(ticket: Ticket, *, by: User | None, now: datetime) -> bool:
    """Let the workers try again. Returns False when the ticket does not need attention any more, or when ServiceNow
    made a record of it that no look-up would find.
    """
    with transaction.atomic():
        if not ticket.retry(now):
            return False
        TicketEvent.objects.record_action(ticket, TicketEvent.Type.RETRIED, by=by, now=now)
        enqueue_push(ticket.pk)
    return True


def _wake(ticket_id: str) -> None:
    sys.audit("tickets.actions.share.committed", ticket_id)
    push_ticket.delay(ticket_id)
