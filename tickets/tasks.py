"""Celery's doors into this app: load, call, return."""

import sys
from datetime import timedelta
from uuid import UUID

from celery import shared_task

from tickets import poll, push

# What no worker took by then is handed out again, so that messages do not pile up.
HANDED_OUT_FOR = timedelta(seconds=10)


@shared_task
def push_ticket(ticket_id: str) -> None:
    """Deliver one ticket now; if this message is lost, the sweep finds the ticket."""
    sys.audit("tickets.tasks.received", ticket_id)
    push.push(UUID(ticket_id))
    sys.audit("tickets.tasks.done", ticket_id)


@shared_task
def push_due() -> None:
    """Hand out whatever is due, each ticket to a worker of its own."""
    for ticket_id in push.due():
        push_ticket.apply_async((str(ticket_id),), expires=HANDED_OUT_FOR.total_seconds())


@shared_task
def poll_delta() -> None:
    """Mirror what changed."""
    poll.poll_delta()


@shared_task
def poll_sweep() -> None:
    """Look at every open ticket."""
    poll.poll_sweep()
