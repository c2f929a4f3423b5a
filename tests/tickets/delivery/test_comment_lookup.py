"""Notes of ours whose text the instance changes: known again or called uncertain, and never sent twice unasked."""

import re

import pytest
from django.test import Client

from accounts.models import User
from connector.models import Connection
from tests.sandbox_process import SandboxProcess
from tests.tickets.clock import Clock
from tests.tickets.delivery.test_stuck_comments import after_a_while, journal, write
from tickets.delivery import comments
from tickets.models import Ticket, TicketComment
from tickets.models.comments import CommentState
from tickets.records.note_matching import is_alike, letters
from tickets.tracking import record_journal
from tickets.tracking.poll import poll_delta, poll_sweep

pytestmark = [pytest.mark.django_db]

TEXT = "Please look 😀 at “this” <now> & that\r\n\r\nthen   close it. "
CHANGES = ("cut at emoji", "without emoji", "escaped", "respaced", "wrapped in HTML")
# Behind the switch: what the table of journals shows.
TABLES = ("shown", "empty", "forbidden")


def change_texts(sandbox: SandboxProcess, change: str) -> None:
    name = "stored_notes" if change == "wrapped in HTML" else "stored_texts"
    sandbox.settings(**{name: change})


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("table", TABLES)
def test_a_lost_answer_doubles_no_note_whose_text_was_changed(
    sandbox: SandboxProcess, delivered: Ticket, clock: Clock, change: str, table: str
) -> None:
    change_texts(sandbox, change)
    sandbox.settings(journal_table=table)
    sandbox.fault("lose_answer", method="PATCH")
    assert after_a_while(write(delivered, clock, TEXT), clock) == CommentState.DELIVERED
    assert len(journal(sandbox)) == 1


@pytest.mark.parametrize("change", [*CHANGES, "rewritten"])
def test_a_note_whose_text_was_changed_is_shown_once(
    sandbox: SandboxProcess, delivered: Ticket, clock: Clock, secadmin: User, client: Client, change: str
) -> None:
    change_texts(sandbox, change)
    written = write(delivered, clock, TEXT)
    comments.send_due(clock=clock)
    assert poll_delta() == 1
    written.refresh_from_db()
    assert (written.state, bool(written.note_sys_id)) == (CommentState.DELIVERED, True)
    client.force_login(secadmin)
    page = client.get(delivered.get_absolute_url()).content.decode()
    assert len(re.findall(r'<span class="muted">\s*m365\.integration, ', page)) == 1
    assert page.count("In ServiceNow</span>") == 0


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_text_is_shown_once_where_only_the_record_shows_it(
    sandbox: SandboxProcess, delivered: Ticket, clock: Clock, secadmin: User, client: Client, change: str
) -> None:
    sandbox.settings(journal_table="empty")
    change_texts(sandbox, change)
    write(delivered, clock, TEXT)
    comments.send_due(clock=clock)
    assert poll_delta() == 1
    client.force_login(secadmin)
    page = client.get(delivered.get_absolute_url()).content.decode()
    assert page.count("Please look") == 1


def test_a_note_that_nobody_can_know_again_is_left_to_a_person(
    sandbox: SandboxProcess, delivered: Ticket, clock: Clock
) -> None:
    sandbox.settings(stored_texts="rewritten")
    sandbox.fault("lose_answer", method="PATCH")
    assert after_a_while(write(delivered, clock, TEXT), clock) == CommentState.UNCERTAIN
    assert len(journal(sandbox)) == 1


def test_a_note_that_did_not_arrive_is_sent_again_beside_an_earlier_one(
    sandbox: SandboxProcess, delivered: Ticket, clock: Clock
) -> None:
    sandbox.settings(stored_texts="cut at emoji")
    write(delivered, clock, "😀 one")
    comments.send_due(clock=clock)
    sandbox.fault("reset", method="PATCH")
    assert after_a_while(write(delivered, clock, "😀 two"), clock) == CommentState.DELIVERED
    assert len(journal(sandbox)) == 2


def test_two_lost_answers_and_one_note_that_may_be_either_are_left_to_a_person(
    sandbox: SandboxProcess, delivered: Ticket, clock: Clock
) -> None:
    sandbox.settings(stored_texts="cut at emoji")
    sandbox.fault("reset", method="PATCH")
    first = write(delivered, clock, "😀 one")
    comments.send_due(clock=clock)
    sandbox.fault("lose_answer", method="PATCH")
    second = write(delivered, clock, "😀 two")
    comments.send_due(clock=clock)
    assert after_a_while(second, clock) == CommentState.UNCERTAIN
    first.refresh_from_db()
    assert first.state == CommentState.UNCERTAIN
    assert len(journal(sandbox)) == 1


def test_what_another_person_writes_at_that_time_is_not_taken_for_ours(
    sandbox: SandboxProcess, delivered: Ticket, clock: Clock
) -> None:
    sandbox.fault("reset", method="PATCH")
    written = write(delivered, clock, TEXT)
    comments.send_due(clock=clock)
    sandbox.change("change_request", delivered.sys_id, work_notes="I am on it.")
    poll_sweep()
    assert after_a_while(written, clock) == CommentState.DELIVERED
    assert len(journal(sandbox)) == 2


def test_a_stuck_note_is_known_again_when_it_shows_late(
    sandbox: SandboxProcess, delivered: Ticket, clock: Clock, connection: Connection
) -> None:
    sandbox.settings(stored_texts="without emoji", journal_table="empty", unreadable_fields="work_notes")
    sandbox.fault("lose_answer", method="PATCH")
    written = write(delivered, clock, TEXT)
    comments.send_due(clock=clock)
    assert after_a_while(written, clock) == CommentState.UNCERTAIN
    sandbox.settings(journal_table="shown")
    sandbox.change("change_request", delivered.sys_id, state="-4")
    poll_sweep(clock=clock)
    assert TicketComment.objects.get().state == CommentState.DELIVERED


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ("Ada: Turn it on 😀 now", True),
        ("Ada: Turn it on ?? now", True),
        ("Ada: Turn it on ", True),
        ("[code]<p>Ada: Turn it on &#128512; now</p>[/code]", True),
        ("ADA:  turn it\r\non now", True),
        ("Ada: Turn", False),
        ("Ada", False),
        ("", False),
        ("Ada: Turn it off 😀 now", False),
        ("Ada: Turn it on 😀 now, please", False),
    ],
)
def test_what_counts_as_the_same_words(found: str, *, expected: bool) -> None:
    assert is_alike("Ada: Turn it on 😀 now", found, author="Ada") is expected


def test_a_long_text_costs_no_more_than_it_is_long() -> None:
    assert len(letters("<a" * 500_000)) <= 20_000
    assert len(letters("&amp;" * 200_000)) <= 20_000


def test_a_pasted_title_line_is_told_from_a_long_one() -> None:
    shown = (
        "2026-11-28 07:00:54 - Ada (Work notes)\nOne\n\n2026-11-27 07:00:54 - Bo (作業メモ)\nTwo\n\nmore\n\n"
    )
    assert [entry.text for entry in record_journal.entries(shown)] == ["One", "Two\n\nmore"]
    long = ("1 - (" * 60 + "\n\n") * 600
    assert len(record_journal.entries(long)) == 1
