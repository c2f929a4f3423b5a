"""The connection in use: fixed by one button, replaced, taken apart."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, User
from connector.access import client_factory
from connector.access.client_factory import open_client
from connector.models import Connection, ConnectionSecrets
from tests.connector.errands import confirm, text
from tests.sandbox_process import CLIENT, SandboxProcess

pytestmark = pytest.mark.django_db


def test_authorizing_again_replaces_the_connection_only_when_confirmed(
    browser: Client, sandbox: SandboxProcess, connection: Connection
) -> None:
    browser.post("/servicenow/authorize/")
    assert Connection.objects.current().get() == connection
    confirm(browser)
    replaced = Connection.objects.get(pk=connection.pk)
    assert (replaced.status, replaced.is_current) == ("removed", False)
    assert Connection.objects.working().get().instance == connection.instance
    assert ConnectionSecrets.objects.count() == 1


@pytest.mark.parametrize(("days", "is_told"), [(15, False), (13, True)])
@pytest.mark.parametrize("page", ["/", "/servicenow/"])
def test_the_end_of_the_sign_in_is_told_fourteen_days_ahead_with_the_button_that_fixes_it(
    browser: Client, connection: Connection, page: str, days: int, is_told: bool
) -> None:
    Connection.objects.update(refresh_expires_at=timezone.now() + timedelta(days=days))
    said = text(browser.get(page))
    assert ("The sign-in to ServiceNow ends soon" in said) == is_told
    assert ('action="/servicenow/authorize/"' in said) == is_told


def test_the_button_that_fixes_the_connection_in_use_is_not_led_astray_by_another_being_set_up(
    browser: Client, connection: Connection
) -> None:
    browser.post("/servicenow/setup/", entered_elsewhere())
    Connection.objects.filter(pk=connection.pk).update(status="needs_reauthorization")
    page = text(browser.get("/servicenow/"))
    form = page[page.index('action="/servicenow/authorize/"') :]
    name, value = re.findall(r'type="hidden" name="(\w+)" value="(\w+)"', form[: form.index("</form>")])[-1]
    asked = browser.post("/servicenow/authorize/", {name: value}, follow=True)
    assert "m365.integration" in text(asked)
    assert f"<dd>{connection.instance.host}</dd>" in text(asked)


def test_what_is_being_set_up_can_be_discarded_while_another_is_in_use(
    browser: Client, sandbox: SandboxProcess, connection: Connection, secadmin: User
) -> None:
    assert "Discard and stay connected" not in text(browser.get("/servicenow/setup/"))
    browser.post("/servicenow/setup/", entered_elsewhere())
    assert "Discard and stay connected" in text(browser.get("/servicenow/setup/"))
    page = text(browser.post("/servicenow/discard/", follow=True))
    assert "acme-test" not in page
    assert f"The connection to {connection.instance.name}" in page
    assert Connection.objects.get() == connection
    entry = AuditEntry.objects.get(verb="servicenow.draft_discarded")
    assert (entry.actor, entry.target) == (secadmin, "acme-test.service-now.com")
    browser.post("/servicenow/discard/")
    assert AuditEntry.objects.filter(verb="servicenow.draft_discarded").count() == 1
    assert client_factory.oauth_client_of(connection).client_secret == CLIENT[1]


def entered_elsewhere() -> dict[str, str]:
    return {"instance": "acme-test", "grant": "client_credentials", "client_id": "x", "client_secret": "y"}


def test_removing_asks_for_the_name_then_revokes_and_forgets(
    browser: Client, sandbox: SandboxProcess, connection: Connection
) -> None:
    client = open_client(connection, now=timezone.now())
    assert browser.post("/servicenow/configuration/", {"name": "something else"}).status_code == 422
    assert Connection.objects.current().exists()
    sandbox.clear()
    page = browser.post("/servicenow/configuration/", {"name": sandbox.host}, follow=True)
    assert "Not connected to ServiceNow" in text(page)
    assert not ConnectionSecrets.objects.exists()
    assert [call["path"] for call in sandbox.requests()["requests"]] == ["/oauth_revoke_token.do"]
    connection.refresh_from_db()
    assert (connection.status, connection.is_current) == ("removed", False)
    assert AuditEntry.objects.get().verb == "servicenow.removed"
    with pytest.raises(Exception, match=r"not_authenticated|not_connected"):
        client.whoami()


def test_removing_works_while_servicenow_is_away(
    browser: Client, sandbox: SandboxProcess, connection: Connection
) -> None:
    open_client(connection, now=timezone.now())
    sandbox.stop()
    browser.post("/servicenow/configuration/", {"name": sandbox.host})
    assert not ConnectionSecrets.objects.exists()
