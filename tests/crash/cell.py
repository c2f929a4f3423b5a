"""One cell: a ticket is shared and delivered by processes that die at one point, under one outcome."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connections
from django.utils import timezone

from connector.servicenow import refusals
from tests.crash.databases import Databases, use
from tests.crash.outcomes import FOREVER, Outcome
from tests.crash.points import Killer, Moment, Point
from tests.crash.processes import Worker, celery_worker, run, use_broker
from tests.crash.template import choose_standard_change, share_as_person
from tests.sandbox_process import Row, SandboxProcess
from tickets import push, quarantine, tasks
from tickets.models import Ticket
from tickets.states import Delivery

SETTLED = (Delivery.DELIVERED, Delivery.ATTENTION, Delivery.CONFLICT)
SWEEP_SECONDS, SWEEP_EXPIRES, GLANCE_SECONDS = 0.5, 2, 0.1
# Seconds, at pace 1, in which the message sent on sharing is the only one.
HEAD_START = 15
# What may be taken away, to see that the harness notices: the waiting, the looking, the looking once more, the doubt
# about refusals, the sweep.
SABOTAGE = ("quarantine", "look-up", "second-look", "doubt", "sweep")


@dataclass(frozen=True)
class Rig:
    """What the cells of a run share."""

    sandbox: SandboxProcess
    databases: Databases
    folder: Path
    seconds: float
    pace: float
    sabotage: str = ""


@dataclass
class Story:
    """How a cell ended, as its own database tells it."""

    cell: str
    point: str
    refused: bool
    ticket_id: str
    deaths_missing: int = 0
    tickets: int = 0
    delivery: str = ""
    sys_id: str = ""
    problem: str = ""
    attempts: str = ""
    seconds: float = 0.0

    def complaint(self, records: Sequence[Row]) -> str:
        """What is wrong, given every record that carries this ticket's key; empty when nothing is."""
        linked = [self.sys_id] == [record["sys_id"] for record in records]
        explained = self.delivery == Delivery.ATTENTION and self.problem
        complaints = {
            f"the process did not die as planned ({self.deaths_missing} missing)": self.deaths_missing,
            f"{self.tickets} tickets": self.tickets != 1,
            f"{len(records)} records": len(records) > 1,
            f"stuck as {self.delivery}": self.delivery not in SETTLED,
            f"refused, and {self.delivery} with {len(records)} records": self.refused
            and (records or not explained),
            f"lost: {self.delivery} without a record": not self.refused and not records,
            f"{self.delivery}, not linked to its record": not self.refused
            and not (linked and self.delivery == Delivery.DELIVERED),
        }
        return next((words for words, holds in complaints.items() if holds), "")


