"""Edit and send again, send anew: judged by the sandbox's contents and by what the ticket's page says."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry, User
from connector.models import Connection
from tests.factories import ActionFactory, TicketFactory
from tests.sandbox_process import SandboxProcess
from tests.tickets.clock import Clock
from tickets.actions import link
from tickets.actions.edit import edit_and_retry
from tickets.actions.link import Reason
from tickets.delivery.push import push
from tickets.models import Ticket, TicketEvent
from tickets.models.backoff import AttemptResult
from tickets.models.choices import Delivery, Kind, Priority, Source

pytestmark = [pytest.mark.django_db]


@pytest.fixture
def browser(secadmin: User, client: Client) -> Client:
    client.force_login(secadmin)
    return client


@pytest.fixture
def refused(sandbox: SandboxProcess, ticket: Ticket) -> Ticket:
    """A ticket that ServiceNow refused: certainly nothing of it exists."""
    sandbox.fault("business_rule_abort")
    push(ticket.pk)
    ticket.refresh_from_db()
    return ticket


@pytest.fixture
def worn_out(sandbox: SandboxProcess, ticket: Ticket, clock: Clock) -> Ticket:
    """A ticket that was tried too often; its record exists, for the last answer was merely lost."""
    Ticket.objects.filter(pk=ticket.pk).update(attempts=10)
    sandbox.fault("lose_answer")
    push(ticket.pk, clock=clock)
    ticket.refresh_from_db()
    assert (ticket.delivery, ticket.last_result) == (Delivery.ATTENTION, AttemptResult.OUTCOME_UNKNOWN)
    return ticket


@pytest.fixture
def unlinked(sandbox: SandboxProcess, ticket: Ticket) -> Ticket:
    push(ticket.pk)
    ticket.refresh_from_db()
    link.unlink(ticket, Reason.DELETED, by=None, now=timezone.now())
    ticket.refresh_from_db()
    return ticket


def address(ticket: Ticket, name: str = "edit") -> str:
    return reverse(f"tickets:{name}", args=[ticket.pk])


def typed(ticket: Ticket, **changes: object) -> dict[str, object]:
    due = (timezone.now() + timedelta(days=30)).date().isoformat()
    return {
        "name": ticket.name,
        "description": ticket.description,
        "kind": ticket.kind,
        "category": ticket.recommendation_category,
        "priority": str(ticket.priority),
        "due_on": due,
        "version": "0",
        **changes,
    }


def test_what_was_refused_is_edited_and_arrives_edited(
    sandbox: SandboxProcess, browser: Client, refused: Ticket, secadmin: User
) -> None:
    shown = browser.get(address(refused))
    assert shown.context["form"].initial["name"] == refused.name
    browser.post(address(refused), typed(refused, name="A better name", priority="2"))
    assert push(refused.pk) == AttemptResult.DELIVERED
    [record] = sandbox.records("change_request")
    assert (record["short_description"], record["priority"]) == ("A better name", "2")
    assert record["correlation_id"] == str(refused.pk)
    event = refused.events.get(type=TicketEvent.Type.EDITED)
    assert event.actor == secadmin
    assert event.detail["name"] == [refused.name, "A better name"]
    assert event.detail["priority"] == ["3", "2"]
    assert "description" not in event.detail
    assert AuditEntry.objects.get(verb="ticket.edited").detail["changes"] == event.detail
    page = browser.get(refused.get_absolute_url()).content.decode()
    assert f"Task name: {refused.name} → A better name" in page
    assert "Priority: Moderate → High" in page


def test_sent_unchanged_it_is_a_plain_second_try(browser: Client, refused: Ticket) -> None:
    Ticket.objects.filter(pk=refused.pk).update(due_on=timezone.now().date() + timedelta(days=30))
    browser.post(address(refused), typed(refused))
    assert refused.events.filter(type=TicketEvent.Type.RETRIED).exists()
    assert not refused.events.filter(type=TicketEvent.Type.EDITED).exists()


def test_where_nothing_was_sent_the_kind_may_change(
    sandbox: SandboxProcess, browser: Client, refused: Ticket
) -> None:
    browser.post(address(refused), typed(refused, kind="incident", priority=str(Priority.PLANNING.value)))
    assert push(refused.pk) == AttemptResult.DELIVERED
    assert (len(sandbox.records("change_request")), len(sandbox.records("incident"))) == (0, 1)


def test_an_edited_ticket_whose_record_exists_is_linked_to_it_and_says_what_differs(
    sandbox: SandboxProcess, browser: Client, worn_out: Ticket, clock: Clock
) -> None:
    browser.post(address(worn_out), typed(worn_out, name="Another name", kind="incident"))
    worn_out.refresh_from_db()
    assert (worn_out.name, worn_out.kind, worn_out.delivery) == (
        "Another name",
        Kind.CHANGE_REQUEST,
        Delivery.WAITING,
    )
    clock.advance(hours=1)
    assert push(worn_out.pk, clock=clock) == AttemptResult.ADOPTED
    [record] = sandbox.records("change_request")
    assert sandbox.records("incident") == []
    worn_out.refresh_from_db()
    assert (worn_out.sys_id, record["short_description"] != worn_out.name) == (record["sys_id"], True)
    assert set(worn_out.dropped_fields) == {"short_description", "description", "requested_by_date"}
    page = browser.get(worn_out.get_absolute_url()).content.decode()
    assert "An earlier attempt had arrived: its record differs in these fields" in page


def test_the_kind_never_changes_where_something_may_exist_whoever_asks(
    worn_out: Ticket, secadmin: User
) -> None:
    assert not edit_and_retry(worn_out, {"kind": Kind.INCIDENT}, by=secadmin, now=timezone.now())
    assert Ticket.objects.get(pk=worn_out.pk).kind == Kind.CHANGE_REQUEST


def test_an_edited_ticket_still_waits_out_the_quarantine(
    sandbox: SandboxProcess, browser: Client, ticket: Ticket, clock: Clock, settings: LazySettings
) -> None:
    Ticket.objects.filter(pk=ticket.pk).update(attempts=10)
    sandbox.fault("reset")
    push(ticket.pk, clock=clock)
    browser.post(address(ticket), typed(ticket, name="Another name"))
    assert push(ticket.pk, clock=clock) == AttemptResult.NOT_FOUND_YET
    assert sandbox.records("change_request") == []
    clock.advance(seconds=settings.PUSH_QUARANTINE + 1)
    assert push(ticket.pk, clock=clock) == AttemptResult.NOT_FOUND_YET
    clock.advance(seconds=10)
    assert push(ticket.pk, clock=clock) == AttemptResult.DELIVERED
    assert [row["short_description"] for row in sandbox.records("change_request")] == ["Another name"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 161),
        ("due_on", "2020-01-01"),
        ("due_on", "9999-12-31"),
        ("priority", "5"),
        ("kind", "sc_request"),
    ],
)
def test_the_same_checks_hold_and_what_was_typed_is_kept(
    browser: Client, refused: Ticket, field: str, value: str
) -> None:
    answer = browser.post(
        address(refused), typed(refused, description="Long thought about.", **{field: value})
    )
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert b"Long thought about." in answer.content
    assert Ticket.objects.get(pk=refused.pk).delivery == Delivery.ATTENTION


def test_what_is_on_its_way_by_now_is_not_changed_and_what_was_typed_is_kept(
    browser: Client, refused: Ticket
) -> None:
    browser.post(reverse("tickets:retry", args=[refused.pk]))
    answer = browser.post(address(refused), typed(refused, name="Too late"))
    assert (answer.status_code, b"Too late" in answer.content) == (422, True)
    assert Ticket.objects.get(pk=refused.pk).name == refused.name
    assert browser.get(address(refused)).status_code == 302


def test_somebody_elses_edits_are_not_undone_unseen(
    sandbox: SandboxProcess, browser: Client, refused: Ticket
) -> None:
    browser.post(address(refused), typed(refused, name="Theirs"))
    sandbox.fault("business_rule_abort")
    push(refused.pk)
    answer = browser.post(address(refused), typed(refused, name="Mine"))
    assert (answer.status_code, b"Mine" in answer.content) == (422, True)
    assert Ticket.objects.get(pk=refused.pk).name == "Theirs"
    kept = {field.html_name: field.value() for field in answer.context["form"] if field.value() is not None}
    browser.post(address(refused), kept)
    assert Ticket.objects.get(pk=refused.pk).name == "Mine"


def test_a_record_that_no_look_up_finds_is_doubled_only_deliberately(
    sandbox: SandboxProcess, browser: Client, ticket: Ticket, clock: Clock
) -> None:
    sandbox.settings(honour_sys_id=False, unwritable_fields="correlation_id")
    assert push(ticket.pk, clock=clock) == AttemptResult.UNMATCHED_RECORD
    number = sandbox.records("change_request")[0]["number"]
    page = browser.get(ticket.get_absolute_url()).content.decode()
    assert f"?record={number}" in page
    browser.post(reverse("tickets:retry", args=[ticket.pk]))
    refused = browser.post(address(ticket), typed(ticket))
    assert "a_second_is_wanted" in refused.context["form"].errors
    clock.advance(hours=1)
    assert push(ticket.pk, clock=clock) is None
    sandbox.settings(unwritable_fields="")
    browser.post(address(ticket), typed(ticket, a_second_is_wanted="on"))
    assert push(ticket.pk, clock=clock) == AttemptResult.DELIVERED
    assert len(sandbox.records("change_request")) == 2


def test_an_unlinked_ticket_is_never_sent_again_under_its_old_key(
    sandbox: SandboxProcess, browser: Client, unlinked: Ticket, clock: Clock
) -> None:
    browser.post(reverse("tickets:retry", args=[unlinked.pk]))
    browser.post(address(unlinked), typed(unlinked))
    clock.advance(hours=1)
    assert push(unlinked.pk, clock=clock) is None
    assert len(sandbox.records("change_request")) == 1


def test_sent_anew_it_is_another_ticket_with_a_key_of_its_own(
    sandbox: SandboxProcess, browser: Client, unlinked: Ticket, secadmin: User
) -> None:
    form = typed(unlinked, ticket_id=str(uuid4()), a_second_is_wanted="on", name="Once more")
    first, second = (browser.post(address(unlinked, "anew"), form) for _ in range(2))
    new = Ticket.objects.exclude(pk=unlinked.pk).get()
    assert first["Location"] == second["Location"] == new.get_absolute_url()
    third = browser.post(address(unlinked, "anew"), form | {"name": "Otherwise"}, follow=True)
    assert b"what you changed since was not sent" in third.content
    unlinked.refresh_from_db()
    assert (unlinked.delivery, unlinked.is_open) == (Delivery.DISCARDED, False)
    assert push(new.pk) == AttemptResult.DELIVERED
    records = sandbox.records("change_request")
    assert {record["correlation_id"] for record in records} == {str(unlinked.pk), str(new.pk)}
    assert len(records) == 2
    assert (new.requested_by, new.recommendation_source) == (secadmin, unlinked.recommendation_source)
    for one, other in ((unlinked, new), (new, unlinked)):
        assert other.get_absolute_url() in browser.get(one.get_absolute_url()).content.decode()


def test_sending_anew_takes_a_deliberate_choice(browser: Client, unlinked: Ticket) -> None:
    answer = browser.post(address(unlinked, "anew"), typed(unlinked, ticket_id=str(uuid4()), name="Kept"))
    assert "a_second_is_wanted" in answer.context["form"].errors
    assert b"Kept" in answer.content
    assert Ticket.objects.count() == 1


def test_an_actions_ticket_sent_anew_stays_microsofts_recommendation(
    sandbox: SandboxProcess, browser: Client, connection: Connection
) -> None:
    action = ActionFactory.create()
    old = TicketFactory.create(
        instance=connection.instance,
        action=action,
        recommendation_source=Source.MICROSOFT,
        delivery=Delivery.UNLINKED,
    )
    form = typed(old, ticket_id=str(uuid4()), a_second_is_wanted="on")
    browser.post(address(old, "anew"), form)
    new = Ticket.objects.exclude(pk=old.pk).get()
    assert (new.action, new.recommendation_source, new.is_extra) == (action, Source.MICROSOFT, False)


def test_only_an_unlinked_ticket_is_sent_anew(browser: Client, refused: Ticket) -> None:
    assert browser.get(address(refused, "anew")).status_code == 302
    answer = browser.post(
        address(refused, "anew"), typed(refused, ticket_id=str(uuid4()), a_second_is_wanted="on")
    )
    assert answer.status_code == 422
    assert Ticket.objects.count() == 1


@pytest.mark.parametrize("name", ["edit", "anew", "link", "unlink"])
def test_a_reader_changes_nothing(client: Client, reader: User, ticket: Ticket, name: str) -> None:
    client.force_login(reader)
    assert client.get(address(ticket, name)).status_code == 403
    assert client.post(address(ticket, name)).status_code == 403
