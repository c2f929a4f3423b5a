"""What a piece of work cost, as the far side saw it."""

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tests.clients import environment
from tests.sandbox_process import SandboxProcess

MOST_SECONDS = 900


@dataclass(frozen=True)
class Cost:
    """Calls of the API, how many of them named primary keys, bytes that came back (bodies, as on the wire), and
    seconds from the first call to the end of the last.
    """

    calls: int
    by_primary_key: int
    bytes_back: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.calls:6} | {self.bytes_back / 1e6:7.3f} | {self.seconds:7.1f}"


def cost_of(sandbox: SandboxProcess, work: Callable[[], object]) -> Cost:
    """Do the work and read in the sandbox's log what it took."""
    sandbox.clear_log()
    work()
    noted = sandbox.requests()["requests"]
    calls = [call for call in noted if call["route"] != "token" and not call["batched"]]
    begins = [datetime.fromisoformat(call["at"]) for call in calls]
    ends = [at.timestamp() + call["ms"] / 1000 for at, call in zip(begins, calls, strict=True)]
    seconds = max(ends) - min(begins).timestamp() if calls else 0.0
    by_key = sum("sysparm_query=sys_idIN" in call["query"] for call in calls)
    return Cost(len(calls), by_key, sum(call["bytes_out"] for call in calls), seconds)


def with_pysnc(errand: str, sandbox: SandboxProcess, tickets: int, since: str = "") -> None:
    """Do an errand with PySNC, in an environment of its own."""
    command = [str(environment.prepare()), "-m", "tests.clients.scripts.pysnc_bench"]
    subprocess.run(
        [*command, errand, sandbox.url, str(tickets), since],
        cwd=environment.ROOT,
        env={"PATH": os.environ["PATH"], "NO_PROXY": "*"},
        stdout=subprocess.DEVNULL,
        timeout=MOST_SECONDS,
        check=True,
    )


def as_json(costs: dict[str, Cost]) -> str:
    """Costs by name, for whoever compares runs."""
    return json.dumps({name: vars(cost) for name, cost in costs.items()}, indent=1)
