"""The worker really dies, with SIGKILL, while ServiceNow is at work on its call."""

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.utils import timezone

from connector.models import Connection
from tests.factories import TicketFactory
from tests.sandbox_process import SandboxProcess
from tests.workers import Workers
from tickets.models import Ticket
from tickets.states import Delivery

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.timeout(180)]


def wait_until(true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = timezone.now() + timedelta(seconds=seconds)
    while not true():
        assert timezone.now() < deadline, "waited in vain"
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [("latency", 6.0), ("late_commit", 4.0)],
    ids=["before ServiceNow commits", "while it commits"],
)
def test_a_worker_killed_between_intent_and_answer_makes_one_record(
    sandbox: SandboxProcess,
    connection: Connection,
    settings: LazySettings,
    tmp_path: Path,
    fault: str,
    seconds: float,
) -> None:
    settings.PUSH_TIMEOUT, settings.PUSH_QUARANTINE = 2.0, 9.0
    sandbox.fault(fault, seconds=seconds)
    ticket = TicketFactory.create(instance=connection.instance)

    def now() -> Ticket:
        return Ticket.objects.get(pk=ticket.pk)

    with Workers(tmp_path / "workers.log") as workers:
        wait_until(lambda: now().delivery == Delivery.SENT)
        workers.kill_worker()
        assert now().delivery == Delivery.SENT
        workers.start_worker()
        wait_until(lambda: now().is_delivered, 90)
    [record] = sandbox.records("change_request")
    assert now().sys_id == record["sys_id"]
    assert now().push_attempts.count() >= 1
