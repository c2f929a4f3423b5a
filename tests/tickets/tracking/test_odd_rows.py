"""Rows that cannot be understood: each is left out, counted and told, and none stops the others."""

from datetime import timedelta

import pytest
import requests
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from connector.access.client_factory import open_client
from connector.models import Connection, Instance
from connector.servicenow.errors import Unreadable
from tests.factories import TicketFactory
from tests.sandbox_process import SandboxProcess
from tests.tickets.clock import Clock
from tests.tickets.reconciling import run
from tickets.configuration import field_options
from tickets.delivery.push import push
from tickets.models import Ticket
from tickets.models.choices import Delivery, Kind
from tickets.models.comments import NotesState
from tickets.models.reconciliation import Discrepancy
from tickets.reconciliation import fixes
from tickets.records.payload import MARKERS
from tickets.tracking import journal, lookup
from tickets.tracking.poll import poll_delta, poll_sweep, refresh

pytestmark = [pytest.mark.django_db]
ODD_ROWS = ["row_is_no_record", "row_without_sys_id"]


@pytest.fixture
def tickets(sandbox: SandboxProcess, connection: Connection) -> list[Ticket]:
    """Three changes that were moved on inside ServiceNow since they were delivered."""
    made = [TicketFactory.create(instance=connection.instance) for _ in range(3)]
    for ticket in made:
        push(ticket.pk)
        ticket.refresh_from_db()
        sandbox.change("change_request", ticket.sys_id, state="-4")
    return made


def states() -> list[str]:
    return sorted(Ticket.objects.values_list("state", flat=True))


@pytest.fixture
def browser(client: Client, secadmin: User) -> Client:
    client.force_login(secadmin)
    return client


def set_odd(sandbox: SandboxProcess, ticket: Ticket, **fields: str) -> None:
    """Store what nobody expects, as an import can."""
    stored = requests.patch(
        f"{sandbox.url}/api/now/table/{ticket.kind}/{ticket.sys_id}",
        params={"sysparm_suppress_auto_sys_field": "true"},
        json=fields,
        headers={"Authorization": f"Bearer {sandbox.token()}"},
        timeout=10,
    )
    assert stored.status_code == 200


@pytest.mark.parametrize("kind", ODD_ROWS)
def test_the_sweep_reads_the_others_and_the_odd_one_by_itself(
    sandbox: SandboxProcess, tickets: list[Ticket], browser: Client, kind: str
) -> None:
    sandbox.fault(kind, method="GET")
    poll_sweep()
    assert sandbox.pending_faults() == []
    assert states() == ["-4", "-4", "-4"]
    assert Instance.objects.get().rows_left_out == 1
    page = browser.get(reverse("connector:connection")).content.decode()
    assert "1 row of the last check of the tickets was left out" in page
    poll_sweep()
    assert Instance.objects.get().rows_left_out == 0


@pytest.mark.parametrize("kind", ODD_ROWS)
@pytest.mark.parametrize("times", [1, 3])
def test_the_delta_goes_on_behind_an_odd_row(
    sandbox: SandboxProcess, tickets: list[Ticket], kind: str, times: int, clock: Clock
) -> None:
    sandbox.fault(kind, method="GET", times=times, about="sys_updated_on%3E")
    poll_delta(clock=clock)
    assert states().count("-4") >= 2
    clock.advance(seconds=30)
    sandbox.clear()
    poll_delta(clock=clock)
    assert states() == ["-4", "-4", "-4"]


def test_a_version_that_is_no_number_stops_neither_delta_nor_sweep_nor_reconcile(
    sandbox: SandboxProcess, tickets: list[Ticket], connection: Connection, browser: Client
) -> None:
    set_odd(sandbox, tickets[0], sys_mod_count="9" * 20)
    sandbox.change("change_request", tickets[1].sys_id, state="-3")
    poll_delta()
    poll_sweep()
    assert states() == ["-3", "-4", "-5"]
    done = run(connection)
    [finding] = done.findings.filter(ticket=tickets[0])
    fixes.choose(done, Discrepancy.STALE, by=None, now=timezone.now())
    assert fixes.fix_chosen(done.pk) == 0
    finding.refresh_from_db()
    assert "cannot be stored" in finding.problem
    page = browser.get(tickets[0].get_absolute_url()).content.decode()
    assert "What ServiceNow returns of this record cannot be stored" in page
    assert "Cannot be stored" in browser.get(reverse("tickets:reconciliation")).content.decode()
    set_odd(sandbox, tickets[0], sys_mod_count="7")
    poll_sweep()
    assert states() == ["-3", "-4", "-4"]
    assert "cannot be stored" not in browser.get(tickets[0].get_absolute_url()).content.decode()


def test_a_record_of_another_class_does_not_stop_the_delta(
    sandbox: SandboxProcess, tickets: list[Ticket], connection: Connection
) -> None:
    # Under its old sys_id there is an incident now.
    sandbox.delete("change_request", tickets[0].sys_id)
    marked = {"correlation_id": tickets[0].correlation_id, "correlation_display": MARKERS[Kind.INCIDENT]}
    sandbox.create("incident", sys_id=tickets[0].sys_id, **marked)
    poll_delta()
    assert states() == ["-4", "-4", "-5"]


