"""`make tracking`: 12,000 records change within one second. One in three becomes visible a minute late, one in ten is
hidden by access rules, ServiceNow's clock is ten minutes behind ours, then ahead, and the poller is killed after every
page.

Between the two cycles of the delta ServiceNow's clock is 400 days ahead for one poll. After them every ticket whose
record can be read must say what the record says; no ticket may ever have been closed whose record was not. Then a
script closes one record in six without moving its version, and the sweep is killed after every page: what is hidden
must be missing, not closed, and all must agree once it is readable again. Exits with 1 otherwise. `--without` takes a
cure away, to see that this harness notices: the delta's `overlap`, its cursor's `bounds`, the sweep's `comparison`.
"""

import argparse
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connections  # noqa: E402

from connector.access import server_clock  # noqa: E402
from connector.models import Instance  # noqa: E402
from connector.servicenow.records import Record  # noqa: E402
from tests.sandbox_process import SandboxProcess  # noqa: E402
from tickets.models import Ticket  # noqa: E402
from tickets.tracking import mirror, poll  # noqa: E402
from tools.bench.tracking import plant  # noqa: E402
from tools.crash.databases import PostgresDatabases, use  # noqa: E402
from tools.crash.points import Killer, Moment  # noqa: E402
from tools.crash.processes import run  # noqa: E402
from tools.crash.template import make_template  # noqa: E402
from tools.tracking.world import World  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
APART = timedelta(minutes=10)
LATE = timedelta(seconds=60)
JUMP = timedelta(days=400)
MOST_DEATHS = 1000


def main() -> int:
    """Play it with ServiceNow's clock behind and ahead. Returns 1 when a ticket told something untrue."""
    parser = argparse.ArgumentParser(prog="python -m tools.tracking", description=__doc__)
    parser.add_argument("--tickets", type=int, default=12_000)
    parser.add_argument("--without", choices=("overlap", "bounds", "comparison"), default="")
    asked = parser.parse_args()
    settings.API_CALLS_PER_HOUR = 1_000_000
    take_away(asked.without)
    complaints = [complaint for apart in (-APART, APART) for complaint in play(asked.tickets, apart)]
    print(*complaints, "Every ticket told the truth." if not complaints else "FAILED", sep="\n", flush=True)
    return int(bool(complaints))


def take_away(cure: str) -> None:
    """Have the pollers work without one of the cures."""
    if cure == "overlap":
        poll.OVERLAP = timedelta(0)
    elif cure == "bounds":
        server_clock.STEP = server_clock.MOST_APART = poll.NODES_APART = timedelta(days=10_000)
    elif cure == "comparison":
        mirror.is_news = _is_other_version


def _is_other_version(ticket: Ticket, record: Record) -> bool:
    return mirror.version_of(record) != ticket.sys_mod_count


def play(tickets: int, apart: timedelta) -> list[str]:
    """Let it all happen once, with ServiceNow's clock so far from ours. Returns what was wrong."""
    minutes = apart.total_seconds() / 60
    folder = ROOT / "build" / "tracking" / f"{os.getpid()}{minutes:+.0f}"
    folder.mkdir(parents=True)
    on_sqlite = settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")
    # One of its own each time: the one before is still where this process is connected to.
    on_postgres = "" if on_sqlite else PostgresDatabases(f"tracking{minutes:+.0f}").template
    database = on_postgres or str(folder / "portal.sqlite3")
    with SandboxProcess() as sandbox:
        settings.SERVICENOW_ALLOWED_HOSTS = [sandbox.host]
        run(partial(make_template, database, sandbox), folder / "template.log")
        use(database)
        world = World(sandbox, datetime.now(UTC).replace(microsecond=0) + apart)
        world.set_clock(-LATE)
        plant(sandbox, tickets)
        # Known from the time before.
        Instance.objects.update(clock_offset=apart - LATE)
        print(f"{tickets} tickets, ServiceNow's clock {minutes:+.0f} min. Logs: {folder}", flush=True)
        try:
            return follow(world, folder)
        finally:
            connections.close_all()


def follow(world: World, folder: Path) -> list[str]:
    """Change the records, keep the tickets in step by pollers that die. Returns what was wrong."""
    world.hide()
    world.change(late=False)
    delta = partial(cycle, world, poll.poll_delta, folder / "delta.log")
    sweep = partial(cycle, world, poll.poll_sweep, folder / "sweep.log")
    delta("tickets.tracking.poll.page", LATE)
    world.set_clock(LATE + JUMP)
    connections.close_all()
    if run(poll.poll_delta, folder / "jump.log"):
        raise RuntimeError("No poller came through while the clock was wrong.")
    world.change(late=True)
    delta("tickets.tracking.sync.read", LATE + timedelta(seconds=settings.POLL_DELTA_SECONDS))
    wrong = world.complaints("after two deltas")
    world.close_silently()
    sweep("tickets.tracking.poll.looked", timedelta(minutes=15))
    wrong += world.complaints("after the sweep", hidden_are_missing=True)
    world.show()
    sweep("tickets.tracking.sync.read", timedelta(minutes=30))
    return wrong + world.complaints("once all was readable", hidden=False) + world.closed_wrongly


def cycle(world: World, work: Callable[[], int], log: Path, event: str, since_change: timedelta) -> None:
    """Let a poller do its work, killed at an event the first time that it comes, then the second time, until one comes
    through.
    """
    for number in range(1, MOST_DEATHS):
        world.set_clock(since_change)
        connections.close_all()
        killer = Killer(Moment(event, nth=number), log.with_suffix(f".{number}"))
        status = run(partial(poll_until_killed, killer, work), log)
        killer.marker.unlink(missing_ok=True)
        world.look_for_untruths()
        if status == 0:
            print(f"{log.stem}: {number - 1} times killed at {event}, {world.told()}", flush=True)
            return
        if status > 0:
            break
    raise RuntimeError(f"No poller came through:\n{log.read_text()[-2000:]}")


def poll_until_killed(killer: Killer, work: Callable[[], int]) -> None:
    """Be a poller that will not live long."""
    killer.install()
    work()


if __name__ == "__main__":
    sys.exit(main())
