"""By client credentials no consent is involved: what was refused is asked again, after ever longer pauses."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry
from connector.access.client_factory import Pause, Paused, open_client
from connector.models import Connection, Instance
from tests.connector.access.test_client_factory import by_code, expire, token_calls
from tests.connector.errands import text
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db


def refused(sandbox: SandboxProcess, times: int = 2) -> None:
    sandbox.fault("unauthorized", route="token", method="any", times=times)


def attempt(now: datetime) -> Pause | None:
    try:
        open_client(Connection.objects.current().get(), now=now)
    except Paused as pause:
        return pause.reason
    return None


def test_a_token_that_was_refused_twice_is_asked_for_again_by_itself(
    connection: Connection, sandbox: SandboxProcess
) -> None:
    now = timezone.now()
    refused(sandbox)
    sandbox.clear_log()
    assert attempt(now) == Pause.TOKEN_REFUSED
    assert token_calls(sandbox) == 2
    # Left alone for a while, then asked by whoever comes first.
    assert attempt(now + timedelta(seconds=30)) == Pause.TOKEN_REFUSED
    assert token_calls(sandbox) == 2
    assert attempt(now + timedelta(seconds=90)) is None
    connection.refresh_from_db()
    assert connection.is_usable
    assert (connection.token_refusals, connection.next_token_at) == (0, None)
    assert AuditEntry.objects.filter(verb="servicenow.token_refused").count() == 1


def test_the_pauses_grow_up_to_an_hour(connection: Connection, sandbox: SandboxProcess) -> None:
    now = timezone.now()
    refused(sandbox, 100)
    pauses = []
    for _ in range(9):
        assert attempt(now) == Pause.TOKEN_REFUSED
        connection.refresh_from_db()
        assert connection.next_token_at is not None
        pauses.append(connection.next_token_at - now)
        now = connection.next_token_at + timedelta(seconds=1)
    minutes = [round(pause.total_seconds() / 60) for pause in pauses]
    assert minutes == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert AuditEntry.objects.filter(verb="servicenow.token_refused").count() == 1
    sandbox.clear()


def test_the_pages_say_so_and_when_it_goes_on(
    connection: Connection, sandbox: SandboxProcess, browser: Client
) -> None:
    refused(sandbox)
    attempt(timezone.now())
    page = text(browser.get("/servicenow/"))
    assert "asks for a token again by itself at" in page
    assert '<span class="badge badge--danger">Sign-in refused</span>' in page
    assert "no longer accepts our sign-in" not in page.split("Troubleshooting")[0]
    assert "asks for a token again by itself at" in text(browser.get("/"))
    Connection.objects.update(next_token_at=timezone.now())
    assert "by itself with the next call" in text(browser.get("/servicenow/"))
    attempt(timezone.now())
    assert "asks for a token again" not in text(browser.get("/"))


def test_a_click_tries_at_once(connection: Connection, sandbox: SandboxProcess, browser: Client) -> None:
    refused(sandbox)
    attempt(timezone.now())
    assert "ServiceNow answers" in text(browser.post("/servicenow/test/", follow=True))
    assert attempt(timezone.now()) is None


def test_where_consent_is_involved_somebody_authorizes_again(
    connection: Connection, sandbox: SandboxProcess
) -> None:
    by_code(connection, sandbox)
    expire(connection)
    refused(sandbox)
    assert attempt(timezone.now()) == Pause.NEEDS_REAUTHORIZATION
    assert attempt(timezone.now() + timedelta(days=1)) == Pause.NEEDS_REAUTHORIZATION
    assert Instance.objects.get().last_error == ""
