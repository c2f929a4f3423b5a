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
from tickets.models.choices import Delivery

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.waits,
    pytest.mark.slow,
    pytest.mark.timeout(800),
]
# How long ServiceNow takes: long enough to kill a worker meanwhile, on the slowest machine.
AT_WORK_SECONDS = 15.0


def wait_until(true: Callable[[], bool], seconds: float = 120) -> None:
    deadline = timezone.now() + timedelta(seconds=seconds)
    while not true():
        assert timezone.now() < deadline, "waited in vain"
        time.sleep(0.1)


@pytest.mark.parametrize(
    "fault", ["latency", "late_commit"], ids=["before ServiceNow commits", "while it commits"]
)
def test_a_worker_killed_between_intent_and_answer_makes_one_record(
    sandbox: SandboxProcess,
    connection: Connection,
    settings: LazySettings,
    tmp_path: Path,
    fault: str,
) -> None:
    settings.PUSH_TIMEOUT, settings.PUSH_QUARANTINE = 30.0, 60.0
    # The quarantine alone stands between us and a second record.
    sandbox.settings(honour_sys_id=False)
    sandbox.fault(fault, seconds=AT_WORK_SECONDS)
    ticket = TicketFactory.create(instance=connection.instance)

    def now() -> Ticket:
        return Ticket.objects.get(pk=ticket.pk)

    with Workers(tmp_path / "workers.log") as workers:
        wait_until(lambda: now().delivery == Delivery.SENT)
        workers.kill_worker()
        assert now().delivery == Delivery.SENT
        # As if the dead worker's lease had run out.
        Ticket.objects.filter(pk=ticket.pk).update(claimed_until=timezone.now())
        workers.start_worker()
        wait_until(lambda: now().is_delivered, 240)
    [record] = sandbox.records("change_request")
    assert now().sys_id == record["sys_id"]
    assert now().push_attempts.count() >= 1
