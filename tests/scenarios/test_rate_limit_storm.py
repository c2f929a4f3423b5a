"""Real workers, polls and pages while ServiceNow asks to be left alone."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import connections

from connector.models import Connection, Instance
from tests.factories import TicketFactory
from tests.sandbox_process import SandboxProcess
from tests.workers import Workers
from tickets.models import Ticket
from tickets.models.choices import Delivery

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.alone,
    pytest.mark.slow,
    pytest.mark.timeout(600),
]
WAIT = 8
# What was admitted before the answer came may arrive after it, on a busy machine.
UNDER_WAY = timedelta(seconds=1.5)


@pytest.mark.parametrize("is_lifted", [False, True], ids=["as it is", "lifted by whoever succeeds"])
def test_nothing_is_asked_while_servicenow_wants_to_be_left_alone(
    sandbox: SandboxProcess, connection: Connection, settings: LazySettings, tmp_path: Path, is_lifted: bool
) -> None:
    """The second time without the cure, to show that the test would notice."""
    settings.POLL_DELTA_SECONDS = settings.POLL_SWEEP_SECONDS = 1
    for _ in range(60):
        TicketFactory.create(instance=connection.instance)
    with Workers(tmp_path / "workers.log"):
        wait_for(lambda: Ticket.objects.filter(delivery=Delivery.DELIVERED).count() >= 3)
        with lifting() if is_lifted else nothing():
            sandbox.fault("rate_limit", method="any", seconds=WAIT)
            wait_for(lambda: bool(refusals(sandbox)))
            time.sleep(WAIT)
        called = calls_in_the_wait(sandbox)
        if is_lifted:
            assert called > 0
            return
        assert called == 0
        wait_for(lambda: Ticket.objects.filter(delivery=Delivery.DELIVERED).count() == 60)
    assert len(sandbox.records("change_request")) == 60


def refusals(sandbox: SandboxProcess) -> list[datetime]:
    """When each 429 was given."""
    calls = sandbox.requests()["requests"]
    return [
        datetime.fromisoformat(call["at"]) + timedelta(milliseconds=call["ms"])
        for call in calls
        if call["status"] == 429
    ]


def calls_in_the_wait(sandbox: SandboxProcess) -> int:
    asked_at = refusals(sandbox)[0]
    began = [datetime.fromisoformat(call["at"]) for call in sandbox.requests()["requests"]]
    return sum(asked_at + UNDER_WAY < at < asked_at + timedelta(seconds=WAIT) for at in began)


@contextmanager
def lifting() -> Iterator[None]:
    """End every wait at once, as a success of another call once did."""
    is_over = threading.Event()

    def lift() -> None:
        while not is_over.wait(0.05):
            Instance.objects.exclude(rate_limited_until=None).update(rate_limited_until=None)
            Ticket.objects.filter(delivery=Delivery.WAITING).update(next_attempt_at=None)
        connections.close_all()

    thread = threading.Thread(target=lift)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


@contextmanager
def nothing() -> Iterator[None]:
    yield


def wait_for(done: object, seconds: float = 240) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if done():  # type: ignore[operator]
            return
        time.sleep(0.2)
    pytest.fail("It took too long.")
