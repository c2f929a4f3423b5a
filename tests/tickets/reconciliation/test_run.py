"""Reconciliation over real HTTP: every way to disagree is found, and fixed by choice alone."""

from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from connector.models import Connection, Instance
from tests.factories import TicketFactory
from tests.sandbox_process import SandboxProcess
from tests.tickets.reconciling import forget, only, run
from tickets.delivery.push import push
from tickets.models import Finding, Ticket
from tickets.models.choices import Delivery, Kind
from tickets.models.reconciliation import Discrepancy, Listed
from tickets.reconciliation import fixes, remote_records
from tickets.reconciliation import run as reconcile
from tickets.records.payload import MARKERS

pytestmark = [pytest.mark.django_db]
CHANGE = Kind.CHANGE_REQUEST


@pytest.fixture
def change(ticket: Ticket) -> Ticket:
    push(ticket.pk)
    ticket.refresh_from_db()
    return ticket


def fixed(finding: Finding, by: User | None = None) -> Finding:
    assert fixes.choose(finding.run, Discrepancy(finding.discrepancy), by=by, now=timezone.now()) == 1
    fixes.fix_chosen(finding.run_id)
    finding.refresh_from_db()
    assert finding.problem == ""
    assert finding.fixed_at
    return finding


def test_what_agrees_is_no_finding(sandbox: SandboxProcess, connection: Connection, change: Ticket) -> None:
    done = run(connection)
    assert (done.findings.count(), done.tickets, done.looked_at, done.records) == (0, 1, 1, 1)
    assert done.listed == Listed.WHOLE


def test_a_stale_ticket_says_which_fields_and_changes_only_by_choice(
    sandbox: SandboxProcess, connection: Connection, change: Ticket
) -> None:
    sandbox.change(CHANGE, change.sys_id, state="-4")
    finding = only(run(connection))
    assert finding.discrepancy == Discrepancy.STALE
    assert finding.detail["changes"]["state"] == ["-5", "-4"]
    change.refresh_from_db()
    assert change.state == "-5"
    fixed(finding)
    change.refresh_from_db()
    assert change.state == "-4"


def test_an_instance_that_went_back_in_time_is_believed(
    sandbox: SandboxProcess, connection: Connection, change: Ticket
) -> None:
    Ticket.objects.filter(pk=change.pk).update(sys_mod_count=50, state="-3")
    finding = only(run(connection))
    assert (finding.discrepancy, finding.detail["is_older"]) == (Discrepancy.STALE, True)
    fixed(finding)
    change.refresh_from_db()
    assert (change.state, change.sys_mod_count) == ("-5", 0)


def test_a_missing_record_is_marked_and_never_called_closed(
    sandbox: SandboxProcess, connection: Connection, change: Ticket
) -> None:
    other = TicketFactory.create(instance=connection.instance)
    push(other.pk)
    sandbox.delete(CHANGE, change.sys_id)
    finding = only(run(connection))
    assert (finding.discrepancy, finding.ticket) == (Discrepancy.MISSING, change)
    fixed(finding)
    change.refresh_from_db()
    assert change.is_missing
    assert change.is_open
    assert run(connection).findings.count() == 0


def test_a_table_that_became_unreadable_is_no_news_about_tickets_and_no_agreement(
    sandbox: SandboxProcess, connection: Connection, change: Ticket
) -> None:
    sandbox.settings(hidden_rows="sys_idISNOTEMPTY")
    started = reconcile.start(connection.instance, by=None, now=timezone.now())
    done = reconcile.carry_out(started.pk)
    assert done is not None
    assert (done.findings.count(), done.looked_at, done.problem) == (0, 0, reconcile.UNREADABLE)


def test_a_missing_record_is_found_where_the_tables_first_row_is_hidden(
    sandbox: SandboxProcess, connection: Connection, ticket: Ticket
) -> None:
    hidden = sandbox.create(CHANGE, short_description="secret")
    sandbox.create(CHANGE, short_description="seen by all")
    sandbox.settings(hidden_rows=f"sys_id={hidden['sys_id']}")
    push(ticket.pk)
    sandbox.delete(CHANGE, Ticket.objects.get().sys_id)
    assert only(run(connection)).discrepancy == Discrepancy.MISSING


@pytest.mark.parametrize("delivery", [Delivery.WAITING, Delivery.ATTENTION])
def test_an_undelivered_ticket_is_linked_to_its_record(
    sandbox: SandboxProcess, connection: Connection, ticket: Ticket, delivery: Delivery
) -> None:
    Ticket.objects.filter(pk=ticket.pk).update(delivery=delivery)
    record = sandbox.create(CHANGE, correlation_id=str(ticket.pk), short_description="made before")
    finding = only(run(connection))
    assert (finding.discrepancy, finding.ticket) == (Discrepancy.UNLINKED, ticket)
    fixed(finding)
    ticket.refresh_from_db()
    assert (ticket.delivery, ticket.sys_id) == (Delivery.DELIVERED, record["sys_id"])
    assert len(sandbox.records(CHANGE)) == 1


def test_two_records_of_an_undelivered_ticket_become_a_conflict(
    sandbox: SandboxProcess, connection: Connection, ticket: Ticket
) -> None:
    for _ in range(2):
        sandbox.create(CHANGE, correlation_id=str(ticket.pk), correlation_display=MARKERS[CHANGE])
    finding = only(run(connection))
    assert finding.discrepancy == Discrepancy.DUPLICATE
    fixed(finding)
    ticket.refresh_from_db()
    assert ticket.delivery == Delivery.CONFLICT


