"""Records that are changed without their version moving, as scripts that call `autoSysFields(false)` do."""

from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from accounts.models import User
from connector.access.client_factory import open_client
from connector.models import Connection, Instance
from tests.factories import TicketFactory
from tests.sandbox_process import SandboxProcess
from tests.tickets.clock import Clock
from tests.tickets.reconciling import only, run
from tickets.delivery.push import push
from tickets.models import Ticket, TicketEvent
from tickets.models.choices import Kind, NormalizedState
from tickets.models.reconciliation import Discrepancy
from tickets.reconciliation import fixes
from tickets.tracking import poll

pytestmark = [pytest.mark.django_db]
CLOSED = {"state": "7", "active": "false", "close_code": "Solution provided", "close_notes": "Done."}


@pytest.fixture
def incident(connection: Connection, sandbox: SandboxProcess) -> Ticket:
    ticket = TicketFactory.create(instance=connection.instance, kind=Kind.INCIDENT)
    push(ticket.pk)
    sandbox.change("incident", Ticket.objects.get().sys_id, state="2")
    poll.poll_sweep()
    ticket.refresh_from_db()
    assert ticket.state == "2"
    return ticket


@pytest.fixture
def closed(sandbox: SandboxProcess, incident: Ticket) -> Ticket:
    sandbox.change_silently("incident", incident.sys_id, **CLOSED)
    return incident


def is_seen_closed(ticket: Ticket) -> bool:
    ticket.refresh_from_db()
    return (ticket.normalized_state, ticket.is_open, ticket.record["close_notes"]) == (
        NormalizedState.CLOSED,
        False,
        "Done.",
    )


def test_the_sweep_sees_it(closed: Ticket) -> None:
    assert poll.poll_sweep() == 1
    assert is_seen_closed(closed)
    assert poll.poll_sweep() == 0


def test_refresh_now_sees_it(closed: Ticket, client: Client, reader: User, clock: Clock) -> None:
    Ticket.objects.update(seen_at=clock() - timedelta(minutes=1))
    client.force_login(reader)
    answer = client.post(reverse("tickets:refresh", args=[closed.pk]))
    assert [str(message) for message in get_messages(answer.wsgi_request)] == ["1 ticket had changed."]
    assert is_seen_closed(closed)


def test_reconcile_sees_it_says_which_fields_and_fixes_it(closed: Ticket, connection: Connection) -> None:
    finding = only(run(connection))
    assert (finding.discrepancy, finding.detail["changes"]["close_notes"]) == (
        Discrepancy.STALE,
        ["", "Done."],
    )
    fixes.choose(finding.run, Discrepancy.STALE, by=None, now=finding.run.asked_at)
    assert fixes.fix_chosen(finding.run_id) == 1
    assert is_seen_closed(closed)


def test_each_silent_change_is_told_once(closed: Ticket, sandbox: SandboxProcess) -> None:
    poll.poll_sweep()
    poll.poll_sweep()
    sandbox.change_silently("incident", closed.sys_id, close_notes="Done twice.")
    Ticket.objects.update(missing_since=None)
    Instance.objects.update(last_full_sweep_at=None)
    assert poll.poll_sweep() == 1
    told = closed.events.filter(type=TicketEvent.Type.CHANGED, sys_mod_count=None).order_by("pk")
    assert [event.detail["close_notes"] for event in told] == [["", "Done."], ["Done.", "Done twice."]]


def test_what_was_read_before_never_takes_back_what_was_read_later(
    sandbox: SandboxProcess, incident: Ticket, connection: Connection, clock: Clock
) -> None:
    read_at = clock()
    sandbox.change_silently("incident", incident.sys_id, short_description="First")
    client = open_client(connection, now=clock())
    ids = {Kind.INCIDENT: [incident.sys_id]}
    clock.advance(seconds=30)
    assert poll.look_at(connection.instance, client, ids, clock()) == 1
    sandbox.change_silently("incident", incident.sys_id, short_description="An older answer")
    assert poll.look_at(connection.instance, client, ids, read_at) == 0
    incident.refresh_from_db()
    assert incident.record["short_description"] == "First"


def test_refresh_now_sees_what_was_written_and_what_groups_are_called(
    sandbox: SandboxProcess, incident: Ticket, clock: Clock
) -> None:
    group = sandbox.create("sys_user_group", name="Network")
    sandbox.change("incident", incident.sys_id, assignment_group=group["sys_id"])
    poll.poll_sweep()
    sandbox.create(
        "sys_journal_field", element="work_notes", element_id=incident.sys_id, name="incident", value="Psst"
    )
    sandbox.change("sys_user_group", group["sys_id"], name="Networks")
    clock.advance(minutes=1)
    poll.refresh([incident], clock=clock)
    incident.refresh_from_db()
    assert incident.record_labels["assignment_group"] == "Networks"
    assert incident.notes.filter(text="Psst").exists()


def test_refresh_now_claims_nothing_of_what_it_did_not_ask_for(
    incident: Ticket, client: Client, reader: User
) -> None:
    client.force_login(reader)
    address = reverse("tickets:refresh", args=[incident.pk])
    Ticket.objects.update(seen_at=None)
    client.post(address)
    said = [str(one) for one in get_messages(client.post(address).wsgi_request)]
    assert said == [
        "Compared with ServiceNow just now: nothing has changed.",
        "ServiceNow was asked a moment ago. What is shown is what it said then.",
    ]


def test_a_card_says_how_many_could_not_be_compared(
    connection: Connection, sandbox: SandboxProcess, incident: Ticket, clock: Clock
) -> None:
    hidden = TicketFactory.create(instance=connection.instance, kind=Kind.CHANGE_REQUEST)
    push(hidden.pk)
    sandbox.settings(hidden_rows="sys_created_onISNOTEMPTY^sys_class_name=change_request")
    clock.advance(minutes=1)
    learnt = poll.refresh(list(Ticket.objects.all()), clock=clock)
    assert learnt == poll.Refreshed(tickets=2, compared=1, changed=0)
