"""Pages do not claim more than was compared, and tickets that nobody follows any more say so."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from connector.models import Connection
from tests.factories import InstanceFactory, TicketFactory
from tests.sandbox_process import SandboxProcess
from tests.tickets.reconciling import run
from tickets.delivery.push import push
from tickets.models import Ticket
from tickets.models.choices import Delivery
from tickets.tracking.poll import poll_sweep

pytestmark = [pytest.mark.django_db]


@pytest.fixture
def browser(client: Client, secadmin: User) -> Client:
    client.force_login(secadmin)
    return client


def reconciliation(browser: Client) -> str:
    return browser.get(reverse("tickets:reconciliation")).content.decode()


def test_an_unlinked_ticket_and_a_deleted_record_are_no_agreement(
    sandbox: SandboxProcess, connection: Connection, delivered: Ticket, browser: Client
) -> None:
    other = TicketFactory.create(instance=connection.instance)
    push(other.pk)
    TicketFactory.create(instance=connection.instance, delivery=Delivery.UNLINKED)
    sandbox.delete("change_request", delivered.sys_id)
    poll_sweep()
    done = run(connection)
    assert (done.findings.count(), done.aside) == (0, {"unlinked": 1, "missing": 1})
    page = reconciliation(browser)
    assert "Everything agrees" not in page
    assert "What could be compared agrees." in page
    assert f"?instance={connection.instance_id}&amp;delivery=unlinked" in page
    assert f"?instance={connection.instance_id}&amp;status=missing" in page


def test_where_all_was_compared_everything_agrees(
    connection: Connection, delivered: Ticket, browser: Client
) -> None:
    done = run(connection)
    assert (done.aside, done.left_out) == ({}, 0)
    assert "Everything agrees." in reconciliation(browser)


def test_the_list_says_which_open_tickets_nobody_follows_any_more(
    connection: Connection, delivered: Ticket, browser: Client
) -> None:
    page = browser.get(reverse("tickets:list")).content.decode()
    assert "no longer connected" not in page
    assert "no longer followed" not in page
    earlier = InstanceFactory.create()
    for _ in range(2):
        TicketFactory.create(instance=earlier, delivery=Delivery.WAITING)
    page = " ".join(browser.get(reverse("tickets:list")).content.decode().split())
    assert "2 of the open ones belong to an instance that is no longer connected" in page
    assert page.count("no longer followed") == 2
