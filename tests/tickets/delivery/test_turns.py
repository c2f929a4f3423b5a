"""How many creates are under way at once."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timedelta

import pytest
from django.db import connections

from connector.models import Connection
from tests.factories import TicketFactory
from tests.sandbox_process import SandboxProcess
from tickets.delivery.push import Turn, push
from tickets.models import Ticket
from tickets.models.backoff import AttemptResult
from tickets.models.choices import Delivery

pytestmark = [pytest.mark.django_db]


@pytest.mark.django_db(transaction=True)
def test_two_creates_are_under_way_at_once_and_never_more(
    sandbox: SandboxProcess, connection: Connection
) -> None:
    tickets = [TicketFactory.create(instance=connection.instance) for _ in range(13)]
    push(tickets.pop().pk)
    sandbox.clear()
    sandbox.fault("latency", times=len(tickets), seconds=0.5)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(push_and_close, tickets)) == {AttemptResult.DELIVERED}
    creates = [call for call in sandbox.requests()["requests"] if call["method"] == "POST"]
    calls = [(datetime.fromisoformat(call["at"]), call["ms"]) for call in creates]
    under_way = [
        sum(at <= began <= at + timedelta(milliseconds=ms) for at, ms in calls) for began, _ in calls
    ]
    assert max(under_way) == 2


def push_and_close(ticket: Ticket) -> AttemptResult | None:
    """Push in a thread of a pool, which keeps no connection."""
    try:
        return push(ticket.pk)
    finally:
        connections.close_all()


def test_nothing_is_sent_when_the_turn_comes_too_late(
    sandbox: SandboxProcess, ticket: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tickets.delivery.push.LONGEST_PAUSE_BEFORE_SENDING", timedelta(seconds=0.2))
    with ExitStack() as others:
        for _ in range(2):
            others.enter_context(Turn()).take()
        assert push(ticket.pk) == AttemptResult.LATE
    assert sandbox.records("change_request") == []
    ticket.refresh_from_db()
    assert (ticket.delivery, ticket.sent_at) == (Delivery.WAITING, None)
