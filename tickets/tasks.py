"""Celery's doors into this app: load, call, return."""

import sys
from uuid import UUID

from celery import shared_task

from tickets import poll, push


@shared_task
def push_ticket(ticket_id: str) -> None:
    """Deliver one ticket now; if this message is lost, the sweep finds the ticket."""
    sys.audit("tickets.tasks.received", ticket_id)
    push.push(UUID(ticket_id))
    sys.audit("tickets.tasks.done", ticket_id)


@shared_task
def push_due() -> None:
    """Deliver whatever is due."""
    push.push_due()


@shared_task
def poll_delta() -> None:
    """Mirror what changed."""
    poll.poll_delta()


@shared_task
def poll_sweep() -> None:
    """Look at every open ticket."""
    poll.poll_sweep()
