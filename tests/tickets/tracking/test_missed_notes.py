"""What people wrote about a record, where the table of journals is closed to us or shows nothing."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from connector.models import Connection, Instance
from tests.factories import TicketFactory
from tests.sandbox_process import SandboxProcess
from tests.tickets.clock import Clock
from tickets.actions import link
from tickets.actions.link import Reason
from tickets.delivery import comments
from tickets.delivery.push import push
from tickets.models import Ticket, TicketComment, TicketNote
from tickets.models.comments import Element
from tickets.tracking import journal, missed_notes
from tickets.tracking.poll import poll_delta, poll_sweep

pytestmark = [pytest.mark.django_db]

UNREADABLE = "Notes cannot be read"
NONE = "None yet."


def hide_rows(sandbox: SandboxProcess) -> None:
    sandbox.settings(journal_table="empty")


def close_table(sandbox: SandboxProcess) -> None:
    sandbox.settings(journal_table="forbidden")


def hide_everything(sandbox: SandboxProcess) -> None:
    sandbox.settings(journal_table="empty", unreadable_fields="work_notes,comments")


def close_everything(sandbox: SandboxProcess) -> None:
    sandbox.settings(journal_table="forbidden", unreadable_fields="work_notes,comments")


def page(client: Client, ticket: Ticket) -> str:
    return client.get(ticket.get_absolute_url()).content.decode()


def write(sandbox: SandboxProcess, ticket: Ticket, text: str, element: str = "work_notes") -> None:
    sandbox.change(ticket.kind, ticket.sys_id, **{element: text})


@pytest.mark.parametrize("close", [hide_rows, close_table])
def test_the_records_own_journal_is_read_where_the_table_shows_nothing(
    sandbox: SandboxProcess,
    delivered: Ticket,
    secadmin: User,
    client: Client,
    close: Callable[[SandboxProcess], None],
) -> None:
    close(sandbox)
    write(sandbox, delivered, "Looking into it.\n\nSecond paragraph - of mine.")
    write(sandbox, delivered, "Please call me.", "comments")
    assert poll_delta() == 1
    client.force_login(secadmin)
    shown = page(client, delivered)
    assert [shown.count(text) for text in ("Looking into it.", "Second paragraph", "Please call me.")] == [
        1,
        1,
        1,
    ]
    assert NONE not in shown
    assert UNREADABLE not in shown


@pytest.mark.parametrize("close", [hide_everything, close_everything])
def test_notes_that_cannot_be_read_are_not_called_none(
    sandbox: SandboxProcess,
    delivered: Ticket,
    secadmin: User,
    client: Client,
    close: Callable[[SandboxProcess], None],
) -> None:
    close(sandbox)
    write(sandbox, delivered, "Nobody reads me.")
    assert poll_delta() == 1
    client.force_login(secadmin)
    shown = page(client, delivered)
    assert UNREADABLE in shown
    assert "sys_journal_field" in shown
    assert NONE not in shown


def test_our_own_note_that_does_not_show_says_that_others_do_not_either(
    sandbox: SandboxProcess, delivered: Ticket, clock: Clock, secadmin: User, client: Client
) -> None:
    hide_everything(sandbox)
    send(delivered, clock)
    poll_delta()
    client.force_login(secadmin)
    assert UNREADABLE in page(client, delivered)


def send(ticket: Ticket, clock: Clock, text: str = "Seen to.") -> TicketComment:
    TicketComment.objects.create(
        ticket=ticket,
        text=text,
        element=Element.WORK_NOTES,
        author=ticket.requested_by,
        next_attempt_at=clock(),
    )
    comments.send_due(clock=clock)
    return TicketComment.objects.get(text=text)


@pytest.mark.parametrize("close", [hide_everything, close_everything, close_table, hide_rows])
def test_what_was_missed_comes_once_it_can_be_read(
    sandbox: SandboxProcess,
    delivered: Ticket,
    clock: Clock,
    secadmin: User,
    client: Client,
    close: Callable[[SandboxProcess], None],
) -> None:
    close(sandbox)
    send(delivered, clock)
    write(sandbox, delivered, "Written while it was closed.")
    poll_delta()
    sandbox.settings(journal_table="shown", unreadable_fields="")
    missed_notes.read(clock=clock)
    client.force_login(secadmin)
    shown = page(client, delivered)
    assert [shown.count("Written while it was closed."), shown.count("Seen to.")] == [1, 1]
    assert UNREADABLE not in shown
    if close in (hide_everything, close_everything):
        assert set(TicketNote.objects.values_list("by", flat=True)) == {"admin", "m365.integration"}


def test_a_journal_that_was_not_read_to_its_end_is_read_later(
    sandbox: SandboxProcess, delivered: Ticket, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    monkeypatch.setattr(journal, "LIMIT", 2)
    for number in range(3):
        write(sandbox, delivered, f"Note {number}")
    sandbox.settings(unreadable_fields="work_notes,comments")
    sandbox.fault("server_error", method="GET", about="ORDERBYsys_created_on", times=50)
    assert poll_delta() == 1
    sandbox.clear()
    assert TicketNote.objects.count() < 3
    missed_notes.read(clock=clock)
    assert TicketNote.objects.count() == 3


def test_a_table_that_becomes_hidden_is_found_out(
    sandbox: SandboxProcess, delivered: Ticket, secadmin: User, client: Client
) -> None:
    write(sandbox, delivered, "While all was well.")
    poll_delta()
    hide_rows(sandbox)
    write(sandbox, delivered, "After the rules had changed.")
    poll_delta()
    client.force_login(secadmin)
    assert page(client, delivered).count("After the rules had changed.") == 1


def test_notes_of_a_record_that_was_adopted_come_too(
    sandbox: SandboxProcess, delivered: Ticket, clock: Clock
) -> None:
    write(sandbox, delivered, "Before anybody here looked.")
    version = int(sandbox.records("change_request")[0]["sys_mod_count"])
    Ticket.objects.update(sys_mod_count=version)
    poll_sweep(clock=clock)
    missed_notes.read(clock=clock)
    assert TicketNote.objects.get().text == "Before anybody here looked."


def test_unlinking_forgets_the_journal_of_the_other_record(
    sandbox: SandboxProcess, delivered: Ticket, secadmin: User, client: Client
) -> None:
    hide_rows(sandbox)
    write(sandbox, delivered, "About the other record.")
    poll_delta()
    delivered.refresh_from_db()
    assert link.unlink(delivered, Reason.WRONG, by=secadmin, now=timezone.now())
    client.force_login(secadmin)
    assert "About the other record." not in page(client, delivered)


def test_what_is_still_closed_costs_one_call_a_round(
    sandbox: SandboxProcess, connection: Connection, delivered: Ticket, clock: Clock
) -> None:
    close_everything(sandbox)
    others = TicketFactory.create_batch(2, instance=connection.instance)
    write(sandbox, delivered, "Nobody reads me.")
    poll_delta()
    before = Instance.objects.get().calls_in_hour
    missed_notes.read(clock=clock)
    assert Instance.objects.get().calls_in_hour - before == 1
    assert len(others) == 2
    assert missed_notes.read(clock=clock) == 0


def test_where_records_show_their_journals_an_empty_one_is_empty(
    sandbox: SandboxProcess, connection: Connection, delivered: Ticket, secadmin: User, client: Client
) -> None:
    close_table(sandbox)
    other = TicketFactory.create(instance=connection.instance)
    push(other.pk)
    other.refresh_from_db()
    write(sandbox, delivered, "Looking into it.")
    poll_delta()
    sandbox.change("change_request", other.sys_id, state="-4")
    poll_delta()
    client.force_login(secadmin)
    assert NONE in page(client, other)
    sandbox.settings(unreadable_fields="work_notes,comments")
    sandbox.change("change_request", other.sys_id, state="-3")
    poll_delta()
    assert UNREADABLE in page(client, other)


def test_own_notes_are_shown_once_where_only_the_record_shows_them(
    sandbox: SandboxProcess, delivered: Ticket, clock: Clock, secadmin: User, client: Client
) -> None:
    hide_rows(sandbox)
    send(delivered, clock, "One & only.")
    poll_delta()
    client.force_login(secadmin)
    assert page(client, delivered).count("One &amp; only.") == 1
