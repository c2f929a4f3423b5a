"""Nothing on a page claims more than was looked at."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from connector.access.client_factory import open_client
from connector.health import checks
from connector.models import Connection, Instance
from connector.servicenow.errors import RateLimited, ServerError
from tests.connector.errands import entered, leave, text
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db
CONNECTED = '<span class="badge badge--success">Connected</span>'
AWAKE = "It is awake and answers the REST API."


def fail(connection: Connection, times: int = 5) -> None:
    for _ in range(times):
        Instance.objects.filter(pk=connection.instance_id).record_failure(
            timezone.now(), ServerError("The instance did not answer in time.")
        )


@pytest.mark.parametrize("address", ["/servicenow/", "/servicenow/setup/"])
def test_what_fails_now_is_neither_connected_nor_awake(
    browser: Client, connection: Connection, address: str
) -> None:
    checks.run(connection, now=timezone.now())
    page = text(browser.get(address))
    assert AWAKE in page
    fail(connection)
    page = text(browser.get(address))
    assert CONNECTED not in page
    assert AWAKE not in page
    assert "Connected to" not in page


def test_a_connection_that_works_is_called_connected(browser: Client, connection: Connection) -> None:
    checks.run(connection, now=timezone.now())
    assert CONNECTED in text(browser.get("/servicenow/"))


@pytest.mark.parametrize("address", ["/servicenow/test/", "/servicenow/checks/"])
def test_a_click_tries_although_the_instance_is_left_alone(
    browser: Client, connection: Connection, sandbox: SandboxProcess, address: str
) -> None:
    fail(connection)
    sandbox.clear()
    page = text(browser.post(address, follow=True))
    assert "left alone for a minute" not in page.split("Troubleshooting")[0]
    assert sandbox.requests()["total"] > 0
    assert CONNECTED in page
    assert open_client(Connection.objects.current().get(), now=timezone.now())


def test_a_click_does_not_break_the_rest_that_the_instance_asked_for(
    browser: Client, connection: Connection, sandbox: SandboxProcess
) -> None:
    Instance.objects.filter(pk=connection.instance_id).record_failure(
        timezone.now(), RateLimited("slow down", retry_after=timedelta(minutes=5))
    )
    sandbox.clear()
    for address in ("/servicenow/test/", "/servicenow/checks/"):
        page = text(browser.post(address, follow=True))
        assert CONNECTED not in page
    assert sandbox.requests()["total"] == 0


def test_words_of_ours_are_not_put_into_the_mouth_of_servicenow(
    browser: Client, sandbox: SandboxProcess, connection: Connection
) -> None:
    browser.post("/servicenow/setup/", entered(sandbox, grant="client_credentials"))
    sandbox.fault("reset", route="token", method="any")
    page = text(browser.post("/servicenow/authorize/", follow=True))
    assert "did not answer in time" in page
    assert "ServiceNow says:" not in page
    sandbox.fault("unauthorized", route="token", method="any")
    page = text(browser.post("/servicenow/authorize/", follow=True))
    assert "ServiceNow says:" in page
    fail(connection)
    assert '<q lang="en">' not in text(browser.get("/servicenow/")).split("Troubleshooting")[0]


def test_only_a_token_shows_that_the_first_step_is_right(
    browser: Client, sandbox: SandboxProcess, secadmin: User
) -> None:
    browser.post("/servicenow/setup/", entered(sandbox, client_id="mistyped"))
    leave(browser)
    page = text(browser.get("/servicenow/setup/"))
    assert "Completed" not in page
    assert page.count("Entered, not yet tried") == 2
    assert "the instance or the client ID of step 1 is wrong" in page
