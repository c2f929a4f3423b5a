"""What a 429 asks for is given: nothing but time ends the wait, whatever else succeeds meanwhile."""

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.moments import exact
from connector.access.client_factory import Paused, open_client
from connector.models import Connection, Instance
from connector.models.circuit_breaker import BREAK
from connector.servicenow.errors import RateLimited, ServiceNowError
from tests.connector.access.test_client_factory import expire
from tests.factories import TicketFactory
from tests.sandbox_process import SandboxProcess
from tests.tickets.clock import Clock
from tickets.delivery.comments import send_due
from tickets.delivery.push import push, push_due
from tickets.models import Ticket
from tickets.models.backoff import AttemptResult
from tickets.models.choices import Delivery
from tickets.tracking.poll import poll_delta, poll_sweep, refresh

pytestmark = [pytest.mark.django_db]


def calls(sandbox: SandboxProcess) -> int:
    return int(sandbox.requests()["total"])


def rate_limited(sandbox: SandboxProcess, connection: Connection, clock: Clock, seconds: int = 90) -> Ticket:
    ticket = TicketFactory.create(instance=connection.instance)
    sandbox.fault("rate_limit", seconds=seconds)
    assert push(ticket.pk, clock=clock) == AttemptResult.RATE_LIMITED
    return ticket


def test_no_call_goes_out_during_the_wait_though_another_call_succeeded(
    sandbox: SandboxProcess, connection: Connection, delivered: Ticket, clock: Clock
) -> None:
    in_flight = open_client(Connection.objects.current().get(), now=clock())
    waiting = rate_limited(sandbox, connection, clock)
    # Sent before the 429 and answered after it.
    Instance.objects.filter(pk=connection.instance_id).record_success(clock())
    before = calls(sandbox)
    clock.advance(seconds=85)
    with pytest.raises((Paused, ServiceNowError)):
        in_flight.whoami()
    assert push(waiting.pk, clock=clock) in (None, AttemptResult.RATE_LIMITED)
    assert push_due(clock=clock) == 0
    other = TicketFactory.create(instance=connection.instance, sent_at=clock() - timedelta(minutes=9))
    push(other.pk, clock=clock)
    poll_delta(clock=clock)
    poll_sweep(clock=clock)
    send_due(clock=clock)
    with pytest.raises(Paused):
        refresh([delivered], clock=clock)
    assert calls(sandbox) == before
    clock.advance(seconds=20)
    assert push_due(clock=clock) == 2
    waiting.refresh_from_db()
    assert waiting.delivery == Delivery.DELIVERED


def test_no_token_is_asked_for_during_the_wait(
    sandbox: SandboxProcess, connection: Connection, clock: Clock
) -> None:
    rate_limited(sandbox, connection, clock)
    expire(connection)
    before = calls(sandbox)
    with pytest.raises(Paused):
        open_client(Connection.objects.current().get(), now=clock())
    assert calls(sandbox) == before


def test_a_shorter_wait_shortens_no_longer_one(connection: Connection) -> None:
    now = timezone.now()
    row = Instance.objects.filter(pk=connection.instance_id)
    row.record_failure(now, RateLimited(retry_after=timedelta(minutes=30)))
    row.record_failure(now, RateLimited())
    assert row.get().rate_limited_until == now + timedelta(minutes=30)
    row.record_failure(now, RateLimited(retry_after=timedelta(minutes=40)))
    assert row.get().rate_limited_until == now + timedelta(minutes=40)


def test_a_success_ends_the_pause_after_failures_and_no_wait(connection: Connection) -> None:
    now = timezone.now()
    row = Instance.objects.filter(pk=connection.instance_id)
    row.update(circuit_open_until=now + BREAK)
    row.record_failure(now, RateLimited(retry_after=timedelta(minutes=30)))
    row.record_success(now)
    instance = row.get()
    assert instance.circuit_open_until is None
    assert instance.is_rate_limited(now + timedelta(minutes=29))
    assert not instance.is_rate_limited(now + timedelta(minutes=31))


def test_a_wait_that_a_wrong_clock_noted_does_not_last(connection: Connection) -> None:
    now = timezone.now()
    row = Instance.objects.filter(pk=connection.instance_id)
    row.record_failure(now + timedelta(days=400), RateLimited(retry_after=timedelta(minutes=30)))
    assert open_client(Connection.objects.current().get(), now=now).whoami()
    row.record_failure(now, RateLimited(retry_after=timedelta(minutes=30)))
    assert row.get().is_rate_limited(now)


def test_whoever_clicks_during_the_wait_is_told_until_when(
    sandbox: SandboxProcess, connection: Connection, delivered: Ticket, clock: Clock, secadmin: User
) -> None:
    browser = Browser()
    browser.force_login(secadmin)
    rate_limited(sandbox, connection, clock, seconds=600)
    Ticket.objects.update(seen_at=None)
    before = calls(sandbox)
    until = Instance.objects.get().rate_limited_until
    assert until is not None
    for address in (reverse("connector:test"), reverse("tickets:refresh", args=[delivered.pk])):
        page = browser.post(address, follow=True).content.decode()
        assert f"ServiceNow asked to be left alone. Try again at {exact(until)}." in page
    assert calls(sandbox) == before


def test_a_reader_cannot_spend_the_hours_calls(
    connection: Connection,
    delivered: Ticket,
    reader: User,
    settings: LazySettings,
) -> None:
    """One person may have twenty calls of 200; tracking goes on."""
    settings.API_CALLS_PER_HOUR = 200
    browser = Browser()
    browser.force_login(reader)
    before = spent()
    pages = [refreshed(browser, delivered) for _ in range(40)]
    assert spent() - before == 20
    said = "You have asked ServiceNow for news as often as one person may within an hour."
    assert (said in pages[0], said in pages[-1]) == (False, True)
    poll_sweep()
    assert spent() - before > 20


def test_all_who_ask_for_news_leave_half_of_the_hours_calls(
    connection: Connection,
    delivered: Ticket,
    reader: User,
    settings: LazySettings,
) -> None:
    settings.API_CALLS_PER_HOUR = 2 * Instance.objects.get().calls_in_hour + 6
    browser = Browser()
    browser.force_login(reader)
    before = spent()
    pages = [refreshed(browser, delivered) for _ in range(9)]
    assert spent() - before == 3
    assert "This hour&#x27;s calls to ServiceNow are used up" in pages[-1]
    poll_sweep()
    assert spent() - before > 3


def spent() -> int:
    return Instance.objects.get().calls_in_hour


def refreshed(browser: Browser, ticket: Ticket) -> str:
    Ticket.objects.update(seen_at=None)
    return browser.post(reverse("tickets:refresh", args=[ticket.pk]), follow=True).content.decode()
