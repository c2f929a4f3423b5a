"""`make bench`: what tracking and pushing cost beside PySNC used plainly and tuned, and pages beside a plain one.

Same work, same sandbox, same run. Calls, bytes and queries are exact; times depend on the machine. Exits with 1 when a
goal was missed.
"""

import argparse
import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connections  # noqa: E402

from tests.sandbox_process import SandboxProcess  # noqa: E402
from tests.servers import Postgres  # noqa: E402
from tools.bench.measure import Cost, as_json  # noqa: E402
from tools.bench.pages import AS_CSV, ROUNDS, SEARCHED, PageCost, measure  # noqa: E402
from tools.bench.pushing import push_all  # noqa: E402
from tools.bench.tracking import track  # noqa: E402
from tools.crash.databases import Databases, PostgresDatabases, SqliteFiles, use  # noqa: E402
from tools.crash.processes import run, use_broker  # noqa: E402
from tools.crash.template import make_template  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
HEAD = f"| {'':36} |  calls |      MB | seconds | floor |\n|{'-' * 38}|-------:|--------:|--------:|------:|"
PAGES_HEAD = (
    f"| {'':31} | x plain |   ms CPU | queries | x plain |  ms CPU | queries |\n"
    f"|{'-' * 33}|--------:|---------:|--------:|--------:|--------:|--------:|"
)
# How much dearer a page may be with many tickets. Above its lists, Django's administration asks in which years and
# months there are rows, and for that looks at every row.
MOST_GROWTH = {"portal": 1.2, "administration": 20.0}
# How many times as dear as the plain page what people open most may be, and how often it may ask the database.
MOST = {
    "home": 2.0,
    "Secure Score overview": 2.0,
    "actions": 2.5,
    "action with its Share menu": 2.0,
    "tickets, first page": 2.5,
    AS_CSV: 2.0,
    "ticket": 2.0,
}
MOST_QUERIES = 12
# Words are looked for in every ticket: this takes longer with more of them, at most so many milliseconds.
MOST_OF_A_SEARCH = 100.0
# How much slower than the latency and four calls at once allow pushing may be.
NEAR_THE_FLOOR = 1.15


@dataclass(frozen=True)
class Goal:
    """What was promised, and whether it was kept."""

    promise: str
    is_met: bool

    def __str__(self) -> str:
        return f"{'met    ' if self.is_met else 'NOT MET'}  {self.promise}"


@dataclass(frozen=True)
class Bench:
    """What a part works with."""

    sandbox: SandboxProcess
    asked: argparse.Namespace
    folder: Path
    databases: Databases
    costs: dict[str, Cost]


