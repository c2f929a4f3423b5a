"""Which due date counts: the record's, once it had one; ours, where ServiceNow never kept it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from connector.models import Connection
from tests.factories import TicketFactory
from tests.sandbox_process import SandboxProcess
from tests.tickets.pages.test_list import exported, listed
from tickets.actions.link import Reason, unlink
from tickets.delivery.push import push
from tickets.models import Ticket
from tickets.tracking.poll import poll_sweep

pytestmark = [pytest.mark.django_db]


def overdue(connection: Connection) -> Ticket:
    """A delivered ticket whose day has passed."""
    yesterday = timezone.now().date() - timedelta(days=1)
    ticket = TicketFactory.create(instance=connection.instance, name="Late", due_on=yesterday)
    push(ticket.pk)
    ticket.refresh_from_db()
    assert ticket.is_delivered
    return ticket


def test_a_due_date_that_somebody_cleared_counts_nowhere(
    sandbox: SandboxProcess, connection: Connection, client: Client, secadmin: User
) -> None:
    client.force_login(secadmin)
    ticket = overdue(connection)
    assert listed(client, "?overdue=on") == ["Late"]
    sandbox.change("change_request", ticket.sys_id, requested_by_date="")
    poll_sweep()
    sandbox.change("change_request", ticket.sys_id, state="-4")
    poll_sweep()
    ticket.refresh_from_db()
    assert (ticket.state, ticket.current_due_on) == ("-4", None)
    assert not ticket.is_overdue(timezone.now().date())
    assert listed(client, "?overdue=on") == []
    assert exported(client)[0]["Overdue"] == "No"


def test_a_due_date_that_is_set_again_counts_again(sandbox: SandboxProcess, connection: Connection) -> None:
    ticket = overdue(connection)
    for due in ("", "2030-03-01 12:00:00"):
        sandbox.change("change_request", ticket.sys_id, requested_by_date=due)
        poll_sweep()
    ticket.refresh_from_db()
    assert str(ticket.current_due_on) == "2030-03-01"


def test_a_due_date_that_servicenow_never_kept_stays_ours(
    sandbox: SandboxProcess, connection: Connection
) -> None:
    sandbox.settings(unwritable_fields="requested_by_date")
    ticket = overdue(connection)
    assert ticket.dropped_fields == ["requested_by_date"]
    sandbox.change("change_request", ticket.sys_id, state="-4")
    poll_sweep()
    ticket.refresh_from_db()
    assert (ticket.state, ticket.current_due_on) == ("-4", ticket.due_on)


def test_an_unlinked_tickets_due_date_is_ours_again(
    sandbox: SandboxProcess, connection: Connection, secadmin: User
) -> None:
    ticket = overdue(connection)
    sandbox.change("change_request", ticket.sys_id, requested_by_date="")
    poll_sweep()
    ticket.refresh_from_db()
    assert unlink(ticket, next(iter(Reason)), by=secadmin, now=timezone.now())
    ticket.refresh_from_db()
    assert ticket.current_due_on == ticket.due_on


def test_a_cleared_due_date_stays_cleared_where_the_field_is_hidden_later(
    sandbox: SandboxProcess, connection: Connection
) -> None:
    ticket = overdue(connection)
    sandbox.change("change_request", ticket.sys_id, requested_by_date="")
    poll_sweep()
    sandbox.settings(unreadable_fields="requested_by_date")
    sandbox.change("change_request", ticket.sys_id, state="-4")
    poll_sweep()
    ticket.refresh_from_db()
    assert (ticket.state, ticket.current_due_on) == ("-4", None)
