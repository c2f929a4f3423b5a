"""`make test`: installs what the tests need, starts throw-away servers, runs everything, and ends with what failed and
what was left out.

All tests run as the portal runs with nothing installed (SQLite, a folder as broker). Those that ask a database run once
more on PostgreSQL and Redis. Those that kill processes and mostly wait for them run beside each other; those that time
them run with nothing beside. The quick part runs on every other Python that is here.

`make test-fast` is `--fast`: what needs neither a browser nor processes of its own, on SQLite.
"""

import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from tests.servers import Postgres, Redis

ROOT = Path(__file__).resolve().parent.parent
REPORTS = ROOT / "build" / "tests"
REQUIRE_ALL = os.environ.get("REQUIRE_ALL") == "1"
# What is needed -> the Debian and Ubuntu package that has it, and what is left out without it.
PACKAGES = {
    "chromium": ("chromium", "browser tests"),
    "redis-server": ("redis-server", "tests on Redis"),
    "postgres": ("postgresql", "tests on PostgreSQL"),
    "faketime": ("faketime", "chaos with clocks that are wrong"),
    "xgettext": ("gettext", "whether every text is in the catalogues"),
    "fonts": ("fonts-noto-cjk", "Japanese letters in screenshots"),
}
CLIENT_TESTS = "tests/connector"
COMPILE_CATALOGUES = "from portal.run import compile_catalogues; compile_catalogues()"
NOT_APART = "not browser and not alone and not waits"
SIDE_BY_SIDE = ("-n", "2", "-m", NOT_APART)
FAST = ("-n", "2", "-m", f"{NOT_APART} and not slow and not servers and not process")
# Where the tests are that run apart, by their marks: to look through all others first takes as long as some of them.
APART = {
    "browser": ("tests/browser",),
    "waits": ("tests/tickets", "tests/scenarios", "tests/crash", "tests/chaos", "tests/tracking"),
    "alone": ("tests/scenarios",),
}
# The tests say which of them share a portal.
IN_A_BROWSER = (*APART["browser"], "-n", "2", "--dist", "loadgroup", "-m", "browser")
ALONE = (*APART["alone"], "-m", "alone")
# A process for each file: what waits in one costs the others nothing.
WAITING = (*APART["waits"], "-n", "4", "--dist", "loadfile", "-m", "waits")
# What asks no database is the same on each. That the harnesses of crash and tracking notice what is taken away is seen
# on SQLite.
ON_SERVERS = ("tests/tickets", "tests/scenarios", "tests/connector", "tests/portal", "tests/accounts")
# Who gets where is asked of every address, which no database makes otherwise.
SIDE_BY_SIDE_ON_SERVERS = (
    *(*ON_SERVERS, "--ignore=tests/accounts/test_access.py"),
    *("-n", "2", "-m", f"database and {NOT_APART}"),
)
WAITING_ON_SERVERS = (*WAITING[:-1], "waits and not harness")
# The Pythons that the README promises. What differs between them shows first in TLS, parsing and dates.
PYTHONS = ("3.11", "3.12", "3.13")
QUICK = (
    "tests/connector/servicenow/test_tls.py",
    "tests/connector/access/test_proxy.py",
    "tests/connector/servicenow/test_transport.py",
    "tests/connector/servicenow/test_oauth.py",
    "tests/connector/servicenow/test_responses.py",
    "tests/connector/servicenow/test_client.py",
    "tests/scorecard",
    *("-n", "2", "-m", f"{NOT_APART} and not slow"),
)


