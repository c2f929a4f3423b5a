"""A backup is restored: what it says was never sent has been delivered since, and must not be delivered again.

Real processes on a real file: each command is a portal that knows nothing but what stands in the database.
"""

import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse

from accounts.models import User
from connector.models import Connection
from tests.factories import TicketFactory
from tests.portal.scratch import KEYS, environment, manage
from tests.sandbox_process import SandboxProcess
from tests.tickets.clock import Clock
from tickets.actions.discard import give_up
from tickets.delivery import comments
from tickets.delivery.push import push
from tickets.delivery.restore_guard import FRESH_FOR
from tickets.models import Ticket, TicketComment
from tickets.models.backoff import AttemptResult
from tickets.models.choices import Delivery, Kind
from tickets.models.comments import Element

SHARE = """
from types import SimpleNamespace
from uuid import UUID
from tests import factories
from tools.crash.template import share_as_person
factories.connected(SimpleNamespace(host="{host}"))
factories.UserFactory.create()
share_as_person(UUID("{ticket_id}"))
"""


class Portal:
    """A portal on a file, with commands in processes of their own."""

    def __init__(self, folder: Path, sandbox: SandboxProcess) -> None:
        self.file = folder / "portal.sqlite3"
        self.sandbox = sandbox
        self.settings = environment(
            folder,
            **KEYS,
            SERVICENOW_ALLOWED_HOSTS=sandbox.host,
            PYTHONPATH=".",
            DEMO="1",
        )

    def run(self, *arguments: str) -> None:
        done = manage(*arguments, settings=self.settings)
        assert done.returncode == 0, done.stdout + done.stderr

    def share(self) -> str:
        ticket_id = str(uuid4())
        self.run("shell", "--no-imports", "-c", SHARE.format(host=self.sandbox.host, ticket_id=ticket_id))
        return ticket_id

    def back_up(self, copy: Path) -> None:
        """As docs/operations.md says."""
        with sqlite3.connect(self.file) as database:
            database.execute("VACUUM INTO ?", [str(copy)])
        database.close()

    def restore(self, copy: Path) -> None:
        for old in self.file.parent.glob(f"{self.file.name}*"):
            old.unlink()
        shutil.copy(copy, self.file)

    def ticket(self) -> tuple[str, str, str]:
        """Return delivery, sys_id and last ending of the one ticket."""
        with sqlite3.connect(self.file) as database:
            rows = database.execute("SELECT delivery, sys_id, last_result FROM tickets_ticket").fetchall()
        database.close()
        [row] = rows
        return row  # type: ignore[no-any-return]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_after_a_restore_the_record_made_since_is_adopted(sandbox: SandboxProcess, tmp_path: Path) -> None:
    sandbox.settings(honour_sys_id=False)
    portal = Portal(tmp_path, sandbox)
    portal.run("migrate", "--verbosity", "0")
    ticket_id = portal.share()
    portal.back_up(tmp_path / "backup.sqlite3")
    portal.run("push_due", "--once")
    [record] = sandbox.records("change_request", correlation_id=ticket_id)
    portal.restore(tmp_path / "backup.sqlite3")
    assert portal.ticket() == ("waiting", "", "")
    portal.run("push_due", "--once")
    assert portal.ticket() == ("delivered", record["sys_id"], "adopted")
    assert len(sandbox.records("change_request")) == 1


@pytest.mark.django_db
def test_a_ticket_that_has_waited_is_looked_up_before_its_first_send(
    sandbox: SandboxProcess, ticket: Ticket, clock: Clock
) -> None:
    """A worker that was running all the time cannot know that its database was exchanged."""
    sandbox.settings(honour_sys_id=False)
    record = sandbox.create("change_request", correlation_id=str(ticket.pk), short_description="made before")
    clock.advance(seconds=FRESH_FOR.total_seconds())
    assert push(ticket.pk, clock=clock) == AttemptResult.ADOPTED
    ticket.refresh_from_db()
    assert (
        [ticket.sys_id] == [row["sys_id"] for row in sandbox.records("change_request")] == [record["sys_id"]]
    )


