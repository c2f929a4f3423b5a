"""What is due is handed to workers in portions that they can take."""

from collections.abc import Callable, Iterator

import pytest
from django.utils import timezone

from connector.models import Connection
from portal.celery import app
from tests.factories import TicketFactory
from tickets import tasks

pytestmark = [pytest.mark.django_db]


@pytest.fixture
def messages() -> Iterator[Callable[[], Iterator[str]]]:
    """A broker of the test's own, and what reads which tickets it has messages about."""
    known = app.conf.broker_url
    app.conf.update(broker_url="memory://")
    yield read
    app.conf.update(broker_url=known)


def read() -> Iterator[str]:
    with app.connection_for_read() as broker:
        queue = broker.SimpleQueue("celery")
        while queue.qsize():
            message = queue.get(block=False)
            message.ack()
            yield message.payload[0][0]


def test_a_backlog_is_handed_out_in_portions_longest_due_first(
    connection: Connection, messages: Callable[[], Iterator[str]]
) -> None:
    now = timezone.now()
    backlog = TicketFactory.create_batch(
        tasks.HANDED_OUT_AT_ONCE + 5, instance=connection.instance, next_attempt_at=now
    )
    tasks.push_due()
    assert list(messages()) == [str(ticket.pk) for ticket in backlog[: tasks.HANDED_OUT_AT_ONCE]]
