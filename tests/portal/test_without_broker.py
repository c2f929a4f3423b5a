"""A broker that is down costs seconds and no page: what was stored is found by the sweeps."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from connector.models import Connection
from portal.celery import app
from tests.factories import ActionFactory
from tests.ports import free_port
from tickets.delivery.push import push_due
from tickets.models import Reconciliation, Ticket

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture
def browser(client: Client, secadmin: User) -> Client:
    client.force_login(secadmin)
    return client


@pytest.fixture(autouse=True)
def redis_is_down() -> Iterator[None]:
    """Let Celery publish to a Redis that does not listen."""
    known = app.conf.broker_url
    app.conf.update(broker_url=f"redis://127.0.0.1:{free_port()}/0")
    app.amqp._producer_pool = None
    app._pool = None
    yield
    app.conf.update(broker_url=known)
    app.amqp._producer_pool = None
    app._pool = None


def test_a_share_is_stored_and_told_and_the_sweep_delivers_it(
    connection: Connection, browser: Client
) -> None:
    action = ActionFactory.create()
    form = {
        "ticket_id": str(uuid4()),
        "name": "Turn it on",
        "description": "As described.",
        "kind": "incident",
        "priority": "3",
        "due_on": (timezone.now() + timedelta(days=30)).date().isoformat(),
    }
    answer = browser.post(reverse("tickets:share", args=[action.control_id]), form, follow=True)
    assert answer.status_code == 200, answer.content.decode()[:2000]
    ticket = Ticket.objects.get()
    assert ticket.name in answer.content.decode()
    assert push_due() == 1
    ticket.refresh_from_db()
    assert ticket.number


def test_a_reconciliation_is_stored_and_told(connection: Connection, browser: Client) -> None:
    answer = browser.post(reverse("tickets:start_reconciliation"), follow=True)
    assert answer.status_code == 200
    assert Reconciliation.objects.count() == 1


def test_whoever_forgot_a_password_gets_the_page_all_the_same(
    client: Client, secadmin: User, settings: LazySettings
) -> None:
    settings.HAS_MAIL_SERVER = True
    User.objects.filter(pk=secadmin.pk).update(email="sec@example.com")
    answer = client.post(reverse("accounts:reset"), {"email": "sec@example.com"}, follow=True)
    assert answer.status_code == 200
