"""Change requests made from a standard change template: exactly one each, and none that could not be found again."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, User
from connector.health.tables import TABLES
from connector.models import Connection
from connector.servicenow import trial
from tests.factories import ChangeTemplateFactory, FieldMappingFactory, TicketFactory
from tests.sandbox_process import SandboxProcess
from tests.tickets.clock import Clock
from tickets.delivery.push import push
from tickets.models import ChangeTemplate, Ticket
from tickets.models.backoff import AttemptResult
from tickets.models.choices import Delivery, Kind
from tickets.models.field_trial import FieldTrial

pytestmark = [pytest.mark.django_db]
CHANGES = "change_request"
CERTIFICATE, REBOOT = "508e02ec47410200e90d87e8dee49058", "1c87925347c12200e0ef563dbb9a7177"
FIELDS = reverse("tickets:fields", args=[Kind.CHANGE_REQUEST])
TEMPLATE = reverse("tickets:change_template")


@pytest.fixture
def browser(secadmin: User, client: Client) -> Client:
    client.force_login(secadmin)
    return client


@pytest.fixture
def template(connection: Connection) -> ChangeTemplate:
    return ChangeTemplateFactory.create(instance=connection.instance, sys_id=CERTIFICATE)


def pushed(ticket: Ticket, clock: Clock, *, times: int = 1) -> Ticket:
    for _ in range(times):
        push(ticket.pk, clock=clock)
        clock.advance(minutes=10)
    ticket.refresh_from_db()
    return ticket


def test_a_change_is_made_from_the_template(
    sandbox: SandboxProcess, template: ChangeTemplate, ticket: Ticket, clock: Clock
) -> None:
    assert pushed(ticket, clock).is_delivered
    [record] = sandbox.records(CHANGES)
    assert (record["type"], record["std_change_producer_version"]) == ("standard", CERTIFICATE)
    assert record["category"] == "Network"
    assert (record["sys_id"], record["correlation_id"]) == (ticket.client_sys_id, str(ticket.pk))
    assert (record["short_description"], ticket.sys_id) == (ticket.name, ticket.client_sys_id)
    assert ticket.dropped_fields == []


def test_an_incident_is_not(sandbox: SandboxProcess, template: ChangeTemplate, clock: Clock) -> None:
    ticket = TicketFactory.create(instance=template.instance, kind=Kind.INCIDENT)
    assert pushed(ticket, clock).is_delivered
    assert (len(sandbox.records("incident")), sandbox.records(CHANGES)) == (1, [])


def test_what_is_mapped_comes_before_what_the_template_holds(
    sandbox: SandboxProcess, template: ChangeTemplate, ticket: Ticket, clock: Clock
) -> None:
    FieldMappingFactory.create(instance=template.instance, field="category", value="Software")
    pushed(ticket, clock)
    assert [record["category"] for record in sandbox.records(CHANGES)] == ["Software"]


@pytest.mark.parametrize("honour_sys_id", [True, False])
@pytest.mark.parametrize("fault", ["lose_answer", "commit_then_500", "truncated"])
def test_a_lost_answer_makes_one_record_which_is_adopted(
    sandbox: SandboxProcess,
    template: ChangeTemplate,
    ticket: Ticket,
    clock: Clock,
    fault: str,
    honour_sys_id: bool,
) -> None:
    sandbox.settings(honour_sys_id=honour_sys_id)
    sandbox.fault(fault, route="change")
    assert pushed(ticket, clock).last_result == AttemptResult.OUTCOME_UNKNOWN
    assert pushed(ticket, clock, times=3).last_result == AttemptResult.ADOPTED
    [record] = sandbox.records(CHANGES)
    assert (record["sys_id"], record["type"]) == (ticket.sys_id, "standard")
    assert (record["sys_id"] == ticket.client_sys_id) == honour_sys_id


def test_nothing_is_sent_after_a_lost_answer_before_the_quarantine_ends(
    sandbox: SandboxProcess, template: ChangeTemplate, ticket: Ticket, clock: Clock
) -> None:
    sandbox.fault("reset", route="change")
    push(ticket.pk, clock=clock)
    clock.advance(seconds=30)
    assert push(ticket.pk, clock=clock) == AttemptResult.NOT_FOUND_YET
    clock.advance(minutes=10)
    assert push(ticket.pk, clock=clock) == AttemptResult.NOT_FOUND_YET
    clock.advance(minutes=1)
    assert push(ticket.pk, clock=clock) == AttemptResult.DELIVERED
    assert len(sandbox.records(CHANGES)) == 1


def test_a_template_that_stops_keeping_the_key_doubles_nothing(
    sandbox: SandboxProcess, template: ChangeTemplate, ticket: Ticket, clock: Clock
) -> None:
    sandbox.settings(honour_sys_id=False, standard_change_read_only="correlation_id")
    assert pushed(ticket, clock, times=4).last_result == AttemptResult.UNMATCHED_RECORD
    [record] = sandbox.records(CHANGES)
    assert (ticket.delivery, ticket.last_problem) == (Delivery.ATTENTION, record["number"])
    template.refresh_from_db()
    assert template.proven_at is None
    other = TicketFactory.create(instance=template.instance)
    assert pushed(other, clock, times=2).last_result == AttemptResult.UNPROVEN
    assert (other.delivery, other.may_be_sent_again) == (Delivery.ATTENTION, True)
    assert len(sandbox.records(CHANGES)) == 1


def test_a_template_that_is_gone_is_told_once_no_record_was_found(
    sandbox: SandboxProcess, connection: Connection, ticket: Ticket, clock: Clock
) -> None:
    ChangeTemplateFactory.create(instance=connection.instance, sys_id="0" * 32)
    assert pushed(ticket, clock, times=4).last_result == AttemptResult.DOUBTED
    assert ticket.delivery == Delivery.ATTENTION
    assert sandbox.records(CHANGES) == []


def test_a_template_is_chosen_by_its_name_and_kept_after_a_trial(
    browser: Client, sandbox: SandboxProcess, connection: Connection
) -> None:
    page = browser.get(TEMPLATE)
    assert (CERTIFICATE, "Renew a certificate") in page.context["form"].offer.values
    assert trial.TITLE.encode() in page.content
    assert sandbox.records(CHANGES) == []
    page = browser.post(TEMPLATE, {"template": CERTIFICATE}, follow=True)
    [record] = sandbox.records(CHANGES)
    assert (record["state"], record["type"]) == (TABLES[CHANGES].canceled, "standard")
    assert record["short_description"] == trial.TITLE
    kept = ChangeTemplate.objects.get()
    assert (kept.sys_id, kept.name, bool(kept.proven_at)) == (CERTIFICATE, "Renew a certificate", True)
    assert (b"Renew a certificate" in page.content, record["number"].encode() in page.content) == (True, True)
    assert AuditEntry.objects.filter(verb="tickets.template_chosen").count() == 1


def test_none_makes_plain_changes_again(
    browser: Client, sandbox: SandboxProcess, template: ChangeTemplate, ticket: Ticket, clock: Clock
) -> None:
    browser.post(TEMPLATE, {"template": ""})
    assert not ChangeTemplate.objects.exists()
    pushed(ticket, clock)
    [record] = sandbox.records(CHANGES)
    assert (record["type"], record["std_change_producer_version"]) == ("normal", "")


def test_a_template_that_does_not_keep_the_key_is_not_kept(
    browser: Client, sandbox: SandboxProcess, connection: Connection
) -> None:
    sandbox.settings(standard_change_read_only="correlation_id")
    page = browser.post(TEMPLATE, {"template": CERTIFICATE})
    assert (page.status_code, ChangeTemplate.objects.exists()) == (422, False)
    [record] = sandbox.records(CHANGES)
    assert record["state"] == TABLES[CHANGES].canceled
    [error] = page.context["form"].errors["template"]
    assert (record["number"] in error, "take correlation_id out" in error) == (True, True)


def test_the_one_in_use_stays_when_another_fails_and_stops_when_it_fails_itself(
    browser: Client, sandbox: SandboxProcess, template: ChangeTemplate
) -> None:
    sandbox.settings(standard_change_read_only="correlation_id")
    for tried, is_proven in ((REBOOT, True), (CERTIFICATE, False)):
        assert browser.post(TEMPLATE, {"template": tried}).status_code == 422
        template.refresh_from_db()
        assert (template.sys_id, bool(template.proven_at)) == (CERTIFICATE, is_proven)
    assert b"Nothing is sent with this template" in browser.get(FIELDS).content
    sandbox.settings(standard_change_read_only="")
    browser.post(TEMPLATE, {"template": CERTIFICATE})
    template.refresh_from_db()
    assert template.proven_at


def test_where_templates_may_not_be_read_a_sys_id_is_typed_with_a_warning(
    browser: Client, sandbox: SandboxProcess, connection: Connection
) -> None:
    sandbox.fault("forbidden", route="change", method="GET")
    assert b"does not say which templates there are" in browser.get(TEMPLATE).content
    sandbox.fault("forbidden", route="change", method="GET")
    browser.post(TEMPLATE, {"template": CERTIFICATE})
    kept = ChangeTemplate.objects.get()
    assert (kept.sys_id, kept.name) == (CERTIFICATE, "")


@pytest.mark.parametrize("typed", ["nonsense", "0" * 31, "../" + "0" * 29, "G" * 32])
def test_what_is_no_sys_id_is_refused_and_nothing_made(
    browser: Client, sandbox: SandboxProcess, connection: Connection, typed: str
) -> None:
    for is_readable in (True, False):
        if not is_readable:
            sandbox.fault("forbidden", route="change", method="GET")
        assert browser.post(TEMPLATE, {"template": typed}).status_code == 422
    assert (sandbox.records(CHANGES), ChangeTemplate.objects.count()) == ([], 0)


@pytest.mark.parametrize(
    ("fault", "says", "result"),
    [
        ("data_policy", "ServiceNow refused it", FieldTrial.Result.REFUSED),
        ("reset", "Look there for the correlation ID", FieldTrial.Result.UNCLEAR),
        ("rate_limit", "did not answer to the end", None),
    ],
)
def test_a_trial_that_proved_nothing_keeps_no_template(
    browser: Client,
    sandbox: SandboxProcess,
    connection: Connection,
    fault: str,
    says: str,
    result: FieldTrial.Result | None,
) -> None:
    sandbox.fault(fault, route="change")
    page = browser.post(TEMPLATE, {"template": CERTIFICATE})
    assert (page.status_code, ChangeTemplate.objects.exists()) == (422, False)
    assert says in page.context["form"].errors["template"][0]
    assert [tried.result for tried in FieldTrial.objects.all()] == ([result] if result else [])


def test_a_sleeping_connection_keeps_no_template(browser: Client, connection: Connection) -> None:
    Connection.objects.update(status=Connection.Status.NEEDS_REAUTHORIZATION)
    page = browser.post(TEMPLATE, {"template": CERTIFICATE})
    assert "Nothing was created there" in page.context["form"].errors["template"][0]
    assert not ChangeTemplate.objects.exists()


def test_only_who_manages_the_connection_chooses(
    client: Client, reader: User, connection: Connection
) -> None:
    client.force_login(reader)
    assert client.get(TEMPLATE).status_code == 403
    assert client.post(TEMPLATE, {"template": CERTIFICATE}).status_code == 403
