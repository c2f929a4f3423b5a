"""The page that starts a reconciliation, shows what it found and takes choices; without JavaScript."""

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse

from accounts.models import User
from connector.models import Connection
from portal.celery import app
from tests.factories import FindingFactory
from tests.sandbox_process import SandboxProcess
from tickets.delivery.push import push
from tickets.models import Finding, Ticket

pytestmark = [pytest.mark.django_db]
PAGE = reverse("tickets:reconciliation")


@pytest.fixture
def at_once(settings: LazySettings) -> object:
    """Workers that do it while the person waits."""
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


@pytest.fixture
def person(client: Client, secadmin: User) -> Client:
    client.force_login(secadmin)
    return client


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("at_once")
def test_a_person_compares_looks_and_fixes(
    sandbox: SandboxProcess, connection: Connection, ticket: Ticket, person: Client
) -> None:
    push(ticket.pk)
    ticket.refresh_from_db()
    assert "None yet." in person.get(PAGE).content.decode()
    sandbox.change("change_request", ticket.sys_id, state="-4")
    assert (
        "New → Assess" in person.post(reverse("tickets:start_reconciliation"), follow=True).content.decode()
    )
    ticket.refresh_from_db()
    assert ticket.state == "-5"
    finding = Finding.objects.get()
    address = reverse("tickets:fix", args=[finding.run_id, finding.discrepancy])
    page = person.post(address, {"finding": finding.pk}, follow=True).content.decode()
    assert "Fixed" in page
    ticket.refresh_from_db()
    assert ticket.state == "-4"
    assert "There is nothing left to fix here." in person.post(address, follow=True).content.decode()


def test_without_a_connection_the_page_leads_to_it(person: Client) -> None:
    assert reverse("connector:connection") in person.get(PAGE).content.decode()
    person.post(reverse("tickets:start_reconciliation"))
    assert not Finding.objects.exists()


def test_what_is_no_kind_of_finding_is_not_there(person: Client, connection: Connection) -> None:
    assert person.post(reverse("tickets:fix", args=[1, "stale"])).status_code == 404


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("at_once")
def test_what_stopped_a_run_is_told_in_the_readers_language(
    person: Client, connection: Connection, ticket: Ticket, settings: LazySettings
) -> None:
    push(ticket.pk)
    settings.API_CALLS_PER_HOUR = 1
    page = person.post(
        reverse("tickets:start_reconciliation"), follow=True, headers={"Accept-Language": "ja"}
    )
    assert "に達しました" in page.content.decode()
    assert "calls are used up" in person.get(PAGE, headers={"Accept-Language": "en"}).content.decode()


@pytest.mark.parametrize("finding", ["0", "-1", "abc", "", "9" * 5000])
def test_a_finding_that_is_none_fixes_nothing(person: Client, connection: Connection, finding: str) -> None:
    found = FindingFactory.create(run__instance=connection.instance)
    answer = person.post(reverse("tickets:fix", args=[found.run_id, found.discrepancy]), {"finding": finding})
    assert answer.status_code == (302 if finding == "0" else 404)
    found.refresh_from_db()
    assert found.chosen_at is None
