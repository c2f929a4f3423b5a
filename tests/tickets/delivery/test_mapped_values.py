"""Mapped fields whose values differ from ours: a table of values, what a trial flags, and names for sys_ids."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from connector.models import Connection
from tests.factories import FieldMappingFactory, TicketFactory
from tests.sandbox_process import SandboxProcess
from tests.tickets.clock import Clock
from tickets.delivery.push import push
from tickets.models import FieldTrial
from tickets.models.choices import Category, Kind
from tickets.models.field_mapping import FieldMapping, ValueSource

pytestmark = [pytest.mark.django_db]
FIELDS = reverse("tickets:fields", args=[Kind.INCIDENT])
ASKED = {"field": "category", "source": "category", "value": ""}
TABLE = {
    "for_devices": "hardware",
    "for_data": "database",
    "for_apps": "software",
    "for_identity": "inquiry",
    "for_infrastructure": "network",
}
MARK = "not on the list"


@pytest.fixture
def browser(secadmin: User, client: Client) -> Client:
    client.force_login(secadmin)
    return client


def tried(browser: Client, kind: Kind = Kind.INCIDENT) -> str:
    return browser.post(reverse("tickets:try_fields", args=[kind]), follow=True).content.decode()


def test_a_field_with_choices_of_its_own_wants_a_table_of_values(
    browser: Client, sandbox: SandboxProcess, connection: Connection
) -> None:
    page = browser.post(FIELDS, ASKED)
    assert page.status_code == 422
    assert [name for name in page.context["form"].fields if name.startswith("for_")] == list(TABLE)
    assert not FieldMapping.objects.exists()
    assert browser.post(FIELDS, ASKED | TABLE).status_code == 302
    for category, value in (("identity", "inquiry"), ("apps", "software")):
        ticket = TicketFactory.create(
            instance=connection.instance, kind=Kind.INCIDENT, recommendation_category=category
        )
        push(ticket.pk)
        assert sandbox.records("incident", correlation_id=str(ticket.pk))[0]["category"] == value
    assert "Network" in browser.get(FIELDS).content.decode()
    form = browser.get(FIELDS, {"field": "category"}).context["form"]
    assert {name: form[name].value() for name in TABLE} == TABLE


def test_a_value_left_out_of_the_table_is_not_sent(
    browser: Client, sandbox: SandboxProcess, connection: Connection
) -> None:
    assert browser.post(FIELDS, ASKED | TABLE | {"for_identity": ""}).status_code == 302
    ticket = TicketFactory.create(
        instance=connection.instance, kind=Kind.INCIDENT, recommendation_category=Category.IDENTITY
    )
    push(ticket.pk)
    assert "Identity" not in sandbox.records("incident")[0]["category"]


def test_what_the_field_does_not_offer_is_refused(browser: Client, connection: Connection) -> None:
    page = browser.post(FIELDS, ASKED | TABLE | {"for_apps": "Apps"})
    assert (page.status_code, list(page.context["form"].errors)) == (422, ["for_apps"])


def test_a_field_of_free_text_wants_no_table(browser: Client, connection: Connection) -> None:
    assert browser.post(FIELDS, {"field": "u_area", "source": "category", "value": ""}).status_code == 302
    assert FieldMapping.objects.get().values == {}


def test_choices_that_are_our_own_words_need_no_table(
    browser: Client, sandbox: SandboxProcess, connection: Connection
) -> None:
    for number, category in enumerate(Category):
        sandbox.create(
            "sys_choice",
            name="incident",
            element="u_area",
            value=category.value,
            label=category.value.capitalize(),
            language="en",
            inactive="false",
            sequence=str(number),
        )
    assert browser.post(FIELDS, {"field": "u_area", "source": "category", "value": ""}).status_code == 302
    assert FieldMapping.objects.get().values == {category.value: category.value for category in Category}


def test_where_choices_cannot_be_read_the_table_may_be_typed(
    browser: Client, sandbox: SandboxProcess, connection: Connection
) -> None:
    sandbox.settings(choices_readable=False)
    page = browser.post(FIELDS, ASKED)
    assert page.status_code == 302
    assert FieldMapping.objects.get().values == {}
    page = browser.get(FIELDS, {"field": "category"})
    assert "for_identity" in page.context["form"].fields
    assert browser.post(FIELDS, ASKED | {"for_identity": "inquiry"}).status_code == 302
    assert FieldMapping.objects.get().values["identity"] == "inquiry"


@pytest.mark.parametrize(
    ("source", "value", "is_flagged"),
    [
        (ValueSource.CATEGORY, "", True),
        (ValueSource.FIXED, "Security", True),
        (ValueSource.FIXED, "network", False),
        (ValueSource.REQUESTER, "", True),
    ],
)
def test_a_trial_flags_values_that_the_field_does_not_offer(
    browser: Client, connection: Connection, source: str, value: str, *, is_flagged: bool
) -> None:
    FieldMappingFactory.create(
        instance=connection.instance, kind=Kind.INCIDENT, field="category", source=source, value=value
    )
    page = tried(browser)
    assert (MARK in page) is is_flagged
    assert bool(FieldTrial.objects.get().not_offered) is is_flagged
    if source == ValueSource.CATEGORY:
        named = dict(FieldTrial.objects.get().not_offered)["category"]
        assert {"Devices", "Identity"} <= set(named)


def test_a_trial_flags_a_table_whose_values_are_gone(
    browser: Client, sandbox: SandboxProcess, connection: Connection
) -> None:
    browser.post(FIELDS, ASKED | TABLE)
    assert MARK not in tried(browser)
    [row] = sandbox.records("sys_choice", name="incident", element="category", value="network")
    sandbox.change("sys_choice", row["sys_id"], inactive="true")
    assert MARK in tried(browser)
    assert FieldTrial.objects.get().not_offered == [["category", ["network"]]]


def test_a_reference_typed_by_its_sys_id_is_called_by_its_name(
    browser: Client, sandbox: SandboxProcess, connection: Connection
) -> None:
    retired = sandbox.create("sys_user_group", name="Retired team", active="false")
    sandbox.create("sys_user_group", name="Identity team", active="true")
    FieldMappingFactory.create(
        instance=connection.instance,
        kind=Kind.INCIDENT,
        field="assignment_group",
        value=retired["sys_id"],
    )
    form = {"field": "assignment_group", "source": "fixed", "value": retired["sys_id"]}
    page = browser.post(FIELDS, form, follow=True).content.decode()
    assert FieldMapping.objects.get().label == "Retired team"
    assert f"Retired team ({retired['sys_id']})" in page


def test_a_trial_learns_the_names_of_what_it_sent(
    browser: Client, sandbox: SandboxProcess, connection: Connection
) -> None:
    user = sandbox.create("sys_user", user_name="ada", name="Ada Lovelace", active="true")
    sandbox.fault("forbidden", method="GET", about="/table/sys_user", times=9)
    form = {"field": "assigned_to", "source": "fixed", "value": user["sys_id"]}
    browser.post(FIELDS, form)
    sandbox.clear()
    assert FieldMapping.objects.get().label == ""
    assert "its name is not known yet" in browser.get(FIELDS).content.decode()
    page = tried(browser)
    assert FieldMapping.objects.get().label == "Ada Lovelace"
    assert "Ada Lovelace" in page
    assert "its name is not known yet" not in page


@pytest.mark.parametrize("fault", ["", "lose_answer"])
def test_a_new_ticket_calls_its_references_by_name(
    browser: Client, sandbox: SandboxProcess, connection: Connection, fault: str
) -> None:
    group = sandbox.create("sys_user_group", name="Identity team", active="true")
    FieldMappingFactory.create(
        instance=connection.instance,
        kind=Kind.INCIDENT,
        field="assignment_group",
        value=group["sys_id"],
        label="Identity team",
    )
    ticket = TicketFactory.create(instance=connection.instance, kind=Kind.INCIDENT)
    if fault:
        sandbox.fault(fault)
    clock = Clock()
    for _ in range(2):
        push(ticket.pk, clock=clock)
        clock.advance(minutes=10)
    ticket.refresh_from_db()
    assert ticket.is_delivered
    page = browser.get(ticket.get_absolute_url()).content.decode()
    assert "<dd>Identity team</dd>" in page
    assert group["sys_id"] not in page