@dataclass
class Step:
    """A part of the whole, how it ended, which of its tests failed, and what it left out.

    What runs beside another writes into a file; the rest writes where a person looks.
    """

    name: str
    is_beside: bool = False
    seconds: float = 0.0
    status: int = 0
    failures: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    @property
    def report(self) -> Path:
        """Where its results go; what it printed stands beside them, where it prints into a file."""
        return REPORTS / f"{self.name.replace(' ', '-')}.xml"

    def run(self, *command: str, environment: dict[str, str] | None = None) -> None:
        """Run a command of this step."""
        started = time.monotonic()
        with self._output() as output:
            done = subprocess.run(
                command, env={**os.environ, **(environment or {})}, stdout=output, stderr=output, check=False
            )
        self.seconds += time.monotonic() - started
        self.status |= done.returncode

    @contextmanager
    def _output(self) -> Iterator[int | None]:
        if not self.is_beside:
            yield None
            return
        with self.report.with_suffix(".log").open("ab") as log:
            yield log.fileno()

    def pytest(
        self,
        *arguments: str,
        runner: Sequence[str] = ("-m", "pytest"),
        python: str = sys.executable,
        environment: dict[str, str] | None = None,
    ) -> None:
        """Run tests, and keep the names of those that failed and the reasons of those that were left out."""
        print(f"--- {self.name}", flush=True)
        REPORTS.mkdir(parents=True, exist_ok=True)
        for old in (self.report, self.report.with_suffix(".log")):
            old.unlink(missing_ok=True)
        self.run(
            python,
            *runner,
            *arguments,
            f"--junit-xml={self.report}",
            "--durations=20",
            environment=environment,
        )
        if self.report.exists():
            self.failures += failures_in(self.report)
            self.left_out += left_out_in(self.report)

    def __str__(self) -> str:
        verdict = "FAILED" if self.status else "passed"
        left_out = [f"left out: {count} ({reason})" for reason, count in self.left_out.items()]
        return "\n    ".join(
            [f"{verdict}  {self.name}, {self.seconds / 60:.1f} min", *self.failures, *left_out]
        )


