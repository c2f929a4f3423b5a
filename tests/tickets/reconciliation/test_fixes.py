"""Mending what a reconciliation found, after restores, clones and workers that died."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import User
from connector.models import Connection
from tests.factories import ActionFactory, InstanceFactory, TicketFactory
from tests.sandbox_process import SandboxProcess
from tests.tickets.clock import Clock
from tests.tickets.reconciling import forget, only, run
from tickets.actions import suggestions
from tickets.actions.discard import give_up
from tickets.delivery.push import push
from tickets.models import Finding, Ticket
from tickets.models.backoff import AttemptResult
from tickets.models.choices import Delivery, Kind, Source
from tickets.models.reconciliation import Discrepancy
from tickets.reconciliation import fixes
from tickets.records.payload import MARKERS

pytestmark = [pytest.mark.django_db]


@pytest.mark.parametrize("died", ["before", "after it took the record over"])
def test_what_a_worker_that_died_has_left_is_fixed_later(
    sandbox: SandboxProcess, connection: Connection, delivered: Ticket, secadmin: User, died: str
) -> None:
    key = delivered.pk
    forget(delivered)
    finding = only(run(connection))
    now = timezone.now()
    assert fixes.choose(finding.run, Discrepancy.UNKNOWN, by=secadmin, now=now) == 1
    if died != "before":
        fixes.fix_chosen(finding.run_id)
        Finding.objects.update(fixed_at=None)
    assert fixes.fix_left(clock=lambda: now + timedelta(minutes=9)) == 0
    assert fixes.fix_left(clock=lambda: now + timedelta(minutes=11)) == 1
    finding.refresh_from_db()
    assert (finding.problem, Ticket.objects.get(pk=key).sys_id) == ("", finding.sys_id)


def test_what_was_taken_over_is_as_old_as_its_record(
    sandbox: SandboxProcess, connection: Connection, delivered: Ticket, secadmin: User
) -> None:
    forget(delivered)
    finding = only(run(connection))
    later = timezone.now() + timedelta(days=30)
    fixes.choose(finding.run, Discrepancy.UNKNOWN, by=secadmin, now=later)
    assert fixes.fix_chosen(finding.run_id, clock=lambda: later) == 1
    [record] = sandbox.records("change_request")
    created_on = datetime.strptime(record["sys_created_on"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    assert Ticket.objects.get().created_at == created_on


def test_a_missing_record_is_not_called_fixed_where_nothing_was_learnt_of_it(
    sandbox: SandboxProcess, connection: Connection, delivered: Ticket
) -> None:
    sandbox.create("change_request", short_description="another")
    sandbox.delete("change_request", delivered.sys_id)
    finding = only(run(connection))
    sandbox.settings(hidden_rows="sys_idISNOTEMPTY")
    fixes.choose(finding.run, Discrepancy.MISSING, by=None, now=timezone.now())
    assert fixes.fix_chosen(finding.run_id) == 0
    finding.refresh_from_db()
    assert (finding.chosen_at, bool(finding.problem)) == (None, True)


def test_a_record_of_another_instances_ticket_is_not_taken_over(
    sandbox: SandboxProcess, connection: Connection, delivered: Ticket, secadmin: User
) -> None:
    """The instance is a clone of the one that the ticket belongs to."""
    Ticket.objects.update(instance=InstanceFactory.create())
    finding = only(run(connection))
    assert fixes.choose(finding.run, Discrepancy.UNKNOWN, by=secadmin, now=timezone.now()) == 1
    fixes.fix_chosen(finding.run_id)
    finding.refresh_from_db()
    assert (finding.fixed_at, bool(finding.problem)) == (None, True)


def test_a_restored_ticket_whose_record_is_of_another_type_is_not_sent_by_fixing(
    sandbox: SandboxProcess, connection: Connection, ticket: Ticket, clock: Clock
) -> None:
    sandbox.settings(honour_sys_id=False)
    Ticket.objects.update(next_attempt_at=clock() + timedelta(hours=5))
    marker = MARKERS[Kind.INCIDENT]
    sandbox.create("incident", correlation_id=str(ticket.pk), correlation_display=marker)
    finding = only(run(connection))
    clock.advance(minutes=10)
    fixes.choose(finding.run, Discrepancy(finding.discrepancy), by=None, now=clock())
    fixes.fix_chosen(finding.run_id, clock=clock)
    for _ in range(3):
        clock.advance(hours=1)
        push(ticket.pk, clock=clock)
    ticket.refresh_from_db()
    assert (ticket.delivery, ticket.last_result) == (Delivery.ATTENTION, AttemptResult.OTHER_KIND)
    assert sandbox.records("change_request") == []
    again = only(run(connection))
    fixes.choose(again.run, Discrepancy(again.discrepancy), by=None, now=clock())
    fixes.fix_chosen(again.run_id, clock=clock)
    again.refresh_from_db()
    assert again.problem_words.startswith("ServiceNow holds a record of the other type")
    with translation.override("ja"):
        assert again.problem_words.startswith("このチケットのキーが設定された")


def test_a_record_of_another_type_is_opened_where_it_is(
    sandbox: SandboxProcess, connection: Connection, ticket: Ticket, client: Client, secadmin: User
) -> None:
    marker = MARKERS[Kind.INCIDENT]
    sandbox.create("incident", correlation_id=str(ticket.pk), correlation_display=marker)
    run(connection)
    client.force_login(secadmin)
    page = client.get(reverse("tickets:reconciliation")).content.decode()
    assert "incident.do%3Fsys_id" in page
    assert "change_request.do%3Fsys_id" not in page


@pytest.mark.parametrize("beside_another", [False, True])
def test_a_record_taken_over_belongs_to_its_improvement_action_again(
    sandbox: SandboxProcess,
    connection: Connection,
    secadmin: User,
    clock: Clock,
    beside_another: bool,
) -> None:
    action = ActionFactory.create(control_id="scid_1/ä 2", title="Block legacy sign-in")
    task = suggestions.for_action(action, total=100, today=clock().date())
    shared = TicketFactory.create(
        instance=connection.instance,
        action=action,
        recommendation_source=Source.MICROSOFT,
        description=task.description,
    )
    key = shared.pk
    push(shared.pk, clock=clock)
    forget(shared)
    if beside_another:
        TicketFactory.create(instance=connection.instance, action=action)
    [finding] = run(connection).findings.filter(discrepancy=Discrepancy.UNKNOWN)
    fixes.choose(finding.run, Discrepancy.UNKNOWN, by=secadmin, now=clock())
    fixes.fix_chosen(finding.run_id, clock=clock)
    again = Ticket.objects.get(pk=key)
    assert (again.action, again.recommendation_source) == (action, Source.MICROSOFT)
    assert again.is_extra is beside_another


def test_a_take_over_that_cannot_go_on_leaves_no_half_ticket(
    sandbox: SandboxProcess, connection: Connection, delivered: Ticket, client: Client, secadmin: User
) -> None:
    key = delivered.pk
    forget(delivered)
    finding = only(run(connection))
    fixes.choose(finding.run, Discrepancy.UNKNOWN, by=secadmin, now=timezone.now())
    sandbox.fault("reset", route="batch", method="POST", times=2)
    fixes.fix_chosen(finding.run_id)
    client.force_login(secadmin)
    for address in (reverse("home"), reverse("tickets:list"), reverse("tickets:reconciliation")):
        assert client.get(address).status_code == 200
    fixes.choose(finding.run, Discrepancy.UNKNOWN, by=secadmin, now=timezone.now())
    fixes.fix_chosen(finding.run_id)
    again = Ticket.objects.get(pk=key)
    assert (again.state_words, bool(again.state_label), again.sent_at is None) == ("New", True, False)


def test_a_record_found_after_all_is_linked_though_no_look_up_was_trusted(
    sandbox: SandboxProcess, connection: Connection, ticket: Ticket, clock: Clock
) -> None:
    Ticket.objects.update(
        delivery=Delivery.ATTENTION, last_result=AttemptResult.UNMATCHED_RECORD, sent_at=clock()
    )
    marker = MARKERS[Kind.CHANGE_REQUEST]
    sandbox.create("change_request", correlation_id=str(ticket.pk), correlation_display=marker)
    finding = only(run(connection))
    clock.advance(minutes=20)
    fixes.choose(finding.run, Discrepancy.UNLINKED, by=None, now=clock())
    assert fixes.fix_chosen(finding.run_id, clock=clock) == 1
    ticket.refresh_from_db()
    assert ticket.delivery == Delivery.DELIVERED


def test_what_was_discarded_meanwhile_is_not_said_to_be_in_hand(
    sandbox: SandboxProcess, connection: Connection, ticket: Ticket, clock: Clock
) -> None:
    Ticket.objects.update(delivery=Delivery.ATTENTION, last_result=AttemptResult.REFUSED)
    marker = MARKERS[Kind.CHANGE_REQUEST]
    sandbox.create("change_request", correlation_id=str(ticket.pk), correlation_display=marker)
    finding = only(run(connection))
    ticket.refresh_from_db()
    assert give_up(ticket)
    fixes.choose(finding.run, Discrepancy.UNLINKED, by=None, now=clock())
    fixes.fix_chosen(finding.run_id, clock=clock)
    finding.refresh_from_db()
    assert "has changed" in finding.problem
