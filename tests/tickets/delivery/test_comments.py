"""Notes mirrored from the journal, and our own written there once each."""

import sys
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from connector.models import Connection, Instance
from tests.factories import TicketFactory
from tests.sandbox_process import SandboxProcess
from tests.tickets.clock import Clock
from tickets.delivery import comments
from tickets.delivery.push import push
from tickets.models import Ticket, TicketComment, TicketNote
from tickets.models.choices import Kind
from tickets.models.comments import CommentState, Element
from tickets.tracking.poll import poll_delta, poll_sweep

pytestmark = [pytest.mark.django_db]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ticket(connection: Connection) -> Ticket:
    ticket = TicketFactory.create(instance=connection.instance, kind=Kind.INCIDENT)
    push(ticket.pk)
    ticket.refresh_from_db()
    return ticket


def write(
    ticket: Ticket, text: str = "Please look at this.", element: Element = Element.WORK_NOTES
) -> TicketComment:
    return comments.write(uuid4(), ticket, text, element, by=ticket.requested_by, now=timezone.now())


def journal(sandbox: SandboxProcess) -> list[str]:
    return [row["value"] for row in sandbox.records("sys_journal_field")]


def send_until_settled(written: TicketComment, clock: Clock) -> TicketComment:
    for _ in range(40):
        comments.send_due(clock=clock)
        written.refresh_from_db()
        if written.state != CommentState.WAITING:
            return written
        clock.advance(seconds=20)
    raise AssertionError(f"still waiting: {written.last_problem}")


def test_what_people_write_in_servicenow_is_seen_once(sandbox: SandboxProcess, ticket: Ticket) -> None:
    sandbox.change("incident", ticket.sys_id, work_notes="Looking into it.")
    sandbox.change("incident", ticket.sys_id, comments="Done?")
    poll_delta()
    poll_sweep()
    notes = {(note.element, note.text, note.by) for note in TicketNote.objects.all()}
    assert {(element, text) for element, text, _ in notes} == {
        ("work_notes", "Looking into it."),
        ("comments", "Done?"),
    }
    assert TicketNote.objects.count() == 2


def test_a_comment_is_written_once_as_a_work_note_with_its_authors_name(
    sandbox: SandboxProcess, ticket: Ticket, clock: Clock
) -> None:
    written = send_until_settled(write(ticket), clock)
    comments.send_due(clock=clock)
    assert written.state == CommentState.DELIVERED
    assert journal(sandbox) == [f"{ticket.requested_by}: Please look at this."]
    [row] = sandbox.records("sys_journal_field")
    assert row["element"] == "work_notes"


@pytest.mark.parametrize("fault", ["lose_answer", "commit_then_500", "truncated"])
def test_a_lost_answer_is_looked_up_before_a_second_note(
    sandbox: SandboxProcess, ticket: Ticket, clock: Clock, fault: str
) -> None:
    sandbox.fault(fault, method="PATCH", times=1)
    written = send_until_settled(write(ticket), clock)
    assert written.state == CommentState.DELIVERED
    assert len(journal(sandbox)) == 1
    assert written.note_sys_id


def test_a_comment_that_was_asked_to_wait_holds_up_those_behind_it(
    sandbox: SandboxProcess, ticket: Ticket, clock: Clock
) -> None:
    push(ticket.pk)
    ticket.refresh_from_db()
    for number in range(3):
        comments.write(
            uuid4(), ticket, f"Note {number}", Element.WORK_NOTES, by=ticket.requested_by, now=timezone.now()
        )
    sandbox.clear()
    sandbox.fault("rate_limit", method="PATCH", times=9, seconds=60)
    comments.send_due(clock=clock)
    assert sandbox.requests()["total"] == 1


def test_what_never_arrived_is_sent_again_after_the_quarantine(
    sandbox: SandboxProcess, ticket: Ticket, clock: Clock, settings: LazySettings
) -> None:
    settings.PUSH_QUARANTINE = 60
    sandbox.fault("reset", method="PATCH", times=1)
    written = write(ticket)
    comments.send_due(clock=clock)
    clock.advance(seconds=30)
    comments.send_due(clock=clock)
    assert journal(sandbox) == []
    assert send_until_settled(written, clock).state == CommentState.DELIVERED
    assert len(journal(sandbox)) == 1


def test_the_same_words_twice_are_two_notes(sandbox: SandboxProcess, ticket: Ticket, clock: Clock) -> None:
    send_until_settled(write(ticket), clock)
    poll_delta()
    sandbox.fault("reset", method="PATCH", times=1)
    second = send_until_settled(write(ticket), clock)
    assert second.state == CommentState.DELIVERED
    assert len(journal(sandbox)) == 2


def test_a_refused_comment_says_so_and_is_not_repeated(
    sandbox: SandboxProcess, ticket: Ticket, clock: Clock
) -> None:
    sandbox.fault("forbidden", method="PATCH", times=1)
    written = send_until_settled(write(ticket), clock)
    assert (written.state, written.sent_at) == (CommentState.REFUSED, None)
    assert written.last_problem
    assert journal(sandbox) == []


def test_a_look_up_that_is_refused_never_leads_to_a_second_note(
    sandbox: SandboxProcess, ticket: Ticket, clock: Clock
) -> None:
    sandbox.fault("lose_answer", method="PATCH", times=1)
    written = write(ticket)
    comments.send_due(clock=clock)
    sandbox.fault("forbidden", method="GET", times=50)
    clock.advance(hours=1)
    settled = send_until_settled(written, clock)
    assert settled.state == CommentState.UNCERTAIN
    assert len(journal(sandbox)) == 1


