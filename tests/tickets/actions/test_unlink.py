"""Taking a link away, judged by what the sandbox holds and what the ticket says afterwards."""

from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import AuditEntry, User
from connector.models import Connection
from tests.factories import ActionFactory, TicketFactory
from tests.sandbox_process import SandboxProcess
from tests.tickets.clock import Clock
from tests.tickets.linking import foreign, link_to
from tickets.actions import link
from tickets.actions.link import Reason
from tickets.delivery import comments
from tickets.delivery.push import push, push_due
from tickets.models import Ticket, TicketComment, TicketEvent
from tickets.models.choices import Delivery, Source
from tickets.models.comments import CommentState, Element
from tickets.tracking import mirror
from tickets.tracking.poll import poll_sweep

pytestmark = [pytest.mark.django_db]


def test_unlinking_sends_nothing_and_changes_nothing_in_servicenow(
    sandbox: SandboxProcess, delivered: Ticket, clock: Clock, secadmin: User
) -> None:
    before = sandbox.records("change_request")
    assert link.unlink(delivered, Reason.WRONG, by=secadmin, now=clock())
    for _ in range(3):
        clock.advance(hours=2)
        push_due(clock=clock)
        poll_sweep(clock=clock)
    ticket = Ticket.objects.get(pk=delivered.pk)
    assert (ticket.delivery, ticket.sys_id, ticket.number, ticket.normalized_state) == (
        Delivery.UNLINKED,
        "",
        "",
        "",
    )
    assert (ticket.is_open, ticket.needs_attention) == (True, True)
    assert sandbox.records("change_request") == before
    event = ticket.events.get(type=TicketEvent.Type.UNLINKED)
    assert (event.actor, event.detail) == (secadmin, {"number": delivered.number, "reason": "wrong"})
    assert AuditEntry.objects.get(verb="ticket.unlinked").target == str(ticket.pk)


def test_unlinking_twice_or_what_was_linked_elsewhere_meanwhile_changes_nothing(
    sandbox: SandboxProcess, delivered: Ticket
) -> None:
    now = timezone.now()
    assert link.unlink(delivered, Reason.WRONG, by=None, now=now)
    assert not link.unlink(delivered, Reason.WRONG, by=None, now=now)
    again = Ticket.objects.get(pk=delivered.pk)
    assert link_to(again, foreign(sandbox))
    assert not link.unlink(delivered, Reason.WRONG, by=None, now=now)
    assert Ticket.objects.get(pk=delivered.pk).is_delivered


def test_an_unlinked_ticket_is_linked_elsewhere_and_its_story_goes_on(
    sandbox: SandboxProcess, delivered: Ticket
) -> None:
    """Updates of the second record are told although the first one's had the same numbers."""
    sandbox.change("change_request", delivered.sys_id, state="-4")
    poll_sweep()
    delivered.refresh_from_db()
    link.unlink(delivered, Reason.MOVED, by=None, now=timezone.now())
    ticket = Ticket.objects.get(pk=delivered.pk)
    row = foreign(sandbox)
    assert link_to(ticket, row)
    sandbox.change("change_request", row["sys_id"], state="-4")
    poll_sweep()
    changed = ticket.events.filter(type=TicketEvent.Type.CHANGED)
    assert changed.values_list("sys_mod_count").distinct().count() == 1
    assert {event.sys_id for event in changed} == {delivered.sys_id, row["sys_id"]}


def test_a_poller_that_is_late_marks_nothing_missing_on_the_new_record(
    sandbox: SandboxProcess, delivered: Ticket
) -> None:
    link.unlink(delivered, Reason.DELETED, by=None, now=timezone.now())
    link_to(Ticket.objects.get(pk=delivered.pk), foreign(sandbox))
    assert not mirror.mark_missing(delivered, timezone.now())
    assert not Ticket.objects.get(pk=delivered.pk).is_missing


def test_a_closed_tickets_link_is_taken_away_beside_the_ticket_that_followed(
    sandbox: SandboxProcess, connection: Connection
) -> None:
    action = ActionFactory.create()
    ours = {"instance": connection.instance, "action": action, "recommendation_source": Source.MICROSOFT}
    closed = TicketFactory.create(**ours)
    push(closed.pk)
    closed.refresh_from_db()
    sandbox.change("change_request", closed.sys_id, state="4", active="false")
    poll_sweep()
    closed.refresh_from_db()
    assert not closed.is_open
    TicketFactory.create(**ours)
    assert link.unlink(closed, Reason.WRONG, by=None, now=timezone.now())
    assert Ticket.objects.get(pk=closed.pk).is_open


def test_comments_that_wait_are_not_written_to_another_record(
    sandbox: SandboxProcess, delivered: Ticket, clock: Clock
) -> None:
    comments.write(
        uuid4(), delivered, "For this one.", Element.WORK_NOTES, by=delivered.requested_by, now=clock()
    )
    link.unlink(delivered, Reason.WRONG, by=None, now=clock())
    link_to(Ticket.objects.get(pk=delivered.pk), foreign(sandbox))
    clock.advance(hours=1)
    assert comments.send_due(clock=clock) == 0
    assert TicketComment.objects.get().state == CommentState.GIVEN_UP
    assert sandbox.records("sys_journal_field") == []


def test_a_page_read_before_the_ticket_closed_unlinks_beside_its_successor(
    delivered: Ticket, clock: Clock, secadmin: User
) -> None:
    action = ActionFactory.create()
    Ticket.objects.filter(pk=delivered.pk).update(action=action)
    as_read = Ticket.objects.get(pk=delivered.pk)
    Ticket.objects.filter(pk=delivered.pk).update(is_open=False, normalized_state="closed")
    TicketFactory.create(instance=delivered.instance, action=action)
    assert link.unlink(as_read, Reason.WRONG, by=secadmin, now=clock())
