"""A ticket that ServiceNow refuses for an empty mandatory field leads to what fixes that, once or for good."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from connector.models import Connection
from tests.sandbox_process import SandboxProcess
from tests.tickets.clock import Clock
from tickets.delivery.push import push
from tickets.models import Ticket
from tickets.models.choices import Delivery, Kind
from tickets.models.field_mapping import FieldMapping

pytestmark = [pytest.mark.django_db]
REFUSAL = "Data Policy Exception: The following fields are mandatory: {}"
FIELD = "extra_assignment_group"


@pytest.fixture
def refused(sandbox: SandboxProcess, ticket: Ticket) -> Ticket:
    sandbox.fault("data_policy", times=1)
    push(ticket.pk, clock=Clock())
    ticket.refresh_from_db()
    assert ticket.delivery == Delivery.ATTENTION
    return ticket


@pytest.fixture
def browser(secadmin: User, client: Client) -> Client:
    client.force_login(secadmin)
    return client


def edited(browser: Client, ticket: Ticket, **values: str) -> dict[str, str]:
    """What the edit form would send, with some values changed."""
    form = browser.get(reverse("tickets:edit", args=[ticket.pk])).context["form"]
    shown = {name: form[name].value() for name in form.fields}
    return {name: str(value) for name, value in shown.items() if value is not None} | values


def test_the_ticket_leads_to_the_mapping_that_fixes_it(browser: Client, refused: Ticket) -> None:
    page = browser.get(refused.get_absolute_url()).content.decode()
    mapping = f"{reverse('tickets:fields', args=[Kind.CHANGE_REQUEST])}?field=assignment_group"
    assert f'href="{mapping}"' in page
    assert f'href="{reverse("tickets:edit", args=[refused.pk])}"' in page
    assert browser.get(mapping).context["form"]["field"].value() == "assignment_group"


def test_a_reader_sees_what_is_missing_and_no_way_that_is_closed_to_them(
    client: Client, reader: User, refused: Ticket
) -> None:
    client.force_login(reader)
    page = client.get(refused.get_absolute_url()).content.decode()
    assert "Assignment group" in page
    assert "?field=assignment_group" not in page


def test_the_edit_form_offers_the_missing_field_and_sends_it(
    browser: Client, sandbox: SandboxProcess, refused: Ticket
) -> None:
    group = sandbox.create("sys_user_group", name="Identity team", active="true")
    address = reverse("tickets:edit", args=[refused.pk])
    form = browser.get(address).context["form"]
    assert (group["sys_id"], "Identity team") in form.fields[FIELD].choices
    assert form[FIELD].label == "Assignment group"
    values = edited(browser, refused, **{FIELD: group["sys_id"]})
    assert browser.post(address, values).status_code == 302
    push(refused.pk, clock=Clock())
    refused.refresh_from_db()
    assert (refused.delivery, refused.dropped_fields) == (Delivery.DELIVERED, [])
    assert sandbox.records("change_request")[0]["assignment_group"] == group["sys_id"]
    page = browser.get(refused.get_absolute_url()).content.decode()
    assert page.count("Identity team") >= 2
    assert group["sys_id"] not in page
    assert not FieldMapping.objects.exists()


def test_what_was_chosen_for_the_ticket_comes_before_a_mapping(
    browser: Client, sandbox: SandboxProcess, connection: Connection, refused: Ticket
) -> None:
    one, other = (sandbox.create("sys_user_group", name=name, active="true") for name in ("One", "Other"))
    FieldMapping.objects.create(
        instance=connection.instance,
        kind=Kind.CHANGE_REQUEST,
        field="assignment_group",
        value=other["sys_id"],
    )
    address = reverse("tickets:edit", args=[refused.pk])
    browser.post(address, edited(browser, refused, **{FIELD: one["sys_id"]}))
    push(refused.pk, clock=Clock())
    assert sandbox.records("change_request")[0]["assignment_group"] == one["sys_id"]


def test_an_empty_field_is_left_to_the_mapping(
    browser: Client, sandbox: SandboxProcess, refused: Ticket
) -> None:
    address = reverse("tickets:edit", args=[refused.pk])
    assert browser.post(address, edited(browser, refused)).status_code == 302
    refused.refresh_from_db()
    assert refused.extra_fields == {}


def test_what_is_chosen_once_stays_on_the_form(
    browser: Client, sandbox: SandboxProcess, refused: Ticket
) -> None:
    group = sandbox.create("sys_user_group", name="Identity team", active="true")
    address = reverse("tickets:edit", args=[refused.pk])
    browser.post(address, edited(browser, refused, **{FIELD: group["sys_id"]}))
    problem = REFUSAL.format("Justification")
    Ticket.objects.update(delivery=Delivery.ATTENTION, last_problem=problem, next_attempt_at=None)
    form = browser.get(address).context["form"]
    assert form[FIELD].value() == group["sys_id"]
    assert "extra_justification" in form.fields


def test_what_cannot_be_chosen_is_typed_and_checked(
    browser: Client, sandbox: SandboxProcess, refused: Ticket
) -> None:
    sandbox.fault("forbidden", method="GET", times=20)
    address = reverse("tickets:edit", args=[refused.pk])
    values = edited(browser, refused, **{FIELD: "no such group"})
    answer = browser.post(address, values)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [FIELD])
    assert browser.post(address, values | {FIELD: "f" * 32}).status_code == 302


def test_no_field_of_the_portals_own_is_offered(browser: Client, refused: Ticket) -> None:
    problem = REFUSAL.format("Short description, Due date, State, Sys ID, 費用, Number")
    Ticket.objects.update(last_problem=problem)
    form = browser.get(reverse("tickets:edit", args=[refused.pk])).context["form"]
    assert [name for name in form.fields if name.startswith("extra_")] == []
    values = edited(browser, refused, extra_correlation_id="x", extra_state="3")
    browser.post(reverse("tickets:edit", args=[refused.pk]), values)
    refused.refresh_from_db()
    assert refused.extra_fields == {}
