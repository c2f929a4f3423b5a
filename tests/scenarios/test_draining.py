"""A worker that is asked to end finishes what it has begun with ServiceNow, and begins nothing more."""

import signal
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.utils import timezone

from connector.models import Connection
from tests.factories import TicketFactory
from tests.sandbox_process import SandboxProcess
from tests.scenarios.test_killed_worker import wait_until
from tests.workers import Workers
from tickets.delivery import comments
from tickets.delivery.push import push
from tickets.models import TicketComment
from tickets.models.comments import CommentState, Element

pytestmark = [
    pytest.mark.slow,
    pytest.mark.alone,
    pytest.mark.timeout(300),
    pytest.mark.django_db(transaction=True),
]
COUNT = 12


def test_no_delivery_begins_once_a_worker_was_asked_to_end(
    sandbox: SandboxProcess, connection: Connection, settings: LazySettings, tmp_path: Path
) -> None:
    settings.PUSH_TIMEOUT = 30.0
    ticket = TicketFactory.create(instance=connection.instance)
    push(ticket.pk)
    ticket.refresh_from_db()
    for number in range(COUNT):
        comments.write(
            uuid4(), ticket, f"Note {number}", Element.WORK_NOTES, by=ticket.requested_by, now=timezone.now()
        )
    sandbox.fault("latency", method="PATCH", times=COUNT, seconds=3)
    with Workers(tmp_path / "workers.log") as workers:
        wait_until(lambda: TicketComment.objects.exclude(sent_at=None).exists())
        assert workers.worker
        workers.worker.send_signal(signal.SIGTERM)
        assert workers.worker.wait(100) == 0
    delivered = TicketComment.objects.filter(state=CommentState.DELIVERED).count()
    untouched = TicketComment.objects.filter(
        state=CommentState.WAITING, sent_at=None, claim_token=None
    ).count()
    assert delivered == len(sandbox.records("sys_journal_field")) >= 1
    assert delivered + untouched == COUNT
    # Whatever was under way when the signal came, and what it may just have followed.
    assert delivered <= COUNT // 3
