"""Comments whose journal is closed to us, that were tried too often, or that a person decides about."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry, User
from connector.models import Instance
from tests.factories import TicketCommentFactory
from tests.sandbox_process import SandboxProcess
from tests.tickets.clock import Clock
from tickets.actions import link
from tickets.actions.link import Reason
from tickets.delivery import comments, restore_guard
from tickets.delivery.restore_guard import FRESH_FOR
from tickets.models import Ticket, TicketComment
from tickets.models.backoff import BACKOFF
from tickets.models.comments import CommentState, Element
from tickets.tracking import score_completion
from tickets.tracking.poll import poll_sweep

pytestmark = [pytest.mark.django_db]


def write(ticket: Ticket, clock: Clock, text: str = "Please look.") -> TicketComment:
    return comments.write(uuid4(), ticket, text, Element.WORK_NOTES, by=ticket.requested_by, now=clock())


def journal(sandbox: SandboxProcess) -> list[str]:
    return [row["value"] for row in sandbox.records("sys_journal_field")]


def close_the_table(sandbox: SandboxProcess) -> None:
    sandbox.fault("forbidden", method="GET", about="/table/sys_journal_field", times=99)


def close_everything(sandbox: SandboxProcess) -> None:
    close_the_table(sandbox)
    sandbox.settings(unreadable_fields="work_notes")


def after_a_while(written: TicketComment, clock: Clock) -> str:
    """How it stands once all that was to be waited for is over."""
    clock.advance(seconds=FRESH_FOR.total_seconds() + 1)
    for _ in range(3):
        comments.send_due(clock=clock)
        clock.advance(minutes=10)
    written.refresh_from_db()
    return written.state


def restored(written: TicketComment) -> None:
    """What a backup brings back: waiting, as if it had never been sent, and older than this process."""
    TicketComment.objects.filter(pk=written.pk).update(
        state=CommentState.WAITING,
        sent_at=None,
        delivered_at=None,
        next_attempt_at=timezone.now(),
        created_at=restore_guard.STARTED_AT - timedelta(minutes=1),
    )


@pytest.mark.parametrize("close", [close_the_table, close_everything])
def test_a_comment_that_waited_long_is_sent_where_the_journal_is_closed(
    sandbox: SandboxProcess, delivered: Ticket, clock: Clock, close: object
) -> None:
    assert callable(close)
    close(sandbox)
    assert after_a_while(write(delivered, clock), clock) == CommentState.DELIVERED
    assert len(journal(sandbox)) == 1


def test_a_comment_that_waited_long_is_sent_where_sorting_is_refused(
    sandbox: SandboxProcess, delivered: Ticket, clock: Clock
) -> None:
    sandbox.settings(range_queries_allowed=False, query_denial="forbidden")
    Instance.objects.update(range_queries_allowed=False)
    assert after_a_while(write(delivered, clock), clock) == CommentState.DELIVERED
    assert len(journal(sandbox)) == 1


def test_a_lost_answer_is_looked_up_in_the_record_where_the_table_is_closed(
    sandbox: SandboxProcess, delivered: Ticket, clock: Clock
) -> None:
    close_the_table(sandbox)
    sandbox.fault("lose_answer", method="PATCH")
    assert after_a_while(write(delivered, clock, "Two\r\nlines & more"), clock) == CommentState.DELIVERED
    assert len(journal(sandbox)) == 1


def test_the_same_words_twice_are_two_notes_where_the_table_is_closed(
    sandbox: SandboxProcess, delivered: Ticket, clock: Clock
) -> None:
    close_the_table(sandbox)
    write(delivered, clock)
    comments.send_due(clock=clock)
    sandbox.fault("reset", method="PATCH")
    assert after_a_while(write(delivered, clock), clock) == CommentState.DELIVERED
    assert len(journal(sandbox)) == 2


@pytest.mark.parametrize("close", [close_the_table, close_everything])
def test_what_a_backup_brings_back_is_not_written_again_where_the_table_is_closed(
    sandbox: SandboxProcess, delivered: Ticket, clock: Clock, close: object
) -> None:
    assert callable(close)
    close(sandbox)
    written = write(delivered, clock)
    comments.send_due(clock=clock)
    restored(written)
    expected = CommentState.DELIVERED if close is close_the_table else CommentState.UNCERTAIN
    assert after_a_while(written, clock) == expected
    assert len(journal(sandbox)) == 1


def test_a_journal_that_shows_nothing_without_a_word_proves_nothing(
    sandbox: SandboxProcess, delivered: Ticket, clock: Clock
) -> None:
    sandbox.fault("acl_hidden", method="GET", about="/table/sys_journal_field", times=99)
    sandbox.settings(unreadable_fields="work_notes")
    sandbox.fault("lose_answer", method="PATCH")
    assert after_a_while(write(delivered, clock), clock) == CommentState.UNCERTAIN
    assert len(journal(sandbox)) == 1


def test_the_last_lost_answer_is_looked_up_too(
    sandbox: SandboxProcess, delivered: Ticket, clock: Clock
) -> None:
    written = write(delivered, clock)
    TicketComment.objects.update(attempts=len(BACKOFF))
    sandbox.fault("lose_answer", method="PATCH")
    comments.send_due(clock=clock)
    assert after_a_while(written, clock) == CommentState.DELIVERED


def test_what_was_tried_too_often_is_uncertain_until_it_is_seen(
    sandbox: SandboxProcess, delivered: Ticket, clock: Clock
) -> None:
    written = write(delivered, clock)
    TicketComment.objects.update(attempts=len(BACKOFF))
    sandbox.fault("reset", method="PATCH", times=9)
    comments.send_due(clock=clock)
    assert after_a_while(written, clock) == CommentState.UNCERTAIN
    assert journal(sandbox) == []
    sandbox.change("change_request", delivered.sys_id, work_notes=written.written)
    poll_sweep(clock=clock)
    written.refresh_from_db()
    assert (written.state, bool(written.note_sys_id)) == (CommentState.DELIVERED, True)


def test_a_person_sends_it_again_or_gives_it_up(
    sandbox: SandboxProcess, delivered: Ticket, secadmin: User, client: Client
) -> None:
    first, second = TicketCommentFactory.create_batch(
        2, ticket=delivered, state=CommentState.UNCERTAIN, sent_at=timezone.now(), attempts=11
    )
    client.force_login(secadmin)
    page = client.get(delivered.get_absolute_url()).content.decode()
    assert page.count("May not have arrived") == 2
    for _ in range(2):
        client.post(reverse("tickets:comment_again", args=[delivered.pk, first.pk]))
        client.post(reverse("tickets:give_up_comment", args=[delivered.pk, second.pk]))
    close_everything(sandbox)
    comments.send_due()
    assert journal(sandbox) == [first.written]
    states = [TicketComment.objects.get(pk=one.pk).state for one in (first, second)]
    assert states == [CommentState.DELIVERED, CommentState.DROPPED]
    verbs = AuditEntry.objects.filter(verb__startswith="ticket.comment_").values_list("verb", "actor")
    assert sorted(verbs) == [
        ("ticket.comment_given_up", secadmin.pk),
        ("ticket.comment_sent_again", secadmin.pk),
    ]


def test_nobody_decides_about_a_comment_of_another_ticket_or_one_that_is_on_its_way(
    delivered: Ticket, secadmin: User, client: Client
) -> None:
    elsewhere = TicketCommentFactory.create(state=CommentState.UNCERTAIN)
    waiting = TicketCommentFactory.create(ticket=delivered)
    client.force_login(secadmin)
    give_up = [
        reverse("tickets:give_up_comment", args=[delivered.pk, one.pk]) for one in (elsewhere, waiting)
    ]
    assert [client.post(address).status_code for address in give_up] == [404, 302]
    assert set(TicketComment.objects.values_list("state", flat=True)) == {"uncertain", "waiting"}


def test_what_is_uncertain_is_not_written_to_another_record(delivered: Ticket, clock: Clock) -> None:
    stuck = TicketCommentFactory.create(ticket=delivered, state=CommentState.UNCERTAIN)
    link.unlink(delivered, Reason.WRONG, by=None, now=clock())
    stuck.refresh_from_db()
    assert stuck.state == CommentState.GIVEN_UP


def test_a_delivered_comment_stays_on_the_page_while_no_note_shows_it(
    sandbox: SandboxProcess, delivered: Ticket, clock: Clock, secadmin: User, client: Client
) -> None:
    close_everything(sandbox)
    write(delivered, clock)
    client.force_login(secadmin)
    pages = [client.get(delivered.get_absolute_url()).content.decode()]
    for _ in range(2):
        comments.send_due(clock=clock)
        poll_sweep(clock=clock)
        pages.append(client.get(delivered.get_absolute_url()).content.decode())
    assert [page.count("Please look.") for page in pages] == [1, 1, 1]
    assert ["In ServiceNow</span>" in page for page in pages] == [False, True, True]


def test_the_portals_own_note_is_not_made_twice_by_a_backup_that_is_older_than_it(
    sandbox: SandboxProcess, delivered: Ticket, clock: Clock, settings: LazySettings
) -> None:
    own = {
        "ticket": delivered,
        "text": score_completion.WORK_NOTE,
        "author": None,
        "next_attempt_at": clock(),
    }
    before = TicketCommentFactory.create(**own)
    comments.send_due(clock=clock)
    before.delete()
    delivered.notes.all().delete()
    clock.advance(hours=5)
    after = TicketCommentFactory.create(**own, created_at=clock())
    TicketComment.objects.update(created_at=clock())
    comments.send_due(clock=clock)
    after.refresh_from_db()
    assert (after.state, journal(sandbox)) == (CommentState.DELIVERED, [score_completion.WORK_NOTE])


def test_a_journal_whose_rows_became_hidden_doubles_no_note(
    sandbox: SandboxProcess, delivered: Ticket, clock: Clock
) -> None:
    write(delivered, clock, "First.")
    comments.send_due(clock=clock)
    poll_sweep(clock=clock)
    sandbox.fault("acl_hidden", method="GET", about="/table/sys_journal_field", times=99)
    sandbox.fault("lose_answer", method="PATCH")
    assert after_a_while(write(delivered, clock, "Second."), clock) == CommentState.DELIVERED
    assert len(journal(sandbox)) == 2


def test_a_clock_that_is_put_right_doubles_no_note(
    sandbox: SandboxProcess, delivered: Ticket, clock: Clock
) -> None:
    clock.advance(minutes=10)
    written = write(delivered, clock)
    sandbox.fault("lose_answer", method="PATCH")
    comments.send_due(clock=clock)
    clock.advance(minutes=-10)
    poll_sweep(clock=clock)
    for number in range(1, 11):
        clock.advance(minutes=4)
        sandbox.settings(clock_offset_seconds=240 * number)
        comments.send_due(clock=clock)
    written.refresh_from_db()
    assert (written.state, len(journal(sandbox))) == (CommentState.DELIVERED, 1)


@pytest.mark.parametrize("given_up", [CommentState.DROPPED, CommentState.GIVEN_UP])
def test_words_that_were_given_up_before_leave_it_to_a_person(
    sandbox: SandboxProcess, delivered: Ticket, clock: Clock, given_up: CommentState
) -> None:
    close_the_table(sandbox)
    assert after_a_while(write(delivered, clock), clock) == CommentState.DELIVERED
    TicketComment.objects.update(state=given_up)
    sandbox.fault("reset", method="PATCH")
    assert after_a_while(write(delivered, clock), clock) == CommentState.UNCERTAIN


def test_words_said_before_the_record_was_linked_anew_are_not_taken_for_the_same_said_again(
    sandbox: SandboxProcess, delivered: Ticket, clock: Clock, secadmin: User
) -> None:
    close_the_table(sandbox)
    write(delivered, clock)
    comments.send_due(clock=clock)
    sys_id = delivered.sys_id
    assert link.unlink(delivered, Reason.WRONG, by=secadmin, now=clock())
    again = Ticket.objects.get(pk=delivered.pk)
    clock.advance(hours=1)
    link.choose(again, sys_id, seen=[], by=secadmin, now=clock())
    again.refresh_from_db()
    sandbox.fault("reset", method="PATCH")
    assert after_a_while(write(again, clock), clock) == CommentState.DELIVERED
    assert len(journal(sandbox)) == 2
