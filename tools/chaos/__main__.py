"""`make chaos`: 1,000 tickets while workers die and freeze, the broker is emptied and unplugged, clocks are set wrong,
two answers in five are bad, and reads are behind; on SQLite with the folder broker, then on PostgreSQL with Redis.

One second stands for ten or more: time-outs, quarantine and the breaker's pause are shorter than in operation. Exits
with 1 when a ticket was lost, doubled, stuck or linked wrongly.
"""

import argparse
import contextlib
import os
import random
import sys
import time
import uuid
from collections import Counter
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import OperationalError, connections  # noqa: E402
from django.utils import timezone  # noqa: E402

from connector.models import circuit_breaker  # noqa: E402
from tests import faketime  # noqa: E402
from tests.faketime import Clockwork  # noqa: E402
from tests.sandbox_process import SandboxProcess  # noqa: E402
from tests.servers import NO_POSTGRES, Postgres, Redis  # noqa: E402
from tickets.models import Ticket  # noqa: E402
from tickets.models.backoff import AttemptResult  # noqa: E402
from tickets.models.choices import Delivery  # noqa: E402
from tools.chaos.broker import Broker, FolderBroker, RedisBroker  # noqa: E402
from tools.chaos.history import History, Judgement, judge  # noqa: E402
from tools.chaos.monkey import WRONG, Monkey  # noqa: E402
from tools.crash.cell import believe_wall_clocks  # noqa: E402
from tools.crash.databases import PostgresDatabases, use  # noqa: E402
from tools.crash.processes import Worker, celery_beat, celery_worker, load, run, use_broker  # noqa: E402
from tools.crash.template import make_template, share_as_person  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
WORKERS, BAD = 3, 0.4
# Of the reads that go well, so many leave out what is younger than this many seconds: a replica that is behind.
# With the longest wait between an intent and its sending and the longest of the late commits, less than the quarantine.
LAGGING, LAG = 0.3, 4
FAULTS = (
    ("latency", 0.5), ("latency", 2.5), ("late_commit", 0.5), ("late_commit", 3.0), ("late_commit", 10.0),
    ("lose_answer", None), ("refused_by_a_proxy", None), ("unauthorized_by_a_proxy", None), ("cancelled", None),
    ("cut_off", None), ("truncated", None), ("commit_then_500", None), ("server_error", None),
    ("bad_gateway_html", None), ("reset", None), ("accepted_202", None), ("hibernating", None), ("login_page", None),
    ("rate_limit", 1), ("unauthorized", None), ("wrong_date", 400 * 86_400),
)  # fmt: skip


def main() -> int:
    """Run chaos on one database, or on both. Returns 1 when something went wrong."""
    parser = argparse.ArgumentParser(prog="python -m tools.chaos", description=__doc__)
    parser.add_argument("--tickets", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=3600, help="when to give up")
    parser.add_argument(
        "--rage", type=float, default=1200, help="for how long processes die and clocks are set"
    )
    parser.add_argument(
        "--pace", type=float, default=1.0, help="how much longer calls may take, beside other work"
    )
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument(
        "--hidden",
        type=float,
        default=0.0,
        help="share of reads that leave out every row: some are doubled then",
    )
    parser.add_argument("--without", choices=("steady clock",), default="", help="to see that this notices")
    parser.add_argument("--one", action="store_true", help="only on the database that DATABASE_URL names")
    asked = parser.parse_args()
    if faketime.LIBRARY is None:
        print(faketime.MISSING)
        return 1
    clocks = ROOT / "build" / "chaos"
    clocks.mkdir(parents=True, exist_ok=True)
    faketime.preload("tools.chaos", clocks)
    if asked.without:
        believe_wall_clocks()
    with contextlib.ExitStack() as servers:
        folder = ROOT / "build" / "chaos" / str(os.getpid())
        folder.mkdir(parents=True)
        engine = settings.DATABASES["default"]["ENGINE"].rpartition(".")[2]
        on_sqlite = engine == "sqlite3"
        database = str(folder / "portal.sqlite3") if on_sqlite else PostgresDatabases("chaos").template
        broker = FolderBroker(folder / "broker") if on_sqlite else RedisBroker(servers.enter_context(Redis()))
        print(f"{asked.tickets} tickets on {engine}, seed {asked.seed}. Logs: {folder}", flush=True)
        settings.PUSH_TIMEOUT = asked.pace
        run_of_it = Run(folder, database, broker, asked.seed, asked.hidden)
        judgement = run_of_it.play(asked.tickets, asked.rage, asked.seconds)
    status = int(not judgement.is_good)
    if on_sqlite and not asked.one:
        if not Postgres.program("initdb"):
            print(NO_POSTGRES)
            return 1
        with Postgres() as server:
            command = [sys.executable, "-m", "tools.chaos", *sys.argv[1:]]
            true = {name: value for name, value in os.environ.items() if "FAKETIME" not in name}
            status |= os.spawnve(os.P_WAIT, command[0], command, {**true, "DATABASE_URL": server.url})
    return status


