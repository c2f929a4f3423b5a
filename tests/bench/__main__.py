"""`make bench`: what it costs to keep tickets in step and to push them, beside PySNC used plainly and tuned.

Same work, same sandbox, same run. Calls and bytes are exact; times depend on the machine. Exits with 1 when a goal was
missed.
"""

import argparse
import logging
import os
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

from tests.bench.measure import Cost, as_json  # noqa: E402
from tests.bench.pushing import push_all  # noqa: E402
from tests.bench.tracking import track  # noqa: E402
from tests.crash.databases import PostgresDatabases, use  # noqa: E402
from tests.crash.processes import run, use_broker  # noqa: E402
from tests.crash.template import make_template  # noqa: E402
from tests.sandbox_process import SandboxProcess  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
HEAD = f"| {'':36} |  calls |      MB | seconds | floor |\n|{'-' * 38}|-------:|--------:|--------:|------:|"
# How much slower than the latency and four calls at once allow pushing may be.
NEAR_THE_FLOOR = 1.15


@dataclass(frozen=True)
class Goal:
    """What was promised, and whether it was kept."""

    promise: str
    is_met: bool

    def __str__(self) -> str:
        return f"{'met    ' if self.is_met else 'NOT MET'}  {self.promise}"


def main() -> int:
    """Run both benchmarks, print their tables. Returns 1 when a goal was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--tickets", type=int, default=10_000)
    parser.add_argument("--pushes", type=int, default=1_000)
    asked = parser.parse_args()
    folder = ROOT / "build" / "bench" / str(os.getpid())
    folder.mkdir(parents=True)
    settings.API_CALLS_PER_HOUR = 10_000_000
    logging.getLogger("connector.servicenow").setLevel(logging.WARNING)
    use_broker(f"files://localhost{folder / 'broker'}")
    with SandboxProcess() as sandbox:
        settings.SERVICENOW_ALLOWED_HOSTS = [sandbox.host]
        use_database_as_in_operation(folder, sandbox)
        goals = bench(sandbox, asked, folder)
    print("\nGoals", *goals, sep="\n")
    return int(not all(goal.is_met for goal in goals))


def use_database_as_in_operation(folder: Path, sandbox: SandboxProcess) -> None:
    """An empty database that forgets nothing when the power fails: other tests need not wait for the disk."""
    database = settings.DATABASES["default"]
    on_sqlite = database["ENGINE"].endswith("sqlite3")
    if on_sqlite:
        command = database["OPTIONS"]["init_command"]
        database["OPTIONS"]["init_command"] = command.replace("synchronous=OFF", "synchronous=FULL")
    name = str(folder / "portal.sqlite3") if on_sqlite else PostgresDatabases("bench").template
    run(partial(make_template, name, sandbox), folder / "template.log")
    use(name)


def bench(sandbox: SandboxProcess, asked: argparse.Namespace, folder: Path) -> list[Goal]:
    """Print a line for each piece of work. Returns the goals."""
    costs: dict[str, Cost] = {}
    print(f"\nKeep {asked.tickets} tickets in step\n\n{HEAD}", flush=True)
    for label, cost in track(sandbox, asked.tickets):
        costs[label] = cost
        print(f"| {label:36} | {cost} |       |", flush=True)
    goals = [*goals_of_tracking(costs, asked.tickets)]
    connections.close_all()
    print(f"\nPush {asked.pushes} tickets\n\n{HEAD}", flush=True)
    for label, cost, floor in push_all(sandbox, asked.pushes, folder):
        costs[label] = cost
        print(f"| {label:36} | {cost} | {floor:5.1f} |", flush=True)
        if "Scoredesk" in label:
            goals += goals_of_pushing(label, cost, asked.pushes, floor)
    (folder / "costs.json").write_text(as_json(costs))
    return goals


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
