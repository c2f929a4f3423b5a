"""What is due is handed to workers in portions that they can take."""

from celery.signals import before_task_publish
from django.utils import timezone

from connector.models import Connection
from tests.factories import TicketFactory
from tickets import tasks


def test_a_backlog_is_handed_out_in_portions_longest_due_first(connection: Connection) -> None:
    now = timezone.now()
    backlog = TicketFactory.create_batch(
        tasks.HANDED_OUT_AT_ONCE + 5, instance=connection.instance, next_attempt_at=now
    )
    handed_out = []

    def note(body: tuple[list[str], dict[str, str], dict[str, str]], **_: object) -> None:
        handed_out.append(body[0][0])

    before_task_publish.connect(note)
    try:
        tasks.push_due()
    finally:
        before_task_publish.disconnect(note)
    assert handed_out == [str(ticket.pk) for ticket in backlog[: tasks.HANDED_OUT_AT_ONCE]]
