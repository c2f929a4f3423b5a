"""What counts as ServiceNow's no, and how often it is looked for what was sent before it is sent again."""

from typing import Any
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse

from accounts.models import User
from connector.access.client_factory import open_client
from connector.health.tables import TABLES
from connector.models import Connection
from connector.servicenow import trial
from connector.servicenow.trial import TrialUnclear
from tests.factories import ChangeTemplateFactory
from tests.sandbox_process import SandboxProcess
from tests.tickets.clock import Clock
from tickets.delivery import comments
from tickets.delivery.push import push
from tickets.models import Ticket, TicketComment
from tickets.models.backoff import AttemptResult
from tickets.models.choices import Delivery
from tickets.models.comments import CommentState, Element
from tickets.tracking.journal import read_notes

pytestmark = [pytest.mark.django_db]
CHANGE = "change_request"
# Each has done what it was asked before it says no.
FALSE_NOES = {
    "refused_by_a_proxy": AttemptResult.OUTCOME_UNKNOWN,
    "cancelled": AttemptResult.OUTCOME_UNKNOWN,
    "unauthorized_by_a_proxy": AttemptResult.PAUSED,
    "limited_by_a_proxy": AttemptResult.RATE_LIMITED,
}


def pushed(ticket: Ticket, clock: Clock, *, times: int = 6, minutes: float = 10) -> Ticket:
    """Let a worker come by now and then."""
    for _ in range(times):
        clock.advance(minutes=minutes)
        push(ticket.pk, clock=clock)
    ticket.refresh_from_db()
    return ticket


@pytest.mark.parametrize("on_template", [False, True], ids=["table", "template"])
@pytest.mark.parametrize(("kind", "result"), FALSE_NOES.items())
def test_a_no_of_somebody_else_after_the_record_was_made_makes_no_second_one(
    sandbox: SandboxProcess, ticket: Ticket, clock: Clock, kind: str, result: AttemptResult, on_template: bool
) -> None:
    sandbox.settings(honour_sys_id=False)
    if on_template:
        ChangeTemplateFactory.create(instance=ticket.instance)
    sandbox.fault(kind, route="change" if on_template else "table")
    assert push(ticket.pk, clock=clock) == result
    ticket.refresh_from_db()
    assert ticket.sent_at is not None
    assert ticket.attempts == (result == AttemptResult.OUTCOME_UNKNOWN)
    [record] = sandbox.records(CHANGE)
    assert pushed(ticket, clock).sys_id == record["sys_id"]
    assert len(sandbox.records(CHANGE)) == 1


@pytest.mark.parametrize("edits", [{}, {"name": "Edited"}], ids=["try again", "edit and send again"])
def test_whoever_tries_again_after_a_refusal_has_it_looked_for(
    sandbox: SandboxProcess, ticket: Ticket, clock: Clock, edits: dict[str, Any]
) -> None:
    """A proxy that repeats the call gets the first one through, and hands back the refusal of the second."""
    sandbox.settings(honour_sys_id=False)
    sandbox.fault("business_rule_abort")
    assert push(ticket.pk, clock=clock) == AttemptResult.REFUSED
    record = sandbox.create(CHANGE, correlation_id=str(ticket.pk), short_description="made all the same")
    ticket.refresh_from_db()
    assert ticket.retry(clock(), **edits)
    assert push(ticket.pk, clock=clock) == AttemptResult.ADOPTED
    ticket.refresh_from_db()
    assert ticket.sys_id == record["sys_id"]


def test_a_key_that_is_taken_is_looked_for(sandbox: SandboxProcess, ticket: Ticket, clock: Clock) -> None:
    """With our primary key kept, a proxy that repeats the call brings back that the key is taken."""
    sandbox.fault("repeated")
    assert push(ticket.pk, clock=clock) == AttemptResult.OUTCOME_UNKNOWN
    [record] = sandbox.records(CHANGE)
    assert pushed(ticket, clock, times=1).sys_id == record["sys_id"]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("refused_in_other_words", "Vorgang fehlgeschlagen: Änderungen sind gesperrt"),
        ("blocked_by_a_proxy", "HTTP 403"),
    ],
)
def test_a_no_in_unknown_words_is_told_once_nothing_was_found(
    sandbox: SandboxProcess,
    ticket: Ticket,
    clock: Clock,
    settings: LazySettings,
    client: Client,
    secadmin: User,
    kind: str,
    said: str,
) -> None:
    sandbox.fault(kind, times=100)
    assert push(ticket.pk, clock=clock) == AttemptResult.OUTCOME_UNKNOWN
    assert sandbox.pending_faults()[0]["times"] == 99
    ticket = pushed(ticket, clock, times=3)
    assert (ticket.delivery, ticket.last_result, ticket.last_problem) == (
        Delivery.ATTENTION,
        AttemptResult.DOUBTED,
        said,
    )
    assert sandbox.pending_faults()[0]["times"] == 99
    client.force_login(secadmin)
    page = client.get(ticket.get_absolute_url()).content.decode()
    assert "Probably refused" in page
    assert said in page
    client.post(reverse("tickets:retry", args=[ticket.pk]))
    sandbox.clear()
    assert pushed(ticket, clock, times=3).is_delivered
    assert len(sandbox.records(CHANGE)) == 1


