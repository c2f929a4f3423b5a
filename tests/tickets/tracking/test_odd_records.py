"""Records that hold what nobody expects: none keeps the others from being followed, or breaks a page."""

import pytest
import requests
from django.test import Client

from accounts.models import User
from connector.models import Connection, Instance
from tests.factories import TicketFactory
from tests.sandbox_process import SandboxProcess
from tickets.delivery.push import push
from tickets.models import Ticket
from tickets.tracking.poll import poll_sweep

pytestmark = [pytest.mark.django_db]
NEVER = "9999-12-31 23:59:59"


@pytest.fixture
def other(sandbox: SandboxProcess, connection: Connection) -> Ticket:
    ticket = TicketFactory.create(instance=connection.instance)
    push(ticket.pk)
    ticket.refresh_from_db()
    return ticket


@pytest.fixture
def far_east(settings: object) -> None:
    settings.ORGANIZATION_TIME_ZONE = settings.TIME_ZONE = "Asia/Tokyo"  # type: ignore[attr-defined]


def test_a_due_date_that_means_never_holds_no_other_ticket_up(
    sandbox: SandboxProcess, far_east: None, delivered: Ticket, other: Ticket
) -> None:
    sandbox.change("change_request", delivered.sys_id, requested_by_date=NEVER)
    sandbox.change("change_request", other.sys_id, state="-4")
    assert poll_sweep() == 2
    delivered.refresh_from_db()
    other.refresh_from_db()
    assert (delivered.their_due_on is not None and delivered.their_due_on.year, other.state) == (9999, "-4")


def test_a_page_shows_a_record_that_is_planned_for_never(
    sandbox: SandboxProcess, far_east: None, delivered: Ticket, client: Client, secadmin: User
) -> None:
    sandbox.change("change_request", delivered.sys_id, start_date=NEVER, requested_by_date=NEVER)
    poll_sweep()
    client.force_login(secadmin)
    assert client.get(delivered.get_absolute_url()).status_code == 200


def test_a_row_that_cannot_be_stored_is_told_and_the_others_are_followed(
    sandbox: SandboxProcess, delivered: Ticket, other: Ticket, caplog: pytest.LogCaptureFixture
) -> None:
    imported = requests.patch(
        f"{sandbox.url}/api/now/table/change_request/{delivered.sys_id}",
        params={"sysparm_suppress_auto_sys_field": "true"},
        json={"sys_mod_count": "9" * 20},
        headers={"Authorization": f"Bearer {sandbox.token()}"},
        timeout=10,
    )
    assert imported.status_code == 200
    sandbox.change("change_request", other.sys_id, state="-4")
    assert poll_sweep() == 1
    other.refresh_from_db()
    assert other.state == "-4"
    assert [line.count(delivered.sys_id) for line in caplog.messages if "left out" in line] == [1]
    assert Instance.objects.get().last_swept_at