@dataclass(frozen=True)
class Cell:
    """A point, an outcome, and the API that creates: the Table API, or for standard changes the Change Management API.

    `number` names its files.
    """

    number: int
    point: Point
    outcome: Outcome
    is_standard: bool = False

    def __str__(self) -> str:
        return f"{self.point.name} / {self.outcome.name}{' / standard change' if self.is_standard else ''}"

    def play(self, rig: Rig) -> dict[str, object]:
        """Run it to its end in this process, which belongs to this cell alone."""
        folder = rig.folder / str(self.number)
        folder.mkdir()
        database = rig.databases.copy(str(self.number))
        use(database)
        use_broker(f"files://localhost{folder / 'broker'}")
        settings.PUSH_QUARANTINE *= rig.sabotage != "quarantine"
        if rig.sabotage == "second-look":
            quarantine.was_unseen = lambda intent, clock: True
        if rig.sabotage == "doubt":
            believe_every_no()
        story = Story(str(self), self.point.name, self.outcome.refused, str(uuid4()))
        started = time.monotonic()
        try:
            self._play(rig, folder, story)
        finally:
            story.seconds = round(time.monotonic() - started, 1)
            connections.close_all()
            rig.databases.drop(database)
        return asdict(story)

    def _play(self, rig: Rig, folder: Path, story: Story) -> None:
        ticket_id = UUID(story.ticket_id)
        if self.is_standard:
            choose_standard_change()
        self.outcome.arm(rig.sandbox, ticket_id, rig.pace, "change" if self.is_standard else "table")
        if rig.sabotage == "look-up":
            rig.sandbox.fault("acl_hidden", method="GET", times=FOREVER, about=story.ticket_id)
        story.deaths_missing += self._share(ticket_id, folder)
        story.deaths_missing += self._deliver(ticket_id, folder, rig)
        tickets = list(Ticket.objects.all())
        story.tickets = len(tickets)
        for ticket in tickets:
            story.delivery, story.sys_id, story.problem = ticket.delivery, ticket.sys_id, ticket.last_problem
            endings = ticket.push_attempts.order_by("pk").values_list("ending", flat=True)
            story.attempts = ", ".join(endings)

    def _share(self, ticket_id: UUID, folder: Path) -> int:
        """Share as a person does, who sends the form again when no answer came. Returns how many deaths are missing."""
        blocked = folder / "broker"
        if not self.point.wakes:
            blocked.touch()
        status = run(partial(_share, ticket_id, killer_for(self.point.web, folder)), folder / "web.log")
        if status and run(partial(_share, ticket_id, None), folder / "web.log"):
            raise RuntimeError((folder / "web.log").read_text())
        if not self.point.wakes:
            blocked.unlink()
        return int(self.point.web is not None and status == 0)

    def _deliver(self, ticket_id: UUID, folder: Path, rig: Rig) -> int:
        """Keep a worker running until the ticket is settled. Returns how many deaths are missing."""
        to_die = list(self.point.worker)
        ends_at, sweep_at = time.monotonic() + rig.seconds, 0.0
        worker = Worker(celery_worker, folder / "worker.log")
        killer = killer_for(to_die[0] if to_die else None, folder)
        worker.work = partial(_work, killer)
        has_tried_again = False
        while time.monotonic() < ends_at:
            if killer and killer.marker.exists():
                to_die.pop(0)
                killer = killer_for(to_die[0] if to_die else None, folder, number=len(to_die))
                worker.work = partial(_work, killer)
            worker.keep_running()
            # The first message does what it can before the sweep helps; on a busy machine that may end without a death.
            is_alone = time.monotonic() < ends_at - rig.seconds + HEAD_START * rig.pace
            is_first = is_alone and len(to_die) == len(self.point.worker) > 0 and self.point.wakes
            if time.monotonic() > sweep_at:
                if not to_die and is_settled(ticket_id):
                    if rig.sabotage != "doubt" or has_tried_again:
                        break
                    has_tried_again = try_again(ticket_id)
                if not is_first and rig.sabotage != "sweep":
                    tasks.push_due.apply_async(expires=SWEEP_EXPIRES * rig.pace)
                sweep_at = time.monotonic() + SWEEP_SECONDS
            time.sleep(GLANCE_SECONDS)
        worker.kill()
        return len(to_die)


def believe_every_no() -> None:
    """Take a status for a refusal, and a refusal for the end of the matter."""
    refusals.is_of_the_api = lambda document: True
    refusals.is_certain = lambda status, document: 400 <= status < 500
    push._may_be_there = lambda ticket, now: ticket.sent_at is not None


def try_again(ticket_id: UUID) -> bool:
    """Do what a person does who is told of a refusal that makes no sense. Returns True: once is enough."""
    for ticket in Ticket.objects.filter(pk=ticket_id, delivery=Delivery.ATTENTION):
        ticket.retry(timezone.now())
    connections.close_all()
    return True


def killer_for(moment: Moment | None, folder: Path, number: int = 0) -> Killer | None:
    """What ends a process at a moment, with a marker of its own."""
    return Killer(moment, folder / f"died-{moment.event}-{number}") if moment else None


def is_settled(ticket_id: UUID) -> bool:
    """Whether nothing more will happen; leaves no connection behind for a forked process to inherit."""
    try:
        return Ticket.objects.filter(pk=ticket_id, delivery__in=SETTLED).exists()
    finally:
        connections.close_all()


def _share(ticket_id: UUID, killer: Killer | None) -> None:
    if killer:
        killer.install()
    share_as_person(ticket_id)


def _work(killer: Killer | None) -> None:
    if killer:
        killer.install()
    celery_worker()