def test_before_a_second_sending_it_is_looked_for_twice(
    sandbox: SandboxProcess, ticket: Ticket, clock: Clock, settings: LazySettings
) -> None:
    sandbox.settings(honour_sys_id=False)
    sandbox.fault("lose_answer")
    push(ticket.pk, clock=clock)
    sandbox.fault("acl_hidden", method="GET", times=2, about=f"{ticket.pk}")
    sandbox.fault("acl_hidden", method="GET", times=2, about=f"{ticket.client_sys_id}")
    clock.advance(seconds=settings.PUSH_QUARANTINE + 1)
    assert push(ticket.pk, clock=clock) == AttemptResult.NOT_FOUND_YET
    sandbox.clear()
    assert push(ticket.pk, clock=clock) is None
    clock.advance(seconds=6)
    assert push(ticket.pk, clock=clock) == AttemptResult.ADOPTED
    assert len(sandbox.records(CHANGE)) == 1


@pytest.fixture
def note(delivered: Ticket, clock: Clock) -> TicketComment:
    by = delivered.requested_by
    return comments.write(uuid4(), delivered, "Seen to.", Element.WORK_NOTES, by=by, now=clock())


def sent(note: TicketComment, clock: Clock, *, times: int, minutes: float = 10) -> TicketComment:
    for _ in range(times):
        comments.send_due(clock=clock)
        clock.advance(minutes=minutes)
    note.refresh_from_db()
    return note


@pytest.mark.parametrize("kind", FALSE_NOES)
def test_a_note_is_not_written_again_after_the_no_of_somebody_else(
    sandbox: SandboxProcess, note: TicketComment, clock: Clock, kind: str
) -> None:
    sandbox.fault(kind, method="PATCH")
    note = sent(note, clock, times=8)
    assert note.state == CommentState.DELIVERED
    assert len(sandbox.records("sys_journal_field")) == 1


def test_a_note_is_looked_for_twice_before_it_is_written_again(
    sandbox: SandboxProcess, note: TicketComment, clock: Clock
) -> None:
    sandbox.change(CHANGE, note.ticket.sys_id, work_notes="Somebody else's.")
    read_notes(note.ticket, note.ticket.sys_id, open_client(Connection.objects.get(), now=clock()))
    sandbox.fault("lose_answer", method="PATCH")
    sent(note, clock, times=1)
    sandbox.fault("acl_hidden", route="table", method="GET", times=2, about=note.ticket.sys_id)
    sent(note, clock, times=1)
    assert sandbox.pending_faults() == []
    assert len(sandbox.records("sys_journal_field")) == 2
    assert sent(note, clock, times=3).state == CommentState.DELIVERED
    assert len(sandbox.records("sys_journal_field")) == 2


def test_a_note_refused_in_unknown_words_is_told_once_it_was_not_found(
    sandbox: SandboxProcess, note: TicketComment, clock: Clock
) -> None:
    sandbox.fault("refused_in_other_words", method="PATCH", times=100)
    note = sent(note, clock, times=4)
    assert note.state == CommentState.REFUSED
    assert note.last_problem == "Vorgang fehlgeschlagen: Änderungen sind gesperrt"
    assert sandbox.pending_faults()[0]["times"] == 99


def test_a_note_that_is_sent_again_by_a_person_is_looked_for(
    sandbox: SandboxProcess, note: TicketComment, clock: Clock, secadmin: User
) -> None:
    sandbox.fault("refused_by_a_proxy", method="PATCH")
    sent(note, clock, times=1, minutes=0)
    assert len(sandbox.records("sys_journal_field")) == 1
    TicketComment.objects.update(state=CommentState.UNCERTAIN, claim_token=None, claimed_until=None)
    note.refresh_from_db()
    clock.advance(hours=1)
    assert comments.send_again(note, by=secadmin, now=clock())
    assert sent(note, clock, times=2).state == CommentState.DELIVERED
    assert len(sandbox.records("sys_journal_field")) == 1


def test_a_trial_after_one_that_was_unclear_looks_for_that_ones_record_first(
    sandbox: SandboxProcess, connection: Connection, clock: Clock
) -> None:
    client = open_client(connection, now=clock())
    sandbox.fault("refused_by_a_proxy")
    sandbox.fault("acl_hidden", method="GET", times=2)
    with pytest.raises(TrialUnclear) as unclear:
        trial.try_out(client, CHANGE, canceled=TABLES["change_request"].canceled)
    [left] = sandbox.records(CHANGE)
    assert left["state"] != "4"
    made = trial.try_out(
        client, CHANGE, canceled=TABLES["change_request"].canceled, unclear=str(unclear.value)
    )
    assert made.canceled
    assert {record["state"] for record in sandbox.records(CHANGE)} == {"4"}
