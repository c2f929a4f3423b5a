"""Trying the fields of a kind of ticket: one record, canceled at once, and what it taught."""

import sys
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, User
from connector.health.tables import TABLES
from connector.models import Connection
from connector.servicenow import trial
from tests.factories import ChangeTemplateFactory, FieldMappingFactory
from tests.sandbox_process import SandboxProcess
from tickets.configuration.required_fields import Missing
from tickets.models.choices import Kind
from tickets.models.field_trial import FieldTrial

pytestmark = [pytest.mark.django_db]


@pytest.fixture
def browser(secadmin: User, client: Client) -> Client:
    client.force_login(secadmin)
    return client


def tried(browser: Client, kind: Kind) -> str:
    """Press the button, and read the page that comes back."""
    page = browser.post(reverse("tickets:try_fields", args=[kind]), follow=True)
    assert page.status_code == 200
    return page.content.decode()


@pytest.mark.parametrize("kind", Kind)
def test_one_record_has_all_fields_and_is_canceled(
    browser: Client, sandbox: SandboxProcess, connection: Connection, kind: Kind
) -> None:
    group = sandbox.create("sys_user_group", name="Identity team", active="true")
    FieldMappingFactory.create(
        instance=connection.instance, kind=kind, field="assignment_group", value=group["sys_id"]
    )
    page = tried(browser, kind)
    [record] = sandbox.records(kind)
    assert (record["assignment_group"], record["state"]) == (group["sys_id"], TABLES[kind].canceled)
    assert (record["short_description"], record["correlation_display"]) == (trial.TITLE, trial.DISPLAY)
    assert record["priority"] == "3"
    assert f"{record['number']} was created and kept every field." in page
    assert "It was canceled at once." in page
    assert AuditEntry.objects.get(verb="tickets.fields_tried").target == record["number"]


def test_fields_that_were_not_kept_are_listed(
    browser: Client, sandbox: SandboxProcess, connection: Connection
) -> None:
    FieldMappingFactory.create(instance=connection.instance, field="u_cost_center", value="4711")
    page = tried(browser, Kind.CHANGE_REQUEST)
    assert FieldTrial.objects.get().dropped_fields == ["u_cost_center"]
    assert "<code>u_cost_center</code>" in page


def test_mandatory_fields_are_learnt_from_the_refusal(
    browser: Client, sandbox: SandboxProcess, connection: Connection
) -> None:
    sandbox.fault("data_policy")
    page = browser.post(reverse("tickets:try_fields", args=[Kind.INCIDENT]), follow=True)
    assert page.context["missing"] == [Missing("Assignment group", "assignment_group")]
    assert sandbox.records("incident") == []
    tried(browser, Kind.INCIDENT)
    assert FieldTrial.objects.get().result == FieldTrial.Result.MADE
    page = browser.get(reverse("tickets:fields", args=[Kind.INCIDENT]))
    assert page.context["missing"] == []


def test_a_record_that_may_not_be_canceled_is_named(
    browser: Client, sandbox: SandboxProcess, connection: Connection
) -> None:
    sandbox.fault("business_rule_abort", method="PATCH")
    page = tried(browser, Kind.CHANGE_REQUEST)
    assert f"{sandbox.records('change_request')[0]['number']} could not be canceled" in page


def test_an_answer_that_does_not_come_leaves_nothing_said_of_it(
    browser: Client, sandbox: SandboxProcess, connection: Connection
) -> None:
    sandbox.fault("rate_limit", method="PATCH", times=2)
    assert trial.TITLE in tried(browser, Kind.CHANGE_REQUEST)
    assert not FieldTrial.objects.exists()


def test_calls_that_are_used_up_in_the_middle_leave_a_record_to_look_for(
    browser: Client, sandbox: SandboxProcess, connection: Connection, settings: LazySettings
) -> None:
    armed = [True]

    def use_up_once_it_is_created(event: str, arguments: tuple[Any, ...]) -> None:
        if armed and event == "http.client.send" and bytes(arguments[1]).startswith(b"POST /api/now/table/"):
            armed.clear()
            settings.API_CALLS_PER_HOUR = 1

    sys.addaudithook(use_up_once_it_is_created)
    page = tried(browser, Kind.CHANGE_REQUEST)
    assert armed == []
    [record] = sandbox.records("change_request")
    assert record["state"] != "4"
    assert f"If a record “{trial.TITLE}” is open there, cancel it." in page


@pytest.mark.parametrize(("read_only", "is_proven"), [("", True), ("correlation_id", False)])
def test_changes_are_tried_with_their_template(
    browser: Client,
    sandbox: SandboxProcess,
    connection: Connection,
    read_only: str,
    is_proven: bool,
) -> None:
    template = ChangeTemplateFactory.create(
        instance=connection.instance, proven_at=None if is_proven else "2026-01-01T00:00Z"
    )
    sandbox.settings(standard_change_read_only=read_only)
    page = tried(browser, Kind.CHANGE_REQUEST)
    [record] = sandbox.records("change_request")
    assert record["std_change_producer_version"] == template.sys_id
    template.refresh_from_db()
    assert bool(template.proven_at) == is_proven
    assert ("did not keep its correlation ID" in page) == (not is_proven)


def test_only_who_manages_the_connection_tries(
    client: Client, reader: User, sandbox: SandboxProcess, connection: Connection
) -> None:
    client.force_login(reader)
    assert client.post(reverse("tickets:try_fields", args=[Kind.INCIDENT])).status_code == 403
    assert sandbox.records("incident") == []
