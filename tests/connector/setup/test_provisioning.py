"""Provisioning again: a new client of the same instance, and another instance."""

from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.test import Client

from accounts.models import User
from connector.models import Connection
from tests.connector.errands import confirm, entered
from tests.factories import TicketFactory
from tests.sandbox_process import SandboxProcess
from tickets.delivery.push import push, push_due
from tickets.models import Ticket
from tickets.models.choices import Delivery
from tickets.tracking.poll import poll_sweep

pytestmark = pytest.mark.django_db


@pytest.fixture
def elsewhere(sandbox: SandboxProcess, settings: LazySettings) -> Iterator[SandboxProcess]:
    with SandboxProcess() as other:
        settings.SERVICENOW_ALLOWED_HOSTS = [sandbox.host, other.host]
        yield other


def provision(browser: Client, sandbox: SandboxProcess) -> Connection:
    browser.post("/servicenow/setup/", entered(sandbox, grant="client_credentials"))
    browser.post("/servicenow/authorize/")
    confirm(browser)
    return Connection.objects.working().get()


def shared(connection: Connection, person: User) -> Ticket:
    return TicketFactory.create(instance=connection.instance, requested_by=person)


def test_a_new_client_of_the_same_instance_keeps_following_its_tickets(
    browser: Client, sandbox: SandboxProcess, secadmin: User
) -> None:
    first = provision(browser, sandbox)
    ticket, waiting = shared(first, secadmin), shared(first, secadmin)
    push(ticket.pk)
    second = provision(browser, sandbox)
    assert (second.instance, second.pk != first.pk) == (first.instance, True)
    [record] = sandbox.records("change_request")
    sandbox.change("change_request", record["sys_id"], state="-4")
    assert poll_sweep() == 1
    assert push_due() == 1
    waiting.refresh_from_db()
    assert waiting.is_delivered


def test_another_instance_is_sent_nothing_of_the_old_one(
    browser: Client, sandbox: SandboxProcess, elsewhere: SandboxProcess, secadmin: User
) -> None:
    first = provision(browser, sandbox)
    followed, waiting = shared(first, secadmin), shared(first, secadmin)
    push(followed.pk)
    second = provision(browser, elsewhere)
    sandbox.clear()
    elsewhere.clear()
    assert push_due() == 0
    assert push(waiting.pk) == "paused"
    assert poll_sweep() == 0
    assert [call for call in elsewhere.requests()["requests"] if "/table/" in call["path"]] == []
    assert sandbox.requests()["total"] == 0
    waiting.refresh_from_db()
    assert (waiting.delivery, waiting.attempts) == (Delivery.WAITING, 0)
    new = shared(second, secadmin)
    assert push_due() == 1
    new.refresh_from_db()
    [record] = elsewhere.records("change_request")
    assert record["sys_id"] == new.sys_id
    assert browser.get(f"/tickets/{followed.pk}/").status_code == 200


def test_going_back_to_the_first_instance_takes_its_tickets_up_again(
    browser: Client, sandbox: SandboxProcess, elsewhere: SandboxProcess, secadmin: User
) -> None:
    first = provision(browser, sandbox)
    waiting = shared(first, secadmin)
    provision(browser, elsewhere)
    provision(browser, sandbox)
    assert push_due() == 1
    waiting.refresh_from_db()
    assert waiting.is_delivered
    assert elsewhere.records("change_request") == []


def test_another_host_needs_its_own_secret(
    browser: Client, sandbox: SandboxProcess, elsewhere: SandboxProcess
) -> None:
    provision(browser, sandbox)
    answer = browser.post("/servicenow/setup/", entered(elsewhere, client_secret=""))
    assert answer.status_code == 422
    assert not Connection.objects.drafts().exists()
    assert elsewhere.requests()["total"] == 0


def test_a_stored_host_that_the_operator_takes_off_the_list_is_not_called(
    browser: Client, sandbox: SandboxProcess, settings: LazySettings, secadmin: User
) -> None:
    ticket = shared(provision(browser, sandbox), secadmin)
    sandbox.clear()
    settings.SERVICENOW_ALLOWED_HOSTS = []
    push(ticket.pk)
    browser.post("/servicenow/test/")
    browser.post("/servicenow/checks/")
    assert sandbox.requests()["total"] == 0
