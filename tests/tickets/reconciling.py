"""Reconciling, and what a restored backup leaves to be reconciled."""

from django.utils import timezone

from connector.models import Connection
from tickets.models import Finding, Reconciliation, Ticket
from tickets.reconciliation import run as reconcile


def run(connection: Connection) -> Reconciliation:
    started = reconcile.start(connection.instance, by=None, now=timezone.now())
    done = reconcile.carry_out(started.pk)
    assert done is not None
    assert done.problem == ""
    return done


def only(done: Reconciliation) -> Finding:
    [finding] = done.findings.all()
    return finding


def forget(ticket: Ticket) -> None:
    """Have a backup without this ticket restored."""
    ticket.findings.all().delete()
    ticket.events.all().delete()
    ticket.push_attempts.all().delete()
    ticket.delete()