@pytest.mark.parametrize("kind", ODD_ROWS)
def test_reconcile_compares_the_others_and_says_how_many_it_could_not(
    sandbox: SandboxProcess, tickets: list[Ticket], connection: Connection, browser: Client, kind: str
) -> None:
    poll_sweep()
    # The first look of all, and the list by the marker.
    sandbox.fault(kind, method="GET", times=1, about="sys_idIN")
    sandbox.fault(kind, method="GET", times=1, about="correlation_displayIN")
    sandbox.fault(kind, method="GET", times=1, about="correlation_display%3D")
    done = run(connection)
    assert (done.left_out > 0, done.records, done.findings.count()) == (True, 2, 0)
    page = browser.get(reverse("tickets:reconciliation")).content.decode()
    assert "could not be understood" in page
    assert "Everything agrees" not in page


def test_an_undelivered_ticket_is_not_sent_for_a_row_that_could_be_its_record(
    sandbox: SandboxProcess, connection: Connection
) -> None:
    ticket = TicketFactory.create(instance=connection.instance)
    sandbox.create("change_request", correlation_id=ticket.correlation_id)
    sandbox.fault("row_is_no_record", method="GET", times=1, about="correlation_id%3D")
    client = open_client(connection, now=timezone.now())
    with pytest.raises(Unreadable):
        lookup.find_records(ticket, client)


@pytest.mark.parametrize("fields", [{"sys_created_on": ""}, {"sys_created_on": "yesterday"}])
def test_an_entry_of_a_journal_without_a_time_leaves_the_others_and_says_so(
    sandbox: SandboxProcess, delivered: Ticket, connection: Connection, fields: dict[str, str]
) -> None:
    about = {"name": "change_request", "element": "work_notes", "element_id": delivered.sys_id}
    sandbox.create("sys_journal_field", **about, value="Good")
    odd = sandbox.create("sys_journal_field", **about, value="Odd")
    sandbox.change_silently("sys_journal_field", odd["sys_id"], sys_created_on="")
    client = open_client(connection, now=timezone.now())
    journal.mirror(client, {delivered.sys_id: delivered})
    delivered.refresh_from_db()
    assert list(delivered.notes.values_list("text", flat=True)) == ["Good"]
    assert (delivered.notes_state, client.left_out) == (NotesState.CUT, 1)


@pytest.mark.parametrize("kind", ODD_ROWS)
def test_the_choices_of_a_field_are_offered_without_the_odd_one(
    sandbox: SandboxProcess, connection: Connection, kind: str
) -> None:
    client = open_client(connection, now=timezone.now())
    whole = field_options.offered(client, Kind.INCIDENT, "category").values
    sandbox.fault(kind, method="GET")
    assert len(field_options.offered(client, Kind.INCIDENT, "category").values) >= len(whole) - 1 > 0


def test_a_choice_whose_place_is_no_number_comes_last(
    sandbox: SandboxProcess, connection: Connection
) -> None:
    client = open_client(connection, now=timezone.now())
    whole = field_options.offered(client, Kind.INCIDENT, "category").values
    [first] = sandbox.records(
        "sys_choice", name="incident", element="category", value=whole[0][0], language="en"
    )
    sandbox.change("sys_choice", first["sys_id"], sequence="1,000")
    assert sorted(field_options.offered(client, Kind.INCIDENT, "category").values) == sorted(whole)


def test_one_finding_that_cannot_be_fixed_stops_no_other(
    sandbox: SandboxProcess, connection: Connection
) -> None:
    """The record of the first was given another key meanwhile, that of the second is taken over."""
    keys = ["5f7a3a1e-0000-4000-8000-00000000000a", "5f7a3a1e-0000-4000-8000-00000000000b"]
    rows = [
        sandbox.create(
            "incident",
            short_description="Lost",
            correlation_id=key,
            correlation_display=MARKERS[Kind.INCIDENT],
        )
        for key in keys
    ]
    done = run(connection)
    assert done.findings.filter(discrepancy=Discrepancy.UNKNOWN).count() == 2
    person = TicketFactory.create(instance=connection.instance, delivery=Delivery.DISCARDED, is_open=False)
    fixes.choose(done, Discrepancy.UNKNOWN, by=person.requested_by, now=timezone.now())
    sandbox.fault("forbidden", method="GET", times=1, about=rows[0]["sys_id"])
    fixes.fix_chosen(done.pk)
    assert done.findings.filter(fixed_at=None).get().problem
    assert Ticket.objects.filter(sys_id=rows[1]["sys_id"]).exists()


def test_refresh_does_not_count_what_could_not_be_stored_as_compared(
    sandbox: SandboxProcess, tickets: list[Ticket], clock: Clock
) -> None:
    set_odd(sandbox, tickets[0], sys_mod_count="9" * 20)
    clock.advance(minutes=1)
    learnt = refresh(tickets, clock=clock)
    assert (learnt.tickets, learnt.compared) == (3, 2)


def test_what_is_fixed_of_a_record_from_the_future_is_not_from_the_future(
    sandbox: SandboxProcess, connection: Connection
) -> None:
    key = "5f7a3a1e-0000-4000-8000-00000000000c"
    row = sandbox.create("incident", correlation_id=key, correlation_display=MARKERS[Kind.INCIDENT])
    sandbox.change_silently("incident", row["sys_id"], sys_created_on="2099-01-01 00:00:00")
    done = run(connection)
    person = TicketFactory.create(instance=connection.instance, delivery=Delivery.DISCARDED, is_open=False)
    fixes.choose(done, Discrepancy.UNKNOWN, by=person.requested_by, now=timezone.now())
    assert fixes.fix_chosen(done.pk) == 1
    taken = Ticket.objects.get(pk=key)
    assert taken.created_at < timezone.now() + timedelta(minutes=1)