@pytest.mark.django_db
def test_a_type_that_was_edited_since_is_left_to_a_person(
    sandbox: SandboxProcess, ticket: Ticket, clock: Clock
) -> None:
    sandbox.settings(honour_sys_id=False)
    record = sandbox.create("incident", correlation_id=str(ticket.pk), short_description="edited and sent")
    clock.advance(seconds=FRESH_FOR.total_seconds())
    assert push(ticket.pk, clock=clock) == AttemptResult.OTHER_KIND
    ticket.refresh_from_db()
    assert (ticket.delivery, ticket.last_problem) == (Delivery.ATTENTION, record["number"])
    assert ticket.retry(clock(), kind=Kind.INCIDENT)
    assert push(ticket.pk, clock=clock) == AttemptResult.ADOPTED
    assert sandbox.records("change_request") == []


@pytest.mark.django_db
def test_a_type_that_was_edited_after_a_send_without_an_answer_is_left_to_a_person(
    sandbox: SandboxProcess, ticket: Ticket, clock: Clock, client: Client, secadmin: User
) -> None:
    """The backup holds the intent; what became of that, and the edit, came after it."""
    sandbox.settings(honour_sys_id=False)
    Ticket.objects.filter(pk=ticket.pk).update(sent_at=clock())
    sandbox.create("incident", correlation_id=str(ticket.pk), short_description="edited and sent")
    clock.advance(hours=1)
    assert push(ticket.pk, clock=clock) == AttemptResult.NOT_FOUND_YET
    clock.advance(seconds=10)
    assert push(ticket.pk, clock=clock) == AttemptResult.OTHER_KIND
    ticket.refresh_from_db()
    assert not ticket.may_be_discarded
    client.force_login(secadmin)
    page = client.get(ticket.get_absolute_url()).content.decode()
    assert "choose that type" in page
    assert reverse("tickets:retry", args=[ticket.pk]) not in page
    assert not give_up(ticket)
    assert ticket.retry(clock(), kind=Kind.INCIDENT)
    assert push(ticket.pk, clock=clock) == AttemptResult.ADOPTED
    assert sandbox.records("change_request") == []


@pytest.mark.django_db
def test_an_ignored_condition_in_the_other_table_stops_nothing(
    sandbox: SandboxProcess, ticket: Ticket, clock: Clock
) -> None:
    sandbox.settings(unreadable_fields="correlation_id", unreadable_field_query="ignored")
    sandbox.create("incident", short_description="Somebody else's")
    clock.advance(seconds=FRESH_FOR.total_seconds())
    assert push(ticket.pk, clock=clock) == AttemptResult.DELIVERED


@pytest.mark.django_db
def test_where_the_other_table_is_closed_to_us_the_ticket_is_sent(
    sandbox: SandboxProcess, ticket: Ticket, clock: Clock
) -> None:
    clock.advance(seconds=FRESH_FOR.total_seconds())
    sandbox.fault("forbidden", method="GET", about="/table/incident")
    assert push(ticket.pk, clock=clock) == AttemptResult.DELIVERED
    assert sandbox.pending_faults() == []
    assert len(sandbox.records("change_request")) == 1


@pytest.mark.django_db
def test_a_ticket_that_was_just_shared_costs_one_call(
    sandbox: SandboxProcess, connection: Connection, clock: Clock
) -> None:
    first, second = TicketFactory.create_batch(2, instance=connection.instance, requested_by__email="")
    push(first.pk, clock=clock)
    sandbox.clear()
    push(second.pk, clock=clock)
    assert sandbox.requests()["total"] == 1


@pytest.mark.django_db
def test_a_comment_that_a_backup_brings_back_is_not_written_again(
    sandbox: SandboxProcess, ticket: Ticket, clock: Clock, settings: LazySettings
) -> None:
    push(ticket.pk, clock=clock)
    ticket.refresh_from_db()
    written = comments.write(
        uuid4(), ticket, "Seen to.", Element.WORK_NOTES, by=ticket.requested_by, now=clock()
    )
    before = TicketComment.objects.filter(pk=written.pk).values().get()
    comments.send_due(clock=clock)
    ticket.notes.all().delete()
    TicketComment.objects.filter(pk=written.pk).update(**before)
    clock.advance(seconds=(FRESH_FOR + timedelta(seconds=1)).total_seconds())
    comments.send_due(clock=clock)
    assert len(sandbox.records("sys_journal_field")) == 1
    assert TicketComment.objects.get(pk=written.pk).state == "delivered"