def test_the_twin_of_a_delivered_ticket_is_left_to_a_person(
    sandbox: SandboxProcess, connection: Connection, change: Ticket
) -> None:
    twin = sandbox.create(CHANGE, correlation_id=str(change.pk), correlation_display=MARKERS[CHANGE])
    finding = only(run(connection))
    assert (finding.discrepancy, set(finding.detail["records"])) == (
        Discrepancy.DUPLICATE,
        {change.sys_id, twin["sys_id"]},
    )
    assert fixes.choose(finding.run, Discrepancy.DUPLICATE, by=None, now=timezone.now()) == 0
    sandbox.change(CHANGE, twin["sys_id"], state="4", active="false")
    assert run(connection).findings.count() == 0


def test_a_record_of_a_lost_ticket_is_taken_over_with_its_key(
    sandbox: SandboxProcess, connection: Connection, change: Ticket, secadmin: User
) -> None:
    key, sys_id = change.pk, change.sys_id
    forget(change)
    finding = only(run(connection))
    assert (finding.discrepancy, finding.detail["origin"]) == (Discrepancy.UNKNOWN, "here")
    fixed(finding, secadmin)
    again = Ticket.objects.get(pk=key)
    assert (again.sys_id, again.name, again.description) == (sys_id, change.name, change.description)
    assert (again.state_words, again.requested_by) == ("New", change.requested_by)
    assert run(connection).findings.count() == 0


def test_another_deployments_record_is_told_apart(sandbox: SandboxProcess, connection: Connection) -> None:
    sandbox.create(
        CHANGE,
        correlation_id=str(uuid4()),
        correlation_display=MARKERS[CHANGE],
        description="x\nLink: https://other.example/tickets/1/",
    )
    finding = only(run(connection))
    assert (finding.discrepancy, finding.detail["origin"]) == (Discrepancy.UNKNOWN, "elsewhere")


def test_where_range_queries_are_refused_the_run_says_so(
    sandbox: SandboxProcess, connection: Connection, change: Ticket
) -> None:
    Instance.objects.update(range_queries_allowed=False)
    sandbox.settings(range_queries_allowed=False)
    sandbox.change(CHANGE, change.sys_id, state="-4")
    done = run(connection)
    assert done.listed == Listed.NO_RANGES
    assert only(done).discrepancy == Discrepancy.STALE


def test_a_range_that_is_quietly_ignored_ends_the_list(
    sandbox: SandboxProcess, connection: Connection, change: Ticket
) -> None:
    sandbox.settings(range_queries_allowed=False, query_denial="ignored")
    done = run(connection)
    assert done.listed == Listed.IGNORED
    assert done.findings.count() == 0


def test_hidden_rows_do_not_end_the_list(
    sandbox: SandboxProcess, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_records, "PAGE", 3)
    for number in range(10):
        sandbox.create(
            CHANGE,
            correlation_id=str(uuid4()),
            correlation_display=MARKERS[CHANGE],
            short_description=f"number {number}",
        )
    sandbox.settings(hidden_rows="short_description=number 4^ORshort_description=number 7")
    assert run(connection).findings.count() == 8


def test_nothing_is_written_in_servicenow(
    sandbox: SandboxProcess, connection: Connection, change: Ticket, secadmin: User
) -> None:
    sandbox.change(CHANGE, change.sys_id, state="-4")
    sandbox.create(CHANGE, correlation_id=str(uuid4()), correlation_display=MARKERS[CHANGE])
    before = sandbox.records(CHANGE)
    done = run(connection)
    for discrepancy in Discrepancy:
        fixes.choose(done, discrepancy, by=secadmin, now=timezone.now())
    fixes.fix_chosen(done.pk)
    assert done.findings.filter(fixed_at__isnull=False).count() == 2
    assert sandbox.records(CHANGE) == before


def test_used_up_calls_end_a_run_with_a_reason(
    connection: Connection, change: Ticket, settings: object
) -> None:
    settings.API_CALLS_PER_HOUR = 4  # type: ignore[attr-defined]
    started = reconcile.start(connection.instance, by=None, now=timezone.now())
    done = reconcile.carry_out(started.pk)
    assert done is not None
    assert "calls are used up" in done.problem
    assert done.ended_at


def test_a_run_under_way_is_not_started_twice(connection: Connection) -> None:
    now = timezone.now()
    first = reconcile.start(connection.instance, by=None, now=now)
    assert reconcile.start(connection.instance, by=None, now=now) == first
    assert reconcile.carry_out(first.pk)
    assert reconcile.carry_out(first.pk) is None


def test_the_command_prints_first_and_fixes_what_it_is_told(
    sandbox: SandboxProcess, connection: Connection, change: Ticket
) -> None:
    sandbox.change(CHANGE, change.sys_id, state="-4")
    said = StringIO()
    call_command("reconcile", stdout=said)
    change.refresh_from_db()
    assert change.state == "-5"
    assert "state: '-5' -> '-4'" in said.getvalue()
    call_command("reconcile", "--apply", "stale", stdout=said)
    change.refresh_from_db()
    assert change.state == "-4"
