"""1,000 tickets pushed while ServiceNow takes 0, 50 or 250 ms for each."""

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from django.db import connections
from django.utils import timezone

from accounts.models import User
from connector.models import Instance
from portal.run import WORKERS
from tests.factories import TicketFactory
from tests.sandbox_process import SandboxProcess
from tickets import tasks
from tickets.delivery.push import push
from tickets.models import Ticket
from tools.bench.measure import Cost, cost_of, with_pysnc
from tools.crash.processes import Worker, celery_worker

LATENCIES = (0.0, 0.05, 0.25)
AT_ONCE = 4


def push_all(sandbox: SandboxProcess, tickets: int, folder: Path) -> Iterator[tuple[str, Cost, float]]:
    """Yield who pushed under what latency, what it cost, and the seconds that no client with four calls can beat."""
    push_one()
    for latency in LATENCIES:
        for name, work in {
            "Scoredesk": partial(push_ours, tickets, folder),
            "PySNC plain": partial(with_pysnc, "push_plainly", sandbox, tickets),
            "PySNC tuned": partial(with_pysnc, "push_tuned", sandbox, tickets),
        }.items():
            sandbox.clear()
            sandbox.fault("response_time", times=10**6, seconds=latency)
            label = f"push {tickets} at {latency * 1000:3.0f} ms, {name}"
            yield label, cost_of(sandbox, work), latency * tickets / AT_ONCE


def push_one() -> None:
    """Let the token be there and the requester be known, as both are from the day's first ticket on."""
    push(TicketFactory.create(requested_by=User.objects.get(), instance=Instance.objects.get()).pk)
    connections.close_all()


def push_ours(tickets: int, folder: Path) -> None:
    """Share them all at once, then let the workers deliver them."""
    store(tickets)
    workers = [Worker(celery_worker, folder / f"{name}.log") for name in WORKERS]
    try:
        while True:
            for worker in workers:
                worker.keep_running()
            if not Ticket.objects.undelivered().exists():
                return
            connections.close_all()
            time.sleep(0.2)
    finally:
        for worker in workers:
            worker.kill()


def store(tickets: int) -> None:
    """Store tickets that wait, with the messages that wake a worker for each."""
    person, instance, now = User.objects.get(), Instance.objects.get(), timezone.now()
    waiting = TicketFactory.build_batch(tickets, requested_by=person, instance=instance, next_attempt_at=now)
    Ticket.objects.bulk_create(waiting)
    connections.close_all()
    for ticket in waiting:
        tasks.push_ticket.delay(str(ticket.pk))
