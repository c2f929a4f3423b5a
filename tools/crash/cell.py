"""One cell: a ticket is shared and delivered by processes that die at one point, under one outcome."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

from celery import Task
from django.conf import settings
from django.db import connections
from django.db.models import Q
from django.utils import timezone

from connector.clock import Clock, watch
from connector.models import Instance
from connector.models.circuit_breaker import InstanceQuerySet
from connector.servicenow import refusals
from tests.faketime import Clockwork
from tests.sandbox_process import Row, SandboxProcess
from tickets import tasks
from tickets.delivery import quarantine, restore_guard
from tickets.models import PushAttempt, Ticket
from tickets.models.backoff import AttemptResult
from tickets.models.choices import Delivery
from tickets.models.comments import STUCK, CommentState
from tools.crash.databases import Databases, use
from tools.crash.outcomes import CLOCK_STEP, FOREVER, Keys, Outcome
from tools.crash.points import Killer, Moment, Point
from tools.crash.processes import Worker, celery_worker, run, use_broker
from tools.crash.template import choose_standard_change, share_as_person

SETTLED = (Delivery.DELIVERED, Delivery.ATTENTION, Delivery.CONFLICT)
# What becomes of tickets of an instance that keeps neither key: a person is asked, or nothing is sent.
STOPPED = Q(delivery=Delivery.ATTENTION) | Q(delivery=Delivery.WAITING, last_result=AttemptResult.KEYLESS)
SWEEP_SECONDS, SWEEP_EXPIRES, GLANCE_SECONDS = 0.5, 2, 0.1
# Seconds, at pace 1, in which the message sent on sharing is the only one.
HEAD_START = 15
# What may be taken away, to see that the harness notices: the waiting, the looking, the looking once more, the doubt
# about refusals, the sweep, the clock that nobody can set, the mark of an instance that keeps neither key.
SABOTAGE = ("quarantine", "look-up", "second-look", "doubt", "sweep", "steady clock", "mark")
# So many tickets more are shared to an instance that keeps neither key: what becomes of the first must stop them.
OTHERS = 15


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
    keyless: bool = False
    marked: bool = False
    unstopped: int = 0
    deaths: int = 0
    unanswered: int = 0
    ticket_ids: list[str] = field(default_factory=list)
    is_note: bool = False

    def complaint(self, records: Sequence[Row]) -> str:
        """What is wrong, given every record of its tickets, or every entry of its note; empty when nothing is."""
        if self.is_note:
            return self._complaint_about_note(len(records))
        if self.keyless:
            return self._complaint_without_keys(len(records))
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

    def _complaint_without_keys(self, records: int) -> str:
        """Each life of a worker may have two calls under way when the first record without a key comes back; one more
        for each answer that was lost, on purpose or because the machine was busy (decision 0015, "Cost").
        """
        most = 2 * (1 + self.deaths) + self.unanswered
        complaints = {
            f"the process did not die as planned ({self.deaths_missing} missing)": self.deaths_missing,
            f"{self.tickets} tickets": self.tickets != 1 + OTHERS,
            f"{records} records, where {most} could be under way": records > most,
            "the instance is not marked": not self.marked,
            f"{self.unstopped} tickets neither with a person nor waiting for keys": self.unstopped,
            "no record": not records,
        }
        return next((words for words, holds in complaints.items() if holds), "")

    def _complaint_about_note(self, entries: int) -> str:
        complaints = {
            f"the process did not die as planned ({self.deaths_missing} missing)": self.deaths_missing,
            f"{entries} entries": entries > 1,
            f"stuck as {self.delivery}": self.delivery == CommentState.WAITING,
            f"refused, and {self.delivery} with {entries} entries": self.refused
            and (entries or self.delivery not in STUCK),
            f"{self.delivery} with {entries} entries": not self.refused
            and (entries, self.delivery) != (1, CommentState.DELIVERED),
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

    @property
    def sweep(self) -> Task:
        """What finds whatever is due."""
        return tasks.push_due

    def play(self, rig: Rig) -> dict[str, object]:
        """Run it to its end in this process, which belongs to this cell alone."""
        folder = rig.folder / str(self.number)
        folder.mkdir()
        database = rig.databases.copy(str(self.number))
        use(database)
        use_broker(f"files://localhost{folder / 'broker'}")
        settings.PUSH_QUARANTINE *= rig.sabotage != "quarantine"
        if rig.sabotage == "second-look":
            quarantine.was_unseen = lambda job, clock: True
        if rig.sabotage == "doubt":
            believe_every_no()
        if rig.sabotage == "steady clock":
            believe_wall_clocks()
        if rig.sabotage == "mark":
            InstanceQuerySet.record_keys = lambda *_, **__: False  # type: ignore[method-assign]
        story = Story(str(self), self.point.name, self.outcome.refused, str(uuid4()))
        story.keyless = self.outcome.keys == Keys.NEITHER
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
        story.ticket_ids = [str(ticket.pk) for ticket in tickets]
        story.deaths = len(self.point.worker) - story.deaths_missing
        unanswered = PushAttempt.objects.filter(result=AttemptResult.OUTCOME_UNKNOWN).count()
        story.unanswered = max(unanswered, self.outcome.fault == "lose_answer")
        story.marked = Instance.objects.get().keyless_since is not None
        story.unstopped = Ticket.objects.exclude(STOPPED).count()
        for ticket in tickets:
            story.delivery, story.sys_id, story.problem = ticket.delivery, ticket.sys_id, ticket.last_problem
            results = ticket.push_attempts.order_by("pk").values_list("result", flat=True)
            story.attempts = ", ".join(results)

    def _share(self, ticket_id: UUID, folder: Path) -> int:
        """Share as a person does, who sends the form again when no answer came. Returns how many deaths are missing."""
        blocked = folder / "broker"
        if not self.point.wakes:
            blocked.touch()
        status = run(partial(_share, ticket_id, killer_for(self.point.web, folder)), folder / "web.log")
        if status and run(partial(_share, ticket_id, None), folder / "web.log"):
            raise RuntimeError((folder / "web.log").read_text())
        if self.outcome.keys == Keys.NEITHER and run(_share_others, folder / "web.log"):
            raise RuntimeError((folder / "web.log").read_text())
        if not self.point.wakes:
            blocked.unlink()
        return int(self.point.web is not None and status == 0)

    def _deliver(self, ticket_id: UUID, folder: Path, rig: Rig) -> int:
        """Keep a worker running until the ticket is settled. Returns how many deaths are missing."""
        to_die = list(self.point.worker)
        ends_at, sweep_at = time.monotonic() + rig.seconds, 0.0
        clock = Clockwork(folder / "worker.clock") if self.outcome.clock_steps else None
        killer = killer_for(to_die[0] if to_die else None, folder)
        worker = Worker(partial(_work, killer, clock), folder / "worker.log")
        has_tried_again = False
        while time.monotonic() < ends_at:
            if killer and killer.marker.exists():
                to_die.pop(0)
                killer = killer_for(to_die[0] if to_die else None, folder, number=len(to_die))
                worker.work = partial(_work, killer, clock)
            worker.keep_running()
            if clock and is_sent(ticket_id):
                clock.set(int(CLOCK_STEP * rig.pace))
            # The first message does what it can before the sweep helps; on a busy machine that may end without a death.
            is_alone = time.monotonic() < ends_at - rig.seconds + HEAD_START * rig.pace
            is_first = is_alone and len(to_die) == len(self.point.worker) > 0 and self.point.wakes
            if time.monotonic() > sweep_at:
                if not to_die and self._is_settled(ticket_id):
                    if rig.sabotage != "doubt" or has_tried_again:
                        break
                    has_tried_again = try_again(ticket_id)
                if not is_first and rig.sabotage != "sweep":
                    # A worker that is ahead would take every message for one that came too late.
                    self.sweep.apply_async(expires=None if clock else SWEEP_EXPIRES * rig.pace)
                sweep_at = time.monotonic() + SWEEP_SECONDS
            time.sleep(GLANCE_SECONDS)
        worker.kill()
        return len(to_die)

    def _is_settled(self, key: UUID) -> bool:
        return are_stopped() if self.outcome.keys == Keys.NEITHER else is_settled(key)


def believe_wall_clocks() -> None:
    """Let leases and the quarantine count by what each process's wall clock says."""
    Clock.steady = Clock.__call__  # type: ignore[method-assign]
    quarantine._left_anew = lambda clock: timedelta(0)
    watch.hold = lambda now, before, after: None  # type: ignore[method-assign]


def believe_every_no() -> None:
    """Take a status for a refusal, and a refusal for the end of the matter."""
    refusals.is_of_the_api = lambda document: True
    refusals.is_certain = lambda status, document: 400 <= status < 500
    restore_guard.may_be_there = lambda job, now: job.sent_at is not None


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


def are_stopped() -> bool:
    """Whether nothing more will be sent to an instance that keeps neither key."""
    try:
        return not Ticket.objects.exclude(STOPPED).exists()
    finally:
        connections.close_all()


def is_sent(ticket_id: UUID) -> bool:
    """Whether an intent stands."""
    try:
        return Ticket.objects.filter(pk=ticket_id, sent_at__isnull=False).exists()
    finally:
        connections.close_all()


def _share(ticket_id: UUID, killer: Killer | None) -> None:
    if killer:
        killer.install()
    share_as_person(ticket_id)


def _share_others() -> None:
    for _ in range(OTHERS):
        share_as_person(uuid4())


def _work(killer: Killer | None, clock: Clockwork | None) -> None:
    if killer:
        killer.install()
    if clock:
        clock.use(celery_worker)
    else:
        celery_worker()
