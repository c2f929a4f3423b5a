"""Tracking over real HTTP: what people do inside ServiceNow is seen here."""

from datetime import timedelta

import pytest
from django.utils import timezone

from connector.models import Connection, Instance
from connector.servicenow.errors import Unreachable
from tests.factories import InstanceFactory, TicketFactory
from tests.sandbox_process import SandboxProcess
from tickets.delivery.push import push
from tickets.models import Ticket, TicketEvent
from tickets.models.choices import Kind, NormalizedState
from tickets.tracking.poll import Refreshed, poll_delta, poll_sweep, refresh

pytestmark = [pytest.mark.django_db]


@pytest.fixture
def change(connection: Connection) -> Ticket:
    return delivered(connection, Kind.CHANGE_REQUEST)


@pytest.fixture
def incident(connection: Connection) -> Ticket:
    return delivered(connection, Kind.INCIDENT)


def delivered(connection: Connection, kind: Kind) -> Ticket:
    ticket = TicketFactory.create(instance=connection.instance, kind=kind)
    push(ticket.pk)
    ticket.refresh_from_db()
    assert ticket.is_delivered
    return ticket


@pytest.mark.parametrize("poll", [poll_delta, poll_sweep])
def test_a_state_changed_in_servicenow_is_seen(sandbox: SandboxProcess, change: Ticket, poll: object) -> None:
    sandbox.change("change_request", change.sys_id, state="-4")
    assert poll() == 1  # type: ignore[operator]
    change.refresh_from_db()
    assert (change.state, change.state_words, change.is_open) == ("-4", "Assess", True)
    assert poll() == 0  # type: ignore[operator]


def test_a_closed_incident_is_closed_and_a_reopened_one_open(
    sandbox: SandboxProcess, incident: Ticket
) -> None:
    sandbox.change("incident", incident.sys_id, state="7", active="false", close_code="Solution provided")
    poll_sweep()
    incident.refresh_from_db()
    assert (incident.normalized_state, incident.is_open) == (NormalizedState.CLOSED, False)
    sandbox.change("incident", incident.sys_id, state="2", active="true")
    poll_delta()
    incident.refresh_from_db()
    assert (incident.normalized_state, incident.is_open) == (NormalizedState.IN_PROGRESS, True)


@pytest.mark.parametrize("poll", [poll_delta, poll_sweep])
def test_an_instance_that_was_asked_nothing_is_not_called_well(
    connection: Connection, sandbox: SandboxProcess, poll: object
) -> None:
    row = Instance.objects.filter(pk=connection.instance_id)
    row.record_failure(timezone.now(), Unreachable("no_answer"))
    sandbox.clear()
    assert poll() == 0  # type: ignore[operator]
    assert sandbox.requests()["by_route"].get("table", 0) == 0
    assert row.get().last_error


def test_asking_for_another_instances_ticket_says_nothing_of_this_one(
    connection: Connection, sandbox: SandboxProcess, change: Ticket
) -> None:
    Ticket.objects.update(instance=InstanceFactory.create(), seen_at=None)
    row = Instance.objects.filter(pk=connection.instance_id)
    row.record_failure(timezone.now(), Unreachable("no_answer"))
    sandbox.clear()
    assert refresh(list(Ticket.objects.all())) == Refreshed(tickets=1, compared=0, changed=0)
    assert sandbox.requests()["total"] == 0
    assert row.get().last_error


def test_an_idle_delta_is_one_call(sandbox: SandboxProcess, change: Ticket) -> None:
    poll_delta()
    since = timezone.now() + timedelta(minutes=5)
    type(change.instance).objects.filter(pk=change.instance_id).update(delta_since=since)
    sandbox.clear()
    assert poll_delta() == 0
    assert sandbox.requests()["total"] == 1


def test_a_deleted_record_is_missing_and_never_closed(
    sandbox: SandboxProcess, change: Ticket, connection: Connection
) -> None:
    delivered(connection, Kind.CHANGE_REQUEST)
    sandbox.delete("change_request", change.sys_id)
    poll_sweep()
    change.refresh_from_db()
    assert change.is_missing
    assert change.is_open
    assert change.state_words == "Gone or hidden"


