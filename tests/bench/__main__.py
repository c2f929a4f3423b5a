"""`make bench`: what it costs to keep tickets in step and to push them, beside PySNC used plainly and tuned.

Same work, same sandbox, same run. Calls and bytes are exact; times depend on the machine. Exits with 1 when a goal was
missed.
"""

import argparse
import logging
import os
import sys
from functools import partial
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connections  # noqa: E402

from portal.celery import app  # noqa: E402
from tests.bench.measure import Cost, as_json  # noqa: E402
from tests.bench.pushing import push_all  # noqa: E402
from tests.bench.tracking import track  # noqa: E402
from tests.crash.databases import PostgresDatabases, use  # noqa: E402
from tests.crash.processes import run  # noqa: E402
from tests.crash.template import make_template  # noqa: E402
from tests.sandbox_process import SandboxProcess  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
# What was promised for 10,000 tickets: calls, and megabytes where they count.
GOALS = {"idle": (1, None), "1 % changed": (3, None), "full look": (50, 2.5), "full reconcile": (50, 2.5)}
NEAR_THE_FLOOR = 1.15


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
    app.conf.broker_url = f"files://localhost{folder / 'broker'}"
    with SandboxProcess() as sandbox:
        settings.SERVICENOW_ALLOWED_HOSTS = [sandbox.host]
        use_database_as_in_operation(folder, sandbox)
        missed = bench(sandbox, asked, folder)
    print("Every goal was reached." if not missed else f"Missed: {'; '.join(missed)}")
    return int(bool(missed))


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


def bench(sandbox: SandboxProcess, asked: argparse.Namespace, folder: Path) -> list[str]:
    """Print a line for each piece of work. Returns the goals that were missed."""
    costs: dict[str, Cost] = {}
    missed = []
    print(f"\nKeep {asked.tickets} tickets in step", flush=True)
    for label, cost in track(sandbox, asked.tickets):
        costs[label] = cost
        print(f"{label:40} {cost}", flush=True)
        most_calls, most_megabytes = GOALS[label.partition(",")[0]]
        too_large = most_megabytes is not None and cost.bytes_back > most_megabytes * 1e6
        if "Scoredesk" in label and (cost.calls > most_calls or too_large):
            missed.append(label)
    connections.close_all()
    print(f"\nPush {asked.pushes} tickets", flush=True)
    for label, cost, floor in push_all(sandbox, asked.pushes, folder):
        costs[label] = cost
        print(f"{label:40} {cost}  floor {floor:5.1f} s", flush=True)
        if "Scoredesk" in label and (
            cost.calls != asked.pushes or (floor and cost.seconds > floor * NEAR_THE_FLOOR)
        ):
            missed.append(label)
    (folder / "costs.json").write_text(as_json(costs))
    return missed


if __name__ == "__main__":
    sys.exit(main())
