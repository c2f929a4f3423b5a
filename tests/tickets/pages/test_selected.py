"""What is done with many tickets at once: each as it would go alone, with a result of its own."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry, User
from connector.models import Connection
from tests.factories import InstanceFactory, TicketFactory
from tests.sandbox_process import SandboxProcess
from tickets.actions.selected import LIMIT
from tickets.delivery.push import push
from tickets.models import Ticket, TicketEvent
from tickets.models.backoff import AttemptResult
from tickets.models.choices import Delivery

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(secadmin: User, client: Client) -> Client:
    client.force_login(secadmin)
    return client


def stuck(connection: Connection, result: str = AttemptResult.REFUSED, **facts: object) -> Ticket:
    ticket: Ticket = TicketFactory.create(
        instance=connection.instance, delivery=Delivery.ATTENTION, last_result=result, **facts
    )
    return ticket


def sent(browser: Client, deed: str, *tickets: Ticket, **more: str) -> str:
    keys = [str(ticket.pk) for ticket in tickets]
    answer = browser.post(reverse(f"tickets:{deed}_selected"), {"ticket": keys, **more}, follow=True)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def deliveries(*tickets: Ticket) -> list[str]:
    return [Ticket.objects.get(pk=ticket.pk).delivery for ticket in tickets]


def test_each_is_sent_again_or_named_with_the_reason(browser: Client, connection: Connection) -> None:
    refused, keyless = stuck(connection), stuck(connection, AttemptResult.UNVERIFIABLE)
    other_kind = stuck(connection, AttemptResult.OTHER_KIND)
    waits = TicketFactory.create(instance=connection.instance)
    earlier = TicketFactory.create(instance=InstanceFactory.create(), delivery=Delivery.ATTENTION)
    tickets = (refused, keyless, other_kind, waits, earlier)
    for done in (1, 0):
        page = sent(browser, "retry", *tickets, list="kind=incident")
        assert f"Done for {done} of 5 selected tickets." in page
        assert deliveries(*tickets) == ["waiting", "attention", "attention", "waiting", "attention"]
    for words in (
        "ServiceNow may have a record of it that cannot be found",
        "ServiceNow has a record of the other type",
        "It does not need attention",
        "which is no longer connected",
        f'href="{reverse("tickets:list")}?kind=incident"',
    ):
        assert words in page
    retried = TicketEvent.objects.filter(type=TicketEvent.Type.RETRIED)
    assert [event.ticket_id for event in retried] == [refused.pk]
    assert AuditEntry.objects.filter(target=str(refused.pk)).count() == 1


def test_discarding_many_is_said_twice_and_leaves_out_what_may_exist(
    browser: Client, connection: Connection, sandbox: SandboxProcess
) -> None:
    unsent, known = stuck(connection), stuck(connection, AttemptResult.UNMATCHED_RECORD)
    there = TicketFactory.create(instance=connection.instance, delivery=Delivery.DELIVERED, sys_id="a" * 32)
    # Something of it was sent and is in ServiceNow: only asking there tells.
    lost = TicketFactory.create(instance=connection.instance)
    push(lost.pk)
    long_ago = timezone.now() - timedelta(days=1)
    Ticket.objects.filter(pk=lost.pk).update(delivery=Delivery.ATTENTION, sys_id="", sent_at=long_ago)
    tickets = (unsent, known, there, lost)
    page = sent(browser, "discard", *tickets)
    assert "Discard these 2 tickets?" in page
    assert "It is in ServiceNow. To give it up" in page
    assert deliveries(*tickets) == ["attention", "attention", "delivered", "attention"]
    page = sent(browser, "discard", *tickets, step="discard")
    assert "Done for 1 of 4 selected tickets." in page
    assert deliveries(*tickets) == ["discarded", "attention", "delivered", "attention"]
    assert "It may exist in ServiceNow, so it was not discarded." in page
    sandbox.stop()
    assert "could not be asked" in sent(browser, "discard", lost, unsent, step="discard")
    assert TicketEvent.objects.filter(type=TicketEvent.Type.DISCARDED).count() == 1


def test_many_are_refreshed_and_each_says_what_was_learnt(
    browser: Client, connection: Connection, sandbox: SandboxProcess
) -> None:
    changed, same = TicketFactory.create_batch(2, instance=connection.instance)
    for ticket in (changed, same):
        push(ticket.pk)
    waits = TicketFactory.create(instance=connection.instance)
    Ticket.objects.update(seen_at=timezone.now() - timedelta(minutes=1))
    sandbox.change("change_request", Ticket.objects.get(pk=changed.pk).sys_id, state="-4")
    page = sent(browser, "refresh", changed, same, waits)
    assert "Done for 2 of 3 selected tickets." in page
    for words in ("It has changed.", "Nothing has changed.", "there is nothing to read", "Assess"):
        assert words in page
    assert "asked a moment ago" in sent(browser, "refresh", same)
    sandbox.stop()
    Ticket.objects.update(seen_at=timezone.now() - timedelta(minutes=1))
    assert "ServiceNow gave no answer." in sent(browser, "refresh", same)


def test_nonsense_and_too_many_are_refused(browser: Client, connection: Connection) -> None:
    ticket = stuck(connection)
    many = [str(uuid4()) for _ in range(LIMIT)]
    for keys, words in (
        ([], "Select the tickets first."),
        (["x", "\0", "9" * 5_000, many[0]], "Select the tickets first."),
        ([str(ticket.pk), *many], "select at most 50 tickets"),
    ):
        for deed in ("retry", "refresh", "discard"):
            answer = browser.post(reverse(f"tickets:{deed}_selected"), {"ticket": keys}, follow=True)
            assert answer.redirect_chain == [(reverse("tickets:list"), 302)]
            assert words in answer.content.decode()
    assert deliveries(ticket) == ["attention"]


def test_readers_may_refresh_many_and_nothing_else(
    client: Client, reader: User, connection: Connection
) -> None:
    ticket = stuck(connection)
    client.force_login(reader)
    page = client.get(reverse("tickets:list")).content.decode()
    assert reverse("tickets:refresh_selected") in page
    for deed in ("retry", "discard"):
        address = reverse(f"tickets:{deed}_selected")
        assert address not in page
        assert client.post(address, {"ticket": [str(ticket.pk)]}).status_code == 403
    assert deliveries(ticket) == ["attention"]
