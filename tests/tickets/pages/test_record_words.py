"""What a record says, on the ticket's page: in the reader's words, formats and time zone."""

import pytest
from django.test import Client
from django.utils import translation

from accounts.models import User
from connector.models import Connection
from tests.factories import StateNameFactory, TicketEventFactory, TicketFactory
from tests.sandbox_process import SandboxProcess
from tickets.delivery.push import push
from tickets.models import Ticket, TicketEvent, TicketNote, new_sys_id
from tickets.models.choices import Kind
from tickets.pages.record_words import facts, word
from tickets.tracking.poll import poll_sweep

pytestmark = [pytest.mark.django_db]


def page_of(client: Client, user: User, ticket: Ticket) -> str:
    client.force_login(user)
    return client.get(ticket.get_absolute_url()).content.decode()


def test_a_changes_type_and_plan_are_shown(
    client: Client, secadmin: User, sandbox: SandboxProcess, delivered: Ticket
) -> None:
    sandbox.change("change_request", delivered.sys_id, start_date="2030-03-01 09:00:00", impact="1")
    poll_sweep()
    delivered.refresh_from_db()
    told = {str(fact.label): fact.at or fact.words for fact in facts(delivered)}
    assert (told["Type"], told["Impact"]) == ("Normal", "1 - High")
    page = page_of(client, secadmin, delivered)
    assert 'datetime="2030-03-01T09:00:00+00:00"' in page
    assert "2030-03-01 09:00:00 UTC" not in page


def test_out_of_the_box_labels_are_translated_and_the_instances_own_are_not(delivered: Ticket) -> None:
    delivered.record |= {"impact": "1", "urgency": "1"}
    delivered.record_labels |= {"type": "Normal", "impact": "1 - High", "urgency": "1 - At once"}
    with translation.override("ja"):
        assert [fact.words for fact in facts(delivered)][:3] == ["通常", "1 - 高", "1 - At once"]


def test_an_incident_says_when_it_was_resolved_and_closed(
    client: Client, secadmin: User, sandbox: SandboxProcess, connection: Connection
) -> None:
    ticket = TicketFactory.create(instance=connection.instance, kind=Kind.INCIDENT)
    push(ticket.pk)
    ticket.refresh_from_db()
    sandbox.change(
        "incident", ticket.sys_id, resolved_at="2030-03-01 09:00:00", closed_at="2030-03-02 09:00:00"
    )
    poll_sweep()
    page = page_of(client, secadmin, ticket)
    for day in ("2030-03-01", "2030-03-02"):
        assert f'datetime="{day}T09:00:00+00:00"' in page
    assert "<dt>Urgency</dt>" in page


def test_an_approval_that_nobody_asked_for_is_not_shown(
    client: Client, secadmin: User, sandbox: SandboxProcess, delivered: Ticket
) -> None:
    for approval, is_shown in (("not requested", False), ("rejected", True)):
        sandbox.change("change_request", delivered.sys_id, approval=approval)
        poll_sweep()
        assert ("<dt>Approval</dt>" in page_of(client, secadmin, delivered)) == is_shown


def test_the_time_line_has_the_organisations_names_of_states(
    client: Client, secadmin: User, delivered: Ticket
) -> None:
    StateNameFactory.create(instance=delivered.instance, value="-4", our_label="In review at Aozora")
    TicketEventFactory.create(ticket=delivered, type=TicketEvent.Type.CHANGED, detail={"state": ["-5", "-4"]})
    assert "New → In review at Aozora" in page_of(client, secadmin, delivered)


def test_a_note_is_not_told_once_more_as_a_change_of_nothing(
    client: Client, secadmin: User, delivered: Ticket
) -> None:
    event = TicketEventFactory.create(ticket=delivered, detail={"sys_updated_by": ["admin", "ana"]})
    page = page_of(client, secadmin, delivered)
    assert "Changed in ServiceNow" in page
    assert "No field that is shown here changed." in page
    TicketNote.objects.create(
        ticket=delivered,
        record_sys_id=delivered.sys_id,
        sys_id=new_sys_id(),
        element="work_notes",
        text="Asked the vendor",
        at=event.at,
    )
    page = page_of(client, secadmin, delivered)
    assert "Asked the vendor" in page
    assert "Changed in ServiceNow" not in page


@pytest.mark.parametrize(
    ("field", "value", "english", "japanese"),
    [
        ("type", "emergency", "Emergency", "緊急"),
        ("urgency", "2", "2 - Medium", "2 - 中"),
        ("impact", "9", "9", "9"),
        ("end_date", "2030-03-01 09:00:00", "1 Mar 2030, 09:00 UTC", "2030年3月1日 9:00 UTC"),
        ("end_date", "soon", "soon", "soon"),
        ("state", "77", "77", "77"),
        ("on_hold", "true", "Yes", "はい"),
        ("approval", "not requested", "Not Yet Requested", "未要求"),
        ("approval", "duplicate", "duplicate", "duplicate"),
        ("close_code", "unsuccessful", "Unsuccessful", "失敗"),
        ("hold_reason", "3", "Awaiting Problem", "問題待ち"),
        ("priority", "1", "Critical", "重大"),
        ("close_notes", "Done", "Done", "Done"),
    ],
)
def test_a_value_in_words(field: str, value: str, english: str, japanese: str) -> None:
    for language, expected in (("en", english), ("ja", japanese)):
        with translation.override(language):
            assert word(field, value, Kind.CHANGE_REQUEST) == expected