def main() -> int:
    """Run the parts asked for, print their tables. Returns 1 when a goal was missed."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__, allow_abbrev=False)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"one of {', '.join(PARTS)} (usually all)")
    parser.add_argument("--tickets", type=int, default=10_000, help="kept in step")
    parser.add_argument("--pushes", type=int, default=1_000)
    parser.add_argument(
        "--sizes", type=int, nargs=2, default=(1_000, 100_000), help="tickets behind the pages"
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each page is opened")
    parser.add_argument(
        "--page", nargs="*", default=[""], metavar="TEXT", help="only pages whose name holds one of these"
    )
    parser.add_argument(
        "--postgresql", action="store_true", help="on a throw-away PostgreSQL server, not SQLite"
    )
    asked = parser.parse_args()
    if unknown := set(asked.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    if asked.postgresql:
        return on_postgresql()
    folder = ROOT / "build" / "bench" / str(os.getpid())
    folder.mkdir(parents=True)
    settings.API_CALLS_PER_HOUR = 10_000_000
    logging.getLogger("connector.servicenow").setLevel(logging.WARNING)
    use_broker(f"files://localhost{folder / 'broker'}")
    goals: list[Goal] = []
    with SandboxProcess() as sandbox:
        settings.SERVICENOW_ALLOWED_HOSTS = [sandbox.host]
        databases = databases_as_in_operation(folder, sandbox)
        costs: dict[str, Cost] = {}
        for name in asked.parts or PARTS:
            goals += PARTS[name](Bench(sandbox, asked, folder, databases, costs))
    (folder / "costs.json").write_text(as_json(costs))
    print("\nGoals", *goals, sep="\n")
    return int(not all(goal.is_met for goal in goals))


def on_postgresql() -> int:
    """Run the same on a PostgreSQL server that is gone afterwards. Returns what that returned."""
    asked = [argument for argument in sys.argv[1:] if argument != "--postgresql"]
    with Postgres() as server:
        command = [sys.executable, "-W", "ignore", "-m", "tools.bench", *asked]
        return subprocess.run(
            command, env=os.environ | {"DATABASE_URL": server.url}, cwd=ROOT, check=False
        ).returncode


def databases_as_in_operation(folder: Path, sandbox: SandboxProcess) -> Databases:
    """An empty database that forgets nothing when the power fails: other tests need not wait for the disk."""
    database = settings.DATABASES["default"]
    databases: Databases
    if database["ENGINE"].endswith("sqlite3"):
        command = database["OPTIONS"]["init_command"]
        database["OPTIONS"]["init_command"] = command.replace("synchronous=OFF", "synchronous=FULL")
        databases = SqliteFiles(folder)
    else:
        databases = PostgresDatabases("bench")
    run(partial(make_template, databases.template, sandbox), folder / "template.log")
    return databases


def bench_tracking(bench: Bench) -> Iterator[Goal]:
    """Print a line for each piece of work. Yields the goals."""
    use(bench.databases.template)
    tickets = bench.asked.tickets
    print(f"\nKeep {tickets} tickets in step\n\n{HEAD}", flush=True)
    for label, cost in track(bench.sandbox, tickets):
        bench.costs[label] = cost
        print(f"| {label:36} | {cost} |       |", flush=True)
    yield from goals_of_tracking(bench.costs, tickets)
    connections.close_all()


def bench_pushing(bench: Bench) -> Iterator[Goal]:
    """Print a line for each piece of work. Yields the goals."""
    use(bench.databases.template)
    pushes = bench.asked.pushes
    print(f"\nPush {pushes} tickets\n\n{HEAD}", flush=True)
    for label, cost, floor in push_all(bench.sandbox, pushes, bench.folder):
        bench.costs[label] = cost
        print(f"| {label:36} | {cost} | {floor:5.1f} |", flush=True)
        if "Scoredesk" in label:
            yield from goals_of_pushing(label, cost, pushes, floor)
    connections.close_all()


def bench_pages(bench: Bench) -> Iterator[Goal]:
    """Print a line for each page. Returns the goals."""
    sizes = bench.asked.sizes
    print("\nOpen pages of {} and of {} tickets\n\n".format(*sizes) + PAGES_HEAD, flush=True)
    costs = {}
    asked = bench.asked
    for name, few, many in measure(bench.databases, sizes, asked.rounds, bench.folder, asked.page):
        costs[name] = few, many
        print(f"| {name:31} | {few} | {many} |", flush=True)
    return goals_of_pages(costs, sizes[1])


# In this order: pages start from a database that holds no tickets yet.
PARTS = {"pages": bench_pages, "tracking": bench_tracking, "pushing": bench_pushing}


def goals_of_pages(costs: Mapping[str, tuple[PageCost, PageCost]], tickets: int) -> Iterator[Goal]:
    """More tickets may cost a page somewhat more time, and never another query."""
    for name in [name for name in MOST if name in costs]:
        few = costs[name][0]
        yield Goal(
            f"{name}: at most {MOST[name]:g} times the plain page ({few.multiple:.2f})",
            few.multiple <= MOST[name],
        )
    dear = {name: few.queries for name, (few, _many) in costs.items() if few.queries > MOST_QUERIES}
    yield Goal(f"no page with more than {MOST_QUERIES} queries ({', '.join(dear) or 'none'})", not dear)
    searches = [
        many.median for name, (_few, many) in costs.items() if name.startswith(f"tickets, {SEARCHED}")
    ]
    if searches:
        yield Goal(
            f"a search: at most {MOST_OF_A_SEARCH:g} ms with {tickets} tickets ({max(searches):.1f})",
            max(searches) <= MOST_OF_A_SEARCH,
        )
    growth = {
        name: many.multiple / few.multiple
        for name, (few, many) in costs.items()
        if not name.startswith(f"tickets, {SEARCHED}")
    }
    for part, most in MOST_GROWTH.items():
        if not (of_part := [name for name in growth if part_of(name) == part]):
            continue
        worst = max(of_part, key=growth.__getitem__)
        yield Goal(
            f"{part}: no page more than {most:g} times as dear with {tickets} tickets"
            f" ({worst}: {growth[worst]:.2f})",
            growth[worst] <= most,
        )
    asking = [name for name, (few, many) in costs.items() if many.queries > few.queries]
    yield Goal(
        f"no page with more queries with {tickets} tickets ({', '.join(asking) or 'none'})", not asking
    )


def part_of(page: str) -> str:
    """Return whose page it is: the portal's own, or Django's administration's."""
    return "administration" if page.startswith("administration") else "portal"


def goals_of_tracking(costs: Mapping[str, Cost], tickets: int) -> Iterator[Goal]:
    """Fewer tickets than the 10,000 that the goals are about meet them easily, so the number stands beside each."""
    idle, changed = (costs[f"{work}, Scoredesk"] for work in ("idle", "1 % changed"))
    yield Goal(f"idle of {tickets}: 1 call ({idle.calls})", idle.calls == 1)
    yield Goal(f"1 % changed of {tickets}: at most 3 calls ({changed.calls})", changed.calls <= 3)
    # All that is mirrored of each record is compared: its version alone does not tell of every change.
    for work, most in (("full look", 6), ("full reconcile", 10)):
        full, megabytes = costs[f"{work}, Scoredesk"], costs[f"{work}, Scoredesk"].bytes_back / 1e6
        yield Goal(f"{work} of {tickets}: at most 50 calls ({full.calls})", full.calls <= 50)
        yield Goal(f"{work} of {tickets}: under {most} MB ({megabytes:.2f})", megabytes < most)
    look = costs["full look, Scoredesk"]
    yield Goal(
        f"full look of {tickets}: each by primary key ({look.by_primary_key})",
        look.by_primary_key == look.calls,
    )


def goals_of_pushing(label: str, cost: Cost, pushes: int, floor: float) -> Iterator[Goal]:
    """Without latency there is no floor but the machine."""
    what = label.removesuffix(", Scoredesk")
    yield Goal(f"{what}: one call each ({cost.calls / pushes:.3f})", cost.calls == pushes)
    if floor:
        yield Goal(
            f"{what}: within {NEAR_THE_FLOOR} of the floor ({cost.seconds / floor:.2f})",
            cost.seconds <= floor * NEAR_THE_FLOOR,
        )


if __name__ == "__main__":
    sys.exit(main())
