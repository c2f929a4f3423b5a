"""Celery's doors into this app: load, call, return."""

import sys
from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from connector.clock import SHARED, Clock
from tickets.configuration import state_names
from tickets.delivery import comments, lease, push
from tickets.reconciliation import fixes, run
from tickets.tracking import missed_notes, poll, score_completion

# What no worker took by then is handed out again, so that messages do not pile up.
HANDED_OUT_FOR = timedelta(seconds=10)
# More than a worker delivers in that time. A backlog that is handed out whole becomes messages that nobody takes in
# time, and claims that the first pause puts back.
HANDED_OUT_AT_ONCE = 40


@shared_task
def push_ticket(ticket_id: str) -> None:
    """Deliver one ticket now; if this message is lost, the sweep finds the ticket."""
    sys.audit("tickets.tasks.received", ticket_id)
    push.push(UUID(ticket_id))
    sys.audit("tickets.tasks.done", ticket_id)


@shared_task
def push_due() -> None:
    """Hand out what has been due longest, each ticket to a worker of its own."""
    for ticket_id in push.due(limit=HANDED_OUT_AT_ONCE):
        push_ticket.apply_async((str(ticket_id),), expires=HANDED_OUT_FOR.total_seconds())


@shared_task
def release_abandoned() -> None:
    """Let go of what was in hand for an instance that is no longer connected."""
    lease.release_abandoned(Clock.read(SHARED))


@shared_task
def send_comments() -> None:
    """Send the comments that are due."""
    comments.send_due()


@shared_task
def poll_delta() -> None:
    """Mirror what changed."""
    poll.poll_delta()


@shared_task
def poll_sweep() -> None:
    """Look at every open ticket."""
    poll.poll_sweep()


@shared_task
def read_missed_notes() -> None:
    """Read what was written about records and could not be read at the time."""
    missed_notes.read()


@shared_task
def notice_points() -> None:
    """Let tickets say that their action has reached all its points."""
    score_completion.notice(now=timezone.now())


@shared_task
def learn_state_names() -> None:
    """Read what the instance calls its states."""
    state_names.learn_now(timezone.now())


@shared_task
def learn_new_state_names() -> None:
    """Read them as soon as a ticket has a state whose name was never read."""
    state_names.learn_now(timezone.now(), only_if_needed=True)


@shared_task
def reconcile_tickets(run_id: int) -> None:
    """Compare every ticket with what ServiceNow holds."""
    run.carry_out(run_id)


@shared_task
def fix_findings(run_id: int) -> None:
    """Mend what a person chose."""
    fixes.fix_chosen(run_id)


@shared_task
def fix_left_findings() -> None:
    """Mend what a worker that died has left."""
    fixes.fix_left()
