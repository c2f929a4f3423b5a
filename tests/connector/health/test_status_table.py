"""The connection's status inside ServiceNow, with and without its connector app."""

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from connector.health import checks, status_table
from connector.health.check_texts import lines
from connector.models import Connection
from tests.connector.errands import confirm, entered, text
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db


def test_without_the_app_the_connection_works_and_says_so(
    connection: Connection, sandbox: SandboxProcess
) -> None:
    checks.run(connection, now=timezone.now())
    [line] = [line for line in lines(connection.check_results.all()) if line.name == "status_table"]
    assert "works without it" in line.evidence


def test_with_the_app_the_status_is_there_from_connecting_to_removing(
    browser: Client,
    sandbox: SandboxProcess,
    secadmin: User,
) -> None:
    sandbox.companion()
    browser.post("/servicenow/setup/", entered(sandbox, grant="client_credentials"))
    browser.post("/servicenow/authorize/")
    page = confirm(browser)
    assert "shows the status of this connection" in text(page)
    [row] = sandbox.records(status_table.TABLE)
    current = Connection.objects.working().get()
    assert (row["portal_url"], row["status"]) == ("http://127.0.0.1:8000", "connected")
    assert row["integration_user"] == current.integration_user_sys_id
    assert row["last_contact_on"]
    browser.post("/servicenow/checks/")
    assert len(sandbox.records(status_table.TABLE)) == 1
    browser.post("/servicenow/configuration/", {"name": sandbox.host})
    assert [row["status"] for row in sandbox.records(status_table.TABLE)] == ["removed"]


def test_another_portals_row_is_left_alone(connection: Connection, sandbox: SandboxProcess) -> None:
    sandbox.companion()
    sandbox.create(status_table.TABLE, portal_url="https://elsewhere.example", status="connected")
    checks.run(connection, now=timezone.now())
    addresses = sorted(row["portal_url"] for row in sandbox.records(status_table.TABLE))
    assert addresses == ["http://127.0.0.1:8000", "https://elsewhere.example"]


def test_a_status_that_may_not_be_written_says_so_and_breaks_nothing(
    connection: Connection, sandbox: SandboxProcess
) -> None:
    sandbox.companion()
    sandbox.fault("forbidden", times=1)
    checks.run(connection, now=timezone.now())
    assert connection.check_results.get(name="status_table").finding == "unwritable"
    assert connection.check_results.get(name="instance").finding == "answers"
