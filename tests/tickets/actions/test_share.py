"""The dialog, and what it stores."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry, User
from connector.models import Connection
from scorecard.models import ImprovementAction
from tests.factories import ActionFactory, TicketFactory
from tickets.models import Ticket
from tickets.models.choices import Delivery, Kind, Priority, Source
from tickets.records.payload import TEXT_LENGTH

pytestmark = [pytest.mark.django_db]


@pytest.fixture
def action(db: None) -> ImprovementAction:
    return ActionFactory.create()


@pytest.fixture
def browser(secadmin: User, client: Client) -> Client:
    client.force_login(secadmin)
    return client


def address(action: ImprovementAction) -> str:
    return reverse("tickets:share", args=[action.control_id])


def filled(**changes: object) -> dict[str, object]:
    due = (timezone.now() + timedelta(days=30)).date().isoformat()
    return {
        "ticket_id": str(uuid4()),
        "name": "Turn it on",
        "description": "As described.",
        "kind": "change_request",
        "priority": "3",
        "due_on": due,
        **changes,
    }


def test_the_dialog_comes_filled_in_from_the_action(browser: Client, action: ImprovementAction) -> None:
    page = browser.get(address(action), follow=True)
    form = page.context["form"]
    assert form.initial["name"] == action.title
    assert "1. Open the portal." in form.initial["description"]
    assert form.initial["due_on"] > timezone.now().date()
    assert re.search(r'name="ticket_id" value="[0-9a-f-]{36}"', page.content.decode())


def test_sending_stores_a_microsoft_recommendation(
    browser: Client, connection: Connection, action: ImprovementAction, secadmin: User
) -> None:
    browser.post(address(action), filled())
    ticket = Ticket.objects.get()
    assert (ticket.recommendation_source, ticket.recommendation_category) == (Source.MICROSOFT, "identity")
    assert (ticket.action, ticket.requested_by, ticket.delivery) == (action, secadmin, Delivery.WAITING)
    assert AuditEntry.objects.get(verb="ticket.shared").target == str(ticket.pk)


def test_the_same_form_sent_twice_makes_one_ticket(
    browser: Client, connection: Connection, action: ImprovementAction
) -> None:
    form = filled()
    first, second = browser.post(address(action), form), browser.post(address(action), form)
    assert first["Location"] == second["Location"] == Ticket.objects.get().get_absolute_url()
    assert Ticket.objects.get().events.count() == 1


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_what_was_changed_in_a_form_that_was_sent_before_is_said_to_be_lost(
    browser: Client, connection: Connection, headers: dict[str, str]
) -> None:
    address, form = reverse("tickets:new"), filled(category="data", kind="incident")
    said = b"This form was sent before. This is its ticket; what you changed since was not sent."
    for changes, is_said in (({}, False), ({}, False), ({"name": "Another one altogether"}, True)):
        answer = browser.post(address, form | changes, follow=True, headers=headers)
        assert (said in answer.content) == is_said
    assert Ticket.objects.get().name == form["name"]


def test_the_dialog_keeps_its_title_once_it_is_sent(
    browser: Client, connection: Connection, action: ImprovementAction
) -> None:
    for sent_to, title in (
        (reverse("tickets:new"), "Create ticket"),
        (address(action), "Share to ServiceNow"),
    ):
        answer = browser.post(sent_to, filled(category="data"), headers={"HX-Request": "true"})
        assert re.search(r'id="dialog-title">\s*(.*?)\s*</h2>', answer.content.decode())[1] == title  # type: ignore[index]


def test_a_second_ticket_for_an_action_needs_a_deliberate_choice(
    browser: Client, connection: Connection, action: ImprovementAction
) -> None:
    browser.post(address(action), filled())
    refused = browser.post(address(action), filled())
    assert refused.status_code == 422
    assert "is_extra" in refused.context["form"].errors
    assert Ticket.objects.count() == 1
    browser.post(address(action), filled(is_extra="on"))
    assert Ticket.objects.count() == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 161),
        ("description", " "),
        ("due_on", "2020-01-01"),
        ("due_on", "soon"),
        ("due_on", "9999-12-31"),
        ("kind", "sc_request"),
        ("priority", "9"),
        ("priority", str(Priority.PLANNING.value)),
    ],
)
def test_a_bad_field_is_told_at_the_field_and_nothing_typed_is_lost(
    browser: Client, connection: Connection, action: ImprovementAction, field: str, value: str
) -> None:
    answer = browser.post(address(action), filled(description="Long thought about.") | {field: value})
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert field == "description" or b"Long thought about." in answer.content
    assert not Ticket.objects.exists()


@pytest.mark.parametrize("lines", [TEXT_LENGTH // 2, TEXT_LENGTH // 2 + 1])
def test_an_end_of_line_counts_once_as_in_the_browser(
    browser: Client, connection: Connection, action: ImprovementAction, lines: int
) -> None:
    fits = 2 * lines <= TEXT_LENGTH
    answer = browser.post(address(action), filled(description="x\r\n" * (lines - 1) + "xx"))
    assert answer.status_code == (302 if fits else 422)
    assert [len(ticket.description) for ticket in Ticket.objects.all()] == [TEXT_LENGTH] * fits


def test_what_is_proposed_is_accepted(browser: Client, connection: Connection) -> None:
    action = ActionFactory.create(remediation="<ol>" + "<li>Do this and that.</li>" * 300 + "</ol>")
    proposed = browser.get(address(action), follow=True).context["form"].initial["description"]
    browser.post(address(action), filled(description=proposed.replace("\n", "\r\n")))
    assert Ticket.objects.get().description == proposed


def test_without_a_connection_nothing_is_stored_and_what_was_typed_is_kept(
    browser: Client, action: ImprovementAction
) -> None:
    answer = browser.post(address(action), filled(description="Long thought about."))
    assert answer.status_code == 422
    assert b"Long thought about." in answer.content
    assert not Ticket.objects.exists()


def test_a_ticket_without_an_action_is_a_users_recommendation(
    browser: Client, connection: Connection
) -> None:
    browser.post(reverse("tickets:new"), filled(category="data", kind="incident"))
    ticket = Ticket.objects.get()
    assert (ticket.recommendation_source, ticket.recommendation_category) == (Source.USER, "data")
    assert (ticket.kind, ticket.action) == (Kind.INCIDENT, None)


def test_a_reader_sees_tickets_and_creates_none(
    client: Client, reader: User, connection: Connection, action: ImprovementAction
) -> None:
    client.force_login(reader)
    ticket = TicketFactory.create(instance=connection.instance)
    assert client.get(ticket.get_absolute_url()).status_code == 200
    assert client.get(reverse("tickets:list")).status_code == 200
    assert client.post(address(action), filled()).status_code == 403
    assert client.post(reverse("tickets:retry", args=[ticket.pk])).status_code == 403


def test_a_ticket_that_needs_attention_can_be_sent_again_or_given_up(
    browser: Client, connection: Connection
) -> None:
    ticket = TicketFactory.create(instance=connection.instance, delivery=Delivery.ATTENTION, attempts=11)
    browser.post(reverse("tickets:retry", args=[ticket.pk]))
    ticket.refresh_from_db()
    assert (ticket.delivery, ticket.attempts) == (Delivery.WAITING, 0)
    browser.post(reverse("tickets:discard", args=[ticket.pk]))
    ticket.refresh_from_db()
    assert (ticket.delivery, ticket.is_open) == (Delivery.DISCARDED, False)


def test_what_may_be_in_servicenow_is_never_discarded(browser: Client, connection: Connection) -> None:
    ticket = TicketFactory.create(instance=connection.instance, sent_at=timezone.now())
    browser.post(reverse("tickets:discard", args=[ticket.pk]))
    ticket.refresh_from_db()
    assert ticket.delivery == Delivery.WAITING


@pytest.mark.parametrize("query", ["", "?kind=incident", "?ticket=", "?ticket=no-id", "?ticket=" + "1" * 500])
@pytest.mark.parametrize("name", ["new", "share"])
def test_a_forms_address_names_its_ticket(
    browser: Client, action: ImprovementAction, name: str, query: str
) -> None:
    """A browser that comes back to the form asks for it anew: the same address must give the same ticket."""
    path = reverse("tickets:new") if name == "new" else address(action)
    page = browser.get(path + query, follow=True)
    [(arrived, status)] = page.redirect_chain
    assert (status, "kind=incident" in arrived) == (302, "kind" in query)
    id_in_form = str(page.context["form"].initial["ticket_id"])
    assert f"ticket={id_in_form}" in arrived
    assert str(browser.get(arrived).context["form"].initial["ticket_id"]) == id_in_form


@pytest.mark.parametrize("name", ["new", "share"])
def test_a_form_that_was_sent_shows_its_ticket(
    browser: Client, connection: Connection, action: ImprovementAction, name: str
) -> None:
    path = reverse("tickets:new") if name == "new" else address(action)
    page = browser.get(path, follow=True)
    arrived = page.redirect_chain[0][0]
    sent = filled(ticket_id=str(page.context["form"].initial["ticket_id"]), category="data")
    made = browser.post(arrived, sent)["Location"]
    assert browser.get(arrived)["Location"] == made
    # Whoever has the form still: the same ticket.
    assert browser.post(arrived, sent)["Location"] == made
    assert Ticket.objects.count() == 1


def test_the_dialog_is_shown_at_once(browser: Client, action: ImprovementAction) -> None:
    page = browser.get(address(action), headers={"HX-Request": "true"})
    assert page.status_code == 200
    assert f"?ticket={page.context['form'].initial['ticket_id']}" in page.content.decode()