def test_our_own_note_is_known_again_in_the_journal(
    sandbox: SandboxProcess, ticket: Ticket, clock: Clock, secadmin: User, client: Client
) -> None:
    written = send_until_settled(write(ticket), clock)
    poll_delta()
    written.refresh_from_db()
    assert written.note_sys_id == TicketNote.objects.get().sys_id
    client.force_login(secadmin)
    assert client.get(ticket.get_absolute_url()).content.count(b"Please look at this.") == 1


def test_the_form_sent_twice_writes_one_comment(
    ticket: Ticket, secadmin: User, reader: User, client: Client
) -> None:
    address, form = reverse("tickets:comment", args=[ticket.pk]), {"comment_id": uuid4(), "text": "Hello"}
    client.force_login(secadmin)
    for _ in range(2):
        assert client.post(address, {**form, "is_comment": "on"}).status_code == 302
    assert TicketComment.objects.get().element == Element.COMMENTS
    assert client.post(address, {"comment_id": uuid4(), "text": " "}).status_code == 422
    client.force_login(reader)
    assert client.post(address, form).status_code == 403


def test_who_works_on_it_is_shown_by_name(
    sandbox: SandboxProcess, ticket: Ticket, secadmin: User, client: Client
) -> None:
    group = sandbox.create("sys_user_group", name="Identity team")
    sandbox.change("incident", ticket.sys_id, assignment_group=group["sys_id"])
    poll_delta()
    client.force_login(secadmin)
    assert b"Identity team" in client.get(ticket.get_absolute_url()).content


def test_somebody_elses_priority_and_due_date_are_shown_beside_what_was_asked(
    sandbox: SandboxProcess, ticket: Ticket, secadmin: User, client: Client
) -> None:
    Ticket.objects.filter(pk=ticket.pk).update(due_on="2030-01-10")
    sandbox.change("incident", ticket.sys_id, impact="1", urgency="1", due_date="2030-02-01 12:00:00")
    poll_delta()
    ticket.refresh_from_db()
    assert (ticket.current_priority, str(ticket.current_due_on)) == (1, "2030-02-01")
    assert (ticket.priority, str(ticket.due_on)) == (3, "2030-01-10")
    client.force_login(secadmin)
    page = client.get(ticket.get_absolute_url()).content
    assert b"asked for: Moderate" in page
    assert b"asked for: 01/10/2030" in page or b"asked for:" in page


def test_a_reopened_ticket_says_so(sandbox: SandboxProcess, ticket: Ticket) -> None:
    sandbox.change("incident", ticket.sys_id, state="7", active="false", close_code="Solution provided")
    poll_delta()
    sandbox.change("incident", ticket.sys_id, state="2", active="true")
    poll_delta()
    ticket.refresh_from_db()
    assert ticket.is_open
    assert ticket.events.filter(type="reopened").count() == 1


def test_a_changed_ticket_is_read_with_few_calls(
    sandbox: SandboxProcess, connection: Connection, ticket: Ticket
) -> None:
    change = TicketFactory.create(instance=connection.instance)
    push(change.pk)
    change.refresh_from_db()
    sandbox.change("incident", ticket.sys_id, state="2")
    sandbox.change("change_request", change.sys_id, state="-4")
    before = Instance.objects.get().calls_in_hour
    assert poll_delta() == 2
    # The delta's page, the empty one after it, and both records with their journals in one batch.
    assert Instance.objects.get().calls_in_hour - before == 3


def test_without_a_batch_api_the_same_is_read_call_by_call(
    sandbox: SandboxProcess, connection: Connection, ticket: Ticket
) -> None:
    sandbox.change("incident", ticket.sys_id, state="2", work_notes="On it.")
    sandbox.fault("forbidden", route="batch", method="POST", times=5)
    assert poll_delta() == 1
    assert TicketNote.objects.get().text == "On it."


def test_a_page_of_strangers_changes_nothing(sandbox: SandboxProcess, ticket: Ticket) -> None:
    stranger = sandbox.create("incident", short_description="Not ours", work_notes="Private")
    sandbox.change("incident", stranger["sys_id"], work_notes="Private too")
    poll_delta()
    poll_sweep(clock=lambda: timezone.now() + timedelta(days=2))
    assert not TicketNote.objects.exists()


def test_a_worker_that_was_frozen_while_its_token_was_renewed_repeats_no_note(
    sandbox: SandboxProcess, delivered: Ticket, clock: Clock
) -> None:
    note = comments.write(
        uuid4(), delivered, "Seen to.", Element.WORK_NOTES, by=delivered.requested_by, now=clock()
    )
    sandbox.fault("unauthorized", method="PATCH")
    calls: list[object] = []

    def freeze(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.connect" and len(calls) < 2 and arguments[1][1] == sandbox.port:
            calls.append(arguments)
            if len(calls) == 2:  # The token's call, after the 401.
                clock.advance(seconds=200)
                comments.send_due(clock=clock)

    sys.addaudithook(freeze)
    comments.send_due(clock=clock)
    clock.advance(seconds=10)
    comments.send_due(clock=clock)
    note.refresh_from_db()
    assert len(sandbox.records("sys_journal_field")) == 1
