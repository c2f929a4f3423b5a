"""10,000 tickets kept in step: while nothing happens, when one in a hundred changed, and all of them looked at."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

from django.utils import timezone

from accounts.models import User
from connector.access.client_factory import open_client
from connector.models import Connection, Instance
from tests.factories import TicketFactory
from tests.sandbox_process import SandboxProcess
from tickets.models import Ticket
from tickets.models.choices import Delivery, Kind
from tickets.reconciliation import run as reconcile
from tickets.records.payload import MARKERS
from tickets.tracking.poll import poll_delta, poll_sweep
from tools.bench.measure import Cost, cost_of, with_pysnc

# What was just made must not count as changed: the instance's clock goes on by more than the overlap.
LATER = 600


def track(sandbox: SandboxProcess, tickets: int) -> Iterator[tuple[str, Cost]]:
    """Yield what was done by whom, and what it cost."""
    plant(sandbox, tickets)
    sandbox.settings(clock_offset_seconds=LATER)
    now = datetime.now(UTC) + timedelta(seconds=LATER)
    apart = timedelta(seconds=LATER)
    Instance.objects.update(clock_offset=apart, delta_since=now, last_full_sweep_at=timezone.now())
    poll_sweep()
    open_client(Connection.objects.current().first(), now=timezone.now()).whoami()
    time.sleep(1)
    since = now.strftime("%Y-%m-%d %H:%M:%S")
    yield "idle, Scoredesk", cost_of(sandbox, poll_delta)
    yield "idle, PySNC plain", cost_of(sandbox, partial(with_pysnc, "read_plainly", sandbox, tickets))
    tuned = partial(with_pysnc, "read_changes_tuned", sandbox, tickets, since)
    yield "idle, PySNC tuned", cost_of(sandbox, tuned)
    changed = change(sandbox, tickets // 100)
    yield "1 % changed, Scoredesk", cost_of(sandbox, poll_delta)
    check(changed)
    yield "1 % changed, PySNC tuned", cost_of(sandbox, tuned)
    Instance.objects.update(last_full_sweep_at=None)
    yield "full look, Scoredesk", cost_of(sandbox, poll_sweep)
    yield "full reconcile, Scoredesk", cost_of(sandbox, compare)
    yield "full look, PySNC plain", cost_of(sandbox, partial(with_pysnc, "read_plainly", sandbox, tickets))
    yield "full look, PySNC tuned", cost_of(sandbox, partial(with_pysnc, "read_tuned", sandbox, tickets))


def plant(sandbox: SandboxProcess, tickets: int) -> None:
    """Make the records, half changes and half incidents, and the tickets that are linked to them."""
    person, instance = User.objects.get(), Instance.objects.get()
    planted = []
    for number in range(tickets):
        kind = (Kind.CHANGE_REQUEST, Kind.INCIDENT)[number % 2]
        ticket = TicketFactory.build(
            instance=instance,
            requested_by=person,
            kind=kind,
            delivery=Delivery.DELIVERED,
            next_attempt_at=None,
        )
        record = sandbox.create(
            kind,
            short_description=ticket.name,
            description=ticket.description,
            correlation_id=ticket.correlation_id,
            correlation_display=MARKERS[kind],
        )
        ticket.sys_id, ticket.number, ticket.state = record["sys_id"], record["number"], record["state"]
        ticket.sys_mod_count = int(record["sys_mod_count"])
        planted.append(ticket)
    Ticket.objects.bulk_create(planted, batch_size=500)


def change(sandbox: SandboxProcess, count: int) -> list[tuple[str, str]]:
    """Have somebody in ServiceNow take on some tickets. Returns their sys_ids and new states."""
    changed = []
    for kind, state in ((Kind.CHANGE_REQUEST, "-4"), (Kind.INCIDENT, "2")):
        for ticket in Ticket.objects.of_kind(kind).order_by("pk")[: count // 2]:
            sandbox.change(kind, ticket.sys_id, state=state)
            changed.append((ticket.sys_id, state))
    return changed


def compare() -> None:
    """Reconcile: everything agrees, and every record has been seen twice, by its sys_id and by its marker."""
    run = reconcile.carry_out(reconcile.start(Instance.objects.get(), by=None, now=timezone.now()).pk)
    if not run or run.problem or run.findings.exists() or run.records != run.looked_at:
        raise RuntimeError("The reconciliation found what is not so")


def check(changed: list[tuple[str, str]]) -> None:
    """Cheap is worth nothing unless it is right."""
    states = dict(Ticket.objects.values_list("sys_id", "state"))
    wrong = [sys_id for sys_id, state in changed if states[sys_id] != state]
    if wrong:
        raise RuntimeError(f"{len(wrong)} of {len(changed)} changes were not seen")