def test_a_deleted_record_is_missing_where_the_tables_first_row_is_hidden(
    sandbox: SandboxProcess, connection: Connection
) -> None:
    hidden = sandbox.create("change_request", short_description="secret")
    sandbox.create("change_request", short_description="seen by all")
    sandbox.settings(hidden_rows=f"sys_id={hidden['sys_id']}")
    ticket = delivered(connection, Kind.CHANGE_REQUEST)
    sandbox.delete("change_request", ticket.sys_id)
    assert poll_sweep() == 1
    ticket.refresh_from_db()
    assert ticket.is_missing


@pytest.mark.parametrize("state", ["-5", "-4"])
def test_a_record_that_is_returned_again_says_so_changed_or_not(
    sandbox: SandboxProcess, connection: Connection, change: Ticket, state: str
) -> None:
    delivered(connection, Kind.CHANGE_REQUEST)
    sandbox.settings(hidden_rows=f"sys_id={change.sys_id}")
    assert poll_sweep() == 1
    sandbox.settings(hidden_rows="")
    sandbox.change("change_request", change.sys_id, state=state)
    assert poll_sweep() == 1
    change.refresh_from_db()
    assert not change.is_missing
    assert change.events.filter(type=TicketEvent.Type.FOUND).count() == 1


def test_a_table_that_became_unreadable_changes_no_ticket(sandbox: SandboxProcess, change: Ticket) -> None:
    sandbox.fault("acl_hidden", method="GET", times=50)
    poll_sweep()
    change.refresh_from_db()
    assert not change.is_missing


def test_a_table_that_became_unreadable_is_not_called_unchanged(
    sandbox: SandboxProcess, change: Ticket
) -> None:
    sandbox.fault("acl_hidden", method="GET", times=50)
    later = timezone.now() + timedelta(minutes=1)
    assert refresh([change], clock=lambda: later) == Refreshed(tickets=1, compared=0, changed=0)
    sandbox.clear()
    assert refresh([change], clock=lambda: later) == Refreshed(tickets=1, compared=1, changed=0)


def test_one_update_is_told_once(sandbox: SandboxProcess, change: Ticket) -> None:
    sandbox.change("change_request", change.sys_id, state="-4")
    poll_delta()
    poll_sweep()
    poll_delta()
    assert change.events.filter(type=TicketEvent.Type.CHANGED).count() == 1


def test_an_older_answer_never_overwrites_a_newer_one(sandbox: SandboxProcess, change: Ticket) -> None:
    sandbox.change("change_request", change.sys_id, state="-4")
    poll_sweep()
    Ticket.objects.filter(pk=change.pk).update(sys_mod_count=999)
    sandbox.change("change_request", change.sys_id, state="-3")
    poll_sweep()
    change.refresh_from_db()
    assert change.state == "-4"


def test_a_rejected_change_is_sent_back(sandbox: SandboxProcess, change: Ticket) -> None:
    sandbox.change("change_request", change.sys_id, state="-4")
    poll_sweep()
    sandbox.change("change_request", change.sys_id, state="-5")
    poll_sweep()
    change.refresh_from_db()
    assert change.normalized_state == NormalizedState.SENT_BACK


def test_a_held_change_is_on_hold(sandbox: SandboxProcess, change: Ticket) -> None:
    sandbox.change("change_request", change.sys_id, on_hold="true", on_hold_reason="Waiting for a part")
    poll_sweep()
    change.refresh_from_db()
    assert change.normalized_state == NormalizedState.ON_HOLD


def test_where_range_queries_are_refused_the_sweep_does_all(sandbox: SandboxProcess, change: Ticket) -> None:
    sandbox.settings(range_queries_allowed=False)
    sandbox.change("change_request", change.sys_id, state="-4")
    poll_sweep()
    change.refresh_from_db()
    assert change.state == "-4"


def test_an_instance_that_ignores_the_range_does_not_eat_up_the_hours_calls(
    sandbox: SandboxProcess, connection: Connection
) -> None:
    delivered(connection, Kind.CHANGE_REQUEST)
    sandbox.settings(unreadable_fields="sys_updated_on", unreadable_field_query="ignored")
    sandbox.clear_log()
    poll_delta()
    assert sandbox.requests()["total"] <= 4
