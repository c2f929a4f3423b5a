"""Mending what a reconciliation found, after restores, clones and workers that died."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from connector.models import Connection
from tests.factories import InstanceFactory
from tests.sandbox_process import SandboxProcess
from tests.tickets.clock import Clock
from tests.tickets.reconciling import forget, only, run
from tickets import mend
from tickets.models import Finding, Ticket
from tickets.payload import MARKERS
from tickets.push import push
from tickets.reconciliation import Discrepancy
from tickets.retry import Ending
from tickets.states import Delivery, Kind

pytestmark = [pytest.mark.django_db]


@pytest.mark.parametrize("died", ["before", "after it took the record over"])
def test_what_a_worker_that_died_has_left_is_mended_later(
    sandbox: SandboxProcess, connection: Connection, delivered: Ticket, secadmin: User, died: str
) -> None:
    key = delivered.pk
    forget(delivered)
    finding = only(run(connection))
    now = timezone.now()
    assert mend.choose(finding.run, Discrepancy.UNKNOWN, by=secadmin, now=now) == 1
    if died != "before":
        mend.mend_chosen(finding.run_id)
        Finding.objects.update(mended_at=None)
    assert mend.mend_left(clock=lambda: now + timedelta(minutes=9)) == 0
    assert mend.mend_left(clock=lambda: now + timedelta(minutes=11)) == 1
    finding.refresh_from_db()
    assert (finding.problem, Ticket.objects.get(pk=key).sys_id) == ("", finding.sys_id)


def test_a_missing_record_is_not_called_mended_where_nothing_was_learnt_of_it(
    sandbox: SandboxProcess, connection: Connection, delivered: Ticket
) -> None:
    sandbox.create("change_request", short_description="another")
    sandbox.delete("change_request", delivered.sys_id)
    finding = only(run(connection))
    sandbox.settings(hidden_rows="sys_idISNOTEMPTY")
    mend.choose(finding.run, Discrepancy.MISSING, by=None, now=timezone.now())
    assert mend.mend_chosen(finding.run_id) == 0
    finding.refresh_from_db()
    assert (finding.chosen_at, bool(finding.problem)) == (None, True)


def test_a_record_of_another_instances_ticket_is_not_taken_over(
    sandbox: SandboxProcess, connection: Connection, delivered: Ticket, secadmin: User
) -> None:
    """The instance is a clone of the one that the ticket belongs to."""
    Ticket.objects.update(instance=InstanceFactory.create())
    finding = only(run(connection))
    assert mend.choose(finding.run, Discrepancy.UNKNOWN, by=secadmin, now=timezone.now()) == 1
    mend.mend_chosen(finding.run_id)
    finding.refresh_from_db()
    assert (finding.mended_at, bool(finding.problem)) == (None, True)


def test_a_restored_ticket_whose_record_is_of_another_type_is_not_sent_by_mending(
    sandbox: SandboxProcess, connection: Connection, ticket: Ticket, clock: Clock
) -> None:
    sandbox.settings(honour_sys_id=False)
    Ticket.objects.update(next_try_at=clock() + timedelta(hours=5))
    marker = MARKERS[Kind.INCIDENT]
    sandbox.create("incident", correlation_id=str(ticket.pk), correlation_display=marker)
    finding = only(run(connection))
    clock.advance(minutes=10)
    mend.choose(finding.run, Discrepancy(finding.what), by=None, now=clock())
    mend.mend_chosen(finding.run_id, clock=clock)
    for _ in range(3):
        clock.advance(hours=1)
        push(ticket.pk, clock=clock)
    ticket.refresh_from_db()
    assert (ticket.delivery, ticket.last_ending) == (Delivery.ATTENTION, Ending.OTHER_KIND)
    assert sandbox.records("change_request") == []
