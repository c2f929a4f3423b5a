"""Giving a ticket up, once it is known that nothing of it is in ServiceNow."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from accounts.models import User
from connector.servicenow.errors import ConditionIgnored, Refused
from tickets.actions.link import client_for
from tickets.actions.share import enqueue_push
from tickets.models import Ticket, TicketEvent
from tickets.models.backoff import KNOWN_TO_EXIST
from tickets.models.choices import LINKABLE, Delivery
from tickets.tracking import lookup


def is_final(ticket: Ticket) -> bool:
    """Whether giving it up could not be undone, since something was sent."""
    return ticket.sent_at is not None or ticket.delivery == Delivery.UNLINKED


def discard(ticket: Ticket, *, by: User, now: datetime, is_certain: bool = False) -> bool:
    """Give a ticket up. Returns False when a record of it exists or may still arrive, unless it was unlinked from it.

    Where an earlier attempt had no answer, ServiceNow is asked; raises `Paused` and ServiceNowError where it cannot be.
    Where ServiceNow refuses to answer, the word of a person who `is_certain` counts instead.
    """
    unanswered = ticket.delivery == Delivery.ATTENTION and ticket.sent_at is not None
    asks = unanswered and ticket.may_be_discarded and not ticket.is_archived
    try:
        is_absent = asks and _is_absent(ticket, now)
    except (Refused, ConditionIgnored):
        if not is_certain:
            raise
        is_absent = True
    with transaction.atomic():
        was = give_up(ticket, is_absent=is_absent)
        if was is None:
            return False
        # What undoing it leads back to.
        TicketEvent.objects.record_action(
            ticket, TicketEvent.Type.DISCARDED, by=by, now=now, detail={"was": was}
        )
    return True


def undo(ticket: Ticket, *, by: User, now: datetime) -> bool:
    """Take back that a ticket was given up, of which nothing was ever sent: it goes on from where it was.

    Returns False where something was sent, or it is too late. Raises IntegrityError where its action has another open
    ticket by now.
    """
    last = ticket.events.filter(type=TicketEvent.Type.DISCARDED).first()
    was = Delivery(last.detail.get("was", Delivery.ATTENTION)) if last else Delivery.ATTENTION
    if was not in (Delivery.WAITING, Delivery.ATTENTION) or not ticket.may_be_undiscarded:
        return False
    row = Ticket.objects.filter(pk=ticket.pk, sent_at=None).exclude(last_result__in=KNOWN_TO_EXIST)
    again = now if was == Delivery.WAITING else None
    with transaction.atomic():
        if not row.move(Delivery.DISCARDED, was, is_open=True, next_attempt_at=again):
            return False
        TicketEvent.objects.record_action(ticket, TicketEvent.Type.DISCARD_UNDONE, by=by, now=now)
        if again:
            enqueue_push(ticket.pk)
    return True


def give_up(ticket: Ticket, *, is_absent: bool = False) -> Delivery | None:
    """End a ticket of which nothing was sent, or whose record `is_absent` since its last send, or that was unlinked
    from its record, or is history. Returns what it was; None when none of this holds, or it is too late.
    """
    row = Ticket.objects.filter(pk=ticket.pk)
    done = {"is_open": False, "next_attempt_at": None}
    unsent = row.filter(sent_at=ticket.sent_at if is_absent else None).exclude(last_result__in=KNOWN_TO_EXIST)
    if ticket.is_archived:
        ways = [(row, old) for old in LINKABLE]
    else:
        ways = [(unsent, Delivery.WAITING), (unsent, Delivery.ATTENTION), (row, Delivery.UNLINKED)]
    return next((old for rows, old in ways if rows.move(old, Delivery.DISCARDED, **done)), None)


def _is_absent(ticket: Ticket, now: datetime) -> bool:
    if ticket.is_still_possible(now, timedelta(seconds=settings.PUSH_QUARANTINE)):
        return False
    with client_for(ticket, now) as client:
        return not lookup.find_records(ticket, client) and not lookup.find_of_other_kinds(ticket, client)