class Run:
    """One run on one database and broker."""

    def __init__(self, folder: Path, database: str, broker: Broker, seed: int, hidden: float) -> None:
        self.folder, self.database, self.broker, self.hidden = folder, database, broker, hidden
        self.history = History(folder / "history.jsonl")
        self.chance = random.Random(seed)
        settings.PUSH_QUARANTINE = 20.0
        settings.API_CALLS_PER_HOUR = 1_000_000
        circuit_breaker.BREAK, circuit_breaker.LONGEST_BREAK = timedelta(seconds=2), timedelta(seconds=4)
        use_broker(broker.url)

    def play(self, tickets: int, rage: float, seconds: float) -> Judgement:
        """Share and deliver, and see what has become of it."""
        load()
        keys = [str(uuid.UUID(int=self.chance.getrandbits(128), version=4)) for _ in range(tickets)]
        with SandboxProcess() as sandbox:
            settings.SERVICENOW_ALLOWED_HOSTS = [sandbox.host]
            run(partial(make_template, self.database, sandbox), self.folder / "template.log")
            use(self.database)
            sandbox.settings(honour_sys_id=False)
            spoil(sandbox, self.hidden)
            sandbox.part()
            self._rage(keys, rage, seconds)
            sandbox.clear()
            time.sleep(11)  # For what may still be committed.
            records = [(row["correlation_id"], row["sys_id"]) for row in sandbox.records("change_request")]
        asked, acknowledged = self.history.keys("shares"), self.history.keys("shared")
        judgement = judge(asked, acknowledged, linked(), records)
        deeds = Counter(line["did"] for line in self.history.read() if not line["key"])
        print(", ".join(f"{did} {count} times" for did, count in deeds.items()))
        # Each of these lost the answer to a create that had been carried out.
        adopted = Ticket.objects.filter(last_result=AttemptResult.ADOPTED).count()
        print(
            f"{len(acknowledged)} shared, {adopted} adopted, {len(records)} records: {judgement}", flush=True
        )
        return judgement

    def _rage(self, keys: list[str], rage: float, seconds: float) -> None:
        """Let processes die and clocks be set for a while, then the answers alone be bad: after every start and every
        jump the quarantine counts anew, so that nothing that was not answered is sent again while that goes on.
        """
        log = self.folder
        # The first worker is ahead of all others, all the time.
        clocks = [Clockwork(log / f"{number}.clock") for number in range(WORKERS + 1)]
        clocks[0].set(WRONG)
        names = [log / f"worker-{number}.log" for number in range(WORKERS)]
        workers = [
            Worker(partial(clock.use, celery_worker), name)
            for clock, name in zip(clocks, names, strict=False)
        ]
        beat = Worker(partial(clocks[-1].use, partial(celery_beat, log / "schedule")), log / "beat.log")
        web = Worker(partial(clocks[-1].use, partial(share_all, keys, self.history)), log / "web.log")
        monkey = Monkey([*workers, web], self.broker, clocks, self.history, self.chance)
        began_at, hurry_at = time.monotonic(), 0.0
        while time.monotonic() < began_at + seconds:
            for process in (*workers, beat, web):
                process.keep_running()
            if time.monotonic() < began_at + rage:
                monkey.act()
            else:
                monkey.rest()
            time.sleep(0.05)
            if time.monotonic() > hurry_at:
                hurry_at = time.monotonic() + 3
                if len(self.history.keys("shared")) == len(keys) and not hurry():
                    break
        for process in (*workers, beat, web):
            process.kill()


def spoil(sandbox: SandboxProcess, hidden: float) -> None:
    """Have two in five calls of the Table API go wrong, each kind as often as any other."""
    share = BAD / len(FAULTS)
    for number, (kind, seconds) in enumerate(FAULTS):
        # The first that hits is taken, so that the later ones see fewer calls.
        probability = share / (1 - number * share)
        sandbox.fault(kind, method="any", times=10**9, probability=probability, seconds=seconds, seed=number)
    reads: dict[str, Any] = {"method": "GET", "times": 10**9, "seed": len(FAULTS)}
    if hidden:
        sandbox.fault("acl_hidden", **reads, probability=hidden)
    sandbox.fault("read_lag", **reads, probability=LAGGING, seconds=LAG)


def share_all(keys: list[str], history: History) -> None:
    """Share every ticket that nobody acknowledged yet, as fast as a few busy people."""
    for key in sorted(set(keys) - history.keys("shared")):
        history.note("web", "shares", key)
        share_as_person(uuid.UUID(key))
        history.note("web", "shared", key)
        time.sleep(0.02)
    time.sleep(10**6)


def hurry() -> int:
    """Have everything that waits tried now, as impatient people would. Returns how many are not delivered yet; 1 where
    that could not be asked, since a process that is frozen holds SQLite's one writer.
    """
    try:
        # Long ago, by whatever clock it is looked at.
        long_ago = timezone.now() - timedelta(days=1)
        Ticket.objects.filter(delivery=Delivery.WAITING).update(next_attempt_at=long_ago)
        return Ticket.objects.undelivered().count()
    except OperationalError:
        return 1
    finally:
        connections.close_all()


def linked() -> dict[str, str]:
    """The sys_id that each ticket is linked to, by its key."""
    return {str(pk): sys_id for pk, sys_id in Ticket.objects.values_list("pk", "sys_id")}


if __name__ == "__main__":
    sys.exit(main())