def failures_in(report: Path) -> list[str]:
    """Return the names of the tests that failed, by a report of pytest in JUnit's form."""
    cases = ElementTree.parse(report).iter("testcase")
    failed = (case for case in cases if case.find("failure") is not None or case.find("error") is not None)
    return [f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name')}" for case in failed]


def left_out_in(report: Path) -> Counter[str]:
    """Count the tests that were skipped by their reasons, by a report of pytest in JUnit's form."""
    skipped = ElementTree.parse(report).iter("skipped")
    return Counter(one.get("message", "") for one in skipped)


def main(arguments: Sequence[str]) -> int:
    """Run all tests, or those named. Returns the exit status."""
    os.chdir(ROOT)
    # Hundreds of processes start: what Python compiled for one serves the next, also where it is told to keep nothing.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # Several runs start at once, and none may read half a catalogue. To import the portal would choose its settings.
    subprocess.run([sys.executable, "-c", COMPILE_CATALOGUES], check=True)
    if arguments[:1] == ["--fast"]:
        return subprocess.run([sys.executable, "-m", "pytest", *FAST, *arguments[1:]], check=False).returncode
    missing = install_missing()
    if missing and REQUIRE_ALL:
        print(f"Missing, and everything is required: {', '.join(missing)}")
        return 1
    if arguments:
        return subprocess.run([sys.executable, "-m", "pytest", *arguments], check=False).returncode
    steps = everything(missing)
    for step in steps:
        if step.is_beside and step.status:
            print(f"--- {step.name} printed:")
            print(step.report.with_suffix(".log").read_text(errors="replace"), flush=True)
    print("--- Summary", *steps, sep="\n", flush=True)
    return int(any(step.status for step in steps))


def everything(missing: Sequence[str]) -> list[Step]:
    """Run all tests that can be run. Returns how each step went."""
    has_servers = not {"postgres", "redis-server"} & set(missing)
    with ThreadPoolExecutor() as beside:
        waiting, under_way = what_waits(beside, has_servers)
        # These leave room for what waits: one runs in a single process, the others mostly install.
        steps = [*waiting, every_branch_of_the_client(), *on_other_pythons()]
    for one in under_way:
        one.result()
    steps += side_by_side(has_servers)
    if "chromium" not in missing:
        steps.append(Step("in a browser"))
        steps[-1].pytest(*IN_A_BROWSER)
    steps.append(Step("alone"))
    steps[-1].pytest(*ALONE)
    if has_servers:
        steps.append(Step("on PostgreSQL and Redis, alone"))
        on_servers(steps[-1], *ALONE)
    return steps


def what_waits(beside: ThreadPoolExecutor, has_servers: bool) -> tuple[list[Step], list[Future[None]]]:
    """Begin what kills processes and mostly waits for them, on both databases at once. Returns the steps, and what is
    under way for them.
    """
    here = Step("what mostly waits", is_beside=True)
    there = Step("on PostgreSQL and Redis, what mostly waits", is_beside=True)
    under_way = [beside.submit(here.pytest, *WAITING)]
    if not has_servers:
        return [here], under_way
    return [here, there], [*under_way, beside.submit(on_servers, there, *WAITING_ON_SERVERS)]


def side_by_side(has_servers: bool) -> list[Step]:
    """Run most of the tests, on both databases at once: each waits now and then for what it started."""
    here, there = Step("side by side"), Step("on PostgreSQL and Redis, side by side", is_beside=True)
    with ThreadPoolExecutor() as beside:
        under_way = [beside.submit(on_servers, there, *SIDE_BY_SIDE_ON_SERVERS)] if has_servers else []
        here.pytest("tests", f"--ignore={CLIENT_TESTS}", *SIDE_BY_SIDE)
    for one in under_way:
        one.result()
    return [here, there] if has_servers else [here]


def every_branch_of_the_client() -> Step:
    """Run the tests of the ServiceNow client, and see that they take every branch of it."""
    step = Step("every branch of the ServiceNow client")
    step.pytest(CLIENT_TESTS, runner=("-m", "coverage", "run", "-m", "pytest"))
    step.run(sys.executable, "-m", "coverage", "report")
    return step


def on_servers(step: Step, *arguments: str) -> None:
    """Run tests with PostgreSQL and Redis in place of SQLite and a folder."""
    with Postgres() as postgres, Redis() as redis:
        settings = {"DATABASE_URL": postgres.url, "CELERY_BROKER_URL": redis.url}
        step.pytest(*arguments, environment=settings)


def on_other_pythons() -> list[Step]:
    """Run the quick part once more on each other Python that the README promises and that is here."""
    steps = []
    for version in PYTHONS:
        if version == "{}.{}".format(*sys.version_info):
            continue
        python = other_python(version)
        if python is None:
            print(f"Python {version} is not here. Left out: the quick part on it.", flush=True)
            continue
        step = Step(f"the quick part on Python {version}")
        environment = ROOT / "build" / f"python{version}"
        # As the Makefile makes the one that everything else runs in.
        step.run(python, "-m", "venv", str(environment))
        pip = [str(environment / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
        step.run(*pip, "--require-hashes", "--requirement", "requirements-dev.lock")
        if not step.status:
            step.pytest(*QUICK, python=str(environment / "bin" / "python"))
        steps.append(step)
    if not steps:
        print("No other Python is here. Left out: the quick part on any but this one.", flush=True)
    return steps


def other_python(version: str) -> str | None:
    """Find the program of another Python: on the path, or where pyenv keeps them."""
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    names = [shutil.which(f"python{version}"), *sorted(map(str, kept.glob(f"{version}.*/bin/python3")))]
    # What is on the path may be pyenv's stand-in for a version that is not switched on, or lack its venv.
    works = 'import ensurepip, sys, venv; print("{}.{}".format(*sys.version_info))'
    for name in filter(None, names):
        done = subprocess.run([name, "-c", works], capture_output=True, text=True, check=False)
        if done.stdout.strip() == version:
            return name
    return None


def install_missing() -> list[str]:
    """Install system packages by apt where that is allowed, and say what stays missing."""
    missing = [need for need in PACKAGES if not is_here(need)]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"Installing for the tests: {', '.join(PACKAGES[need][0] for need in missing)}", flush=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], env=environment, check=False)
        packages = [PACKAGES[need][0] for need in missing]
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
        subprocess.run(install, env=environment, stdout=subprocess.DEVNULL, check=False)
        missing = [need for need in missing if not is_here(need)]
    for need in missing:
        package, purpose = PACKAGES[need]
        print(f"Not installed: {package}. Left out: {purpose}. To run them: apt install {package}")
    return missing


def is_here(need: str) -> bool:
    """Whether a program (or the fonts) is installed."""
    if need == "fonts":
        return any(Path("/usr/share/fonts").rglob("NotoSansCJK*"))
    if need == "postgres":
        return Postgres.program("initdb") is not None
    return shutil.which(need) is not None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
