"""Fields of the organisation's own on its tickets, and who asked for them."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from connector.models import Connection
from tests.factories import ActionFactory, TicketFactory, UserFactory
from tests.sandbox_process import SandboxProcess
from tests.tickets.clock import Clock
from tickets.configuration.required_fields import Missing, in_words_of
from tickets.delivery.push import push
from tickets.models import Ticket
from tickets.models.choices import Delivery, Kind
from tickets.models.field_mapping import FieldMapping, Requester, ValueSource

pytestmark = [pytest.mark.django_db]
REFUSAL = "Data Policy Exception: The following fields are mandatory: {}"
FIELDS = reverse("tickets:fields", args=[Kind.CHANGE_REQUEST])


@pytest.fixture
def browser(secadmin: User, client: Client) -> Client:
    client.force_login(secadmin)
    return client


def sent(connection: Connection, **facts: object) -> Ticket:
    ticket: Ticket = TicketFactory.create(instance=connection.instance, **facts)
    push(ticket.pk)
    ticket.refresh_from_db()
    assert ticket.is_delivered
    return ticket


@pytest.mark.parametrize(
    ("kind", "field"), [(Kind.CHANGE_REQUEST, "requested_by"), (Kind.INCIDENT, "caller_id")]
)
def test_the_person_with_that_mail_is_requester_or_caller(
    sandbox: SandboxProcess, connection: Connection, kind: Kind, field: str
) -> None:
    user = sandbox.create("sys_user", user_name="hana", email="hana@aozora.example", active="true")
    sent(connection, kind=kind, requested_by=UserFactory.create(email="Hana@aozora.example"))
    [record] = sandbox.records(kind)
    assert record[field] == user["sys_id"]


@pytest.mark.parametrize("others", ["inactive", "two", "none", "integration user"])
def test_where_that_is_not_certain_nobody_is(
    sandbox: SandboxProcess, connection: Connection, others: str
) -> None:
    mail = "somebody@aozora.example"
    if others in ("two", "integration user"):
        rows = [sandbox.create("sys_user", user_name=f"one{n}", email=mail, active="true") for n in range(2)]
        if others == "integration user":
            sandbox.delete("sys_user", rows[1]["sys_id"])
            Connection.objects.update(integration_user_sys_id=rows[0]["sys_id"])
    elif others == "inactive":
        sandbox.create("sys_user", user_name="one", email=mail, active="false")
    sent(connection, kind=Kind.INCIDENT, requested_by=UserFactory.create(email=mail))
    assert sandbox.records("incident")[0]["caller_id"] == ""


def test_a_person_who_may_not_be_looked_up_any_more_stays_who_that_was(
    sandbox: SandboxProcess, connection: Connection
) -> None:
    """A refusal says nothing about whom there is. It is asked again after an hour."""
    user = sandbox.create("sys_user", user_name="hana", email="hana@aozora.example", active="true")
    person = UserFactory.create(email="hana@aozora.example")
    sent(connection, kind=Kind.INCIDENT, requested_by=person)
    Requester.objects.update(looked_up_at=timezone.now() - timedelta(hours=25))
    sandbox.fault("forbidden", method="GET", about="/table/sys_user", times=1)
    for calls in (2, 1):
        sandbox.clear_log()
        sent(connection, kind=Kind.INCIDENT, requested_by=person)
        assert sandbox.requests()["total"] == calls
    assert [record["caller_id"] for record in sandbox.records("incident")] == [user["sys_id"]] * 3
    sandbox.delete("sys_user", user["sys_id"])
    Requester.objects.update(looked_up_at=timezone.now() - timedelta(hours=25))
    sent(connection, kind=Kind.INCIDENT, requested_by=person)
    assert [record["caller_id"] for record in sandbox.records("incident")].count("") == 1


def test_a_person_is_looked_up_once_a_day(sandbox: SandboxProcess, connection: Connection) -> None:
    sandbox.create("sys_user", user_name="hana", email="hana@aozora.example", active="true")
    person = UserFactory.create(email="hana@aozora.example")
    sent(connection, requested_by=person)
    sandbox.clear()
    sent(connection, requested_by=person)
    assert sandbox.requests()["total"] == 1
    Requester.objects.update(looked_up_at=timezone.now() - timedelta(hours=25))
    sandbox.clear()
    sent(connection, requested_by=person)
    assert sandbox.requests()["total"] == 2


def test_mapped_fields_arrive(sandbox: SandboxProcess, connection: Connection) -> None:
    group = sandbox.create("sys_user_group", name="Identity team")
    for field, source, value in [
        ("assignment_group", ValueSource.FIXED, group["sys_id"]),
        ("close_notes", ValueSource.CONTROL_ID, ""),
        ("justification", ValueSource.CATEGORY, ""),
    ]:
        FieldMapping.objects.create(
            instance=connection.instance, kind=Kind.CHANGE_REQUEST, field=field, source=source, value=value
        )
    action = ActionFactory.create()
    sent(connection, action=action)
    [record] = sandbox.records("change_request")
    assert (record["assignment_group"], record["close_notes"]) == (group["sys_id"], action.control_id)
    assert record["justification"] == "Identity"
    sent(connection, kind=Kind.INCIDENT)
    assert sandbox.records("incident")[0]["assignment_group"] == ""


def test_a_mapped_field_that_was_not_kept_is_listed(sandbox: SandboxProcess, connection: Connection) -> None:
    FieldMapping.objects.create(
        instance=connection.instance, kind=Kind.CHANGE_REQUEST, field="u_cost_center", value="4711"
    )
    assert sent(connection).dropped_fields == ["u_cost_center"]


def test_a_mapped_journal_is_written_and_not_called_lost(
    sandbox: SandboxProcess, connection: Connection
) -> None:
    FieldMapping.objects.create(
        instance=connection.instance, kind=Kind.CHANGE_REQUEST, field="work_notes", value="From Scoredesk"
    )
    assert sent(connection).dropped_fields == []
    assert [row["value"] for row in sandbox.records("sys_journal_field")] == ["From Scoredesk"]


def test_a_group_is_chosen_by_its_name(
    browser: Client, sandbox: SandboxProcess, connection: Connection
) -> None:
    group = sandbox.create("sys_user_group", name="Identity team", active="true")
    page = browser.get(FIELDS, {"field": "assignment_group"})
    assert (group["sys_id"], "Identity team") in page.context["form"].offer.values
    form = {"field": "assignment_group", "source": "fixed", "value": group["sys_id"]}
    page = browser.post(FIELDS, form, follow=True)
    assert b"Identity team" in page.content
    assert group["sys_id"] in page.context["preview"]
    mapping = FieldMapping.objects.get()
    browser.post(reverse("tickets:remove_field", args=[Kind.CHANGE_REQUEST, mapping.pk]))
    assert not FieldMapping.objects.exists()


def test_choices_are_read_live(browser: Client, connection: Connection) -> None:
    page = browser.get(reverse("tickets:fields", args=[Kind.INCIDENT]), {"field": "category"})
    assert "network" in dict(page.context["form"].offer.values)


def test_where_choices_may_not_be_read_a_value_is_typed_with_a_warning(
    browser: Client, sandbox: SandboxProcess, connection: Connection
) -> None:
    sandbox.fault("forbidden", method="GET", times=5)
    page = browser.get(FIELDS, {"field": "category"})
    assert b"does not say what this field may hold" in page.content
    sandbox.fault("forbidden", method="GET", times=5)
    browser.post(FIELDS, {"field": "category", "source": "fixed", "value": "Security"})
    assert FieldMapping.objects.get().value == "Security"


@pytest.mark.parametrize("field", ["priority", "sys_id", "start_date", "no such", "x^y", ""])
def test_the_portals_own_fields_and_nonsense_are_refused(
    browser: Client, connection: Connection, field: str
) -> None:
    assert browser.post(FIELDS, {"field": field, "source": "fixed", "value": "1"}).status_code == 422
    assert not FieldMapping.objects.exists()


def test_mandatory_fields_are_learnt_from_refusals(
    browser: Client, sandbox: SandboxProcess, connection: Connection
) -> None:
    ticket = TicketFactory.create(instance=connection.instance)
    sandbox.fault("data_policy", times=1)
    push(ticket.pk, clock=Clock())
    ticket.refresh_from_db()
    assert ticket.delivery == Delivery.ATTENTION
    page = browser.get(FIELDS)
    assert page.context["missing"] == [Missing("Assignment group", "assignment_group")]
    assert b"map assignment_group" in page.content
    Ticket.objects.update(last_problem=REFUSAL.format("Due date, Cost center, 費用, Priority"))
    shown = browser.get(FIELDS).content.decode()
    assert "map cost_center, which is perhaps its name" in shown
    assert ("?field=due_date" in shown, '?field="' in shown) == (False, False)
    assert shown.count("The portal sets this field itself.") == 1
    assert shown.count("No mapping sets this field.") == 1


@pytest.mark.parametrize(
    ("label", "field", "is_guess"),
    [
        ("Configuration item", "cmdb_ci", False),
        ("Caller", "caller_id", False),
        ("Service", "business_service", False),
        ("Model", "chg_model", False),
        ("U-Cost Center", "u_cost_center", True),
        ("費用", "", True),
        ("1st contact", "", True),
    ],
)
def test_a_label_is_taken_for_the_base_systems_field_or_for_a_guess(
    label: str, field: str, is_guess: bool
) -> None:
    assert in_words_of(REFUSAL.format(label)) == [Missing(label, field, is_guess)]


def test_a_refusal_that_names_no_field_teaches_nothing() -> None:
    assert in_words_of("Operation against file 'incident' was aborted by Business Rule") == []
    assert [
        one.field for one in in_words_of("The following fields are mandatory: Close notes, U-Cost Center")
    ] == [
        "close_notes",
        "u_cost_center",
    ]


def test_only_who_manages_the_connection_maps_fields(
    client: Client, reader: User, connection: Connection
) -> None:
    client.force_login(reader)
    assert client.get(FIELDS).status_code == 403
    assert client.post(FIELDS, {"field": "category"}).status_code == 403
