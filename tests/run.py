"""`make test`: installs what the tests need, starts throw-away servers, runs everything, and ends with what failed.

The tests run twice: once as the portal runs with nothing installed (SQLite, a folder as broker), and those of delivery,
tracking, constraints and migrations once more on PostgreSQL and Redis. Those that kill and time real processes run with
nothing beside them, each of the two times. At the end, the quick part runs on every other Python that is here.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
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
ON_SERVERS = [
    "tests/tickets",
    "tests/connector",
    "tests/portal",
    "tests/accounts",
    "tests/crash",
    "tests/chaos",
    "tests/tracking",
]
CLIENT_TESTS = "tests/connector"
SIDE_BY_SIDE = ("-m", "not browser and not alone", "-n", "2")
ALONE = ("-m", "alone")
# The Pythons that the README promises. What differs between them shows first in TLS, parsing and dates.
PYTHONS = ("3.11", "3.12", "3.13")
QUICK = (
    *(f"tests/connector/test_{name}.py" for name in ("tls", "proxy", "transport", "oauth", "wire", "client")),
    "tests/scorecard",
    "-m",
    "not browser and not alone and not slow",
    "-n",
    "2",
)


@dataclass
class Step:
    """A part of the whole, how it ended and which of its tests failed."""

    name: str
    seconds: float = 0.0
    status: int = 0
    failures: list[str] = field(default_factory=list)

    def run(self, *command: str, environment: dict[str, str] | None = None) -> None:
        """Run a command of this step."""
        started = time.monotonic()
        done = subprocess.run(command, env={**os.environ, **(environment or {})}, check=False)
        self.seconds += time.monotonic() - started
        self.status |= done.returncode

    def pytest(
        self,
        *arguments: str,
        runner: Sequence[str] = ("-m", "pytest"),
        python: str = sys.executable,
        environment: dict[str, str] | None = None,
    ) -> None:
        """Run tests, and keep the names of those that failed."""
        print(f"--- {self.name}", flush=True)
        report = REPORTS / f"{self.name.replace(' ', '-')}.xml"
        report.unlink(missing_ok=True)
        self.run(python, *runner, *arguments, f"--junit-xml={report}", environment=environment)
        if report.exists():
            self.failures += failures_in(report)

    def __str__(self) -> str:
        verdict = "FAILED" if self.status else "passed"
        return "\n".join(
            [f"{verdict}  {self.name}, {self.seconds / 60:.1f} min", *(f"    {one}" for one in self.failures)]
        )


def failures_in(report: Path) -> list[str]:
    """Return the names of the tests that failed, by a report of pytest in JUnit's form."""
    cases = ElementTree.parse(report).iter("testcase")
    failed = (case for case in cases if case.find("failure") is not None or case.find("error") is not None)
    return [f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name')}" for case in failed]


def main(arguments: Sequence[str]) -> int:
    """Run all tests, or those named. Returns the exit status."""
    os.chdir(ROOT)
    missing = install_missing()
    if missing and REQUIRE_ALL:
        print(f"Missing, and everything is required: {', '.join(missing)}")
        return 1
    if arguments:
        return subprocess.run([sys.executable, "-m", "pytest", *arguments], check=False).returncode
    steps = everything(missing)
    print("--- Summary", *steps, sep="\n", flush=True)
    return int(any(step.status for step in steps))


def everything(missing: Sequence[str]) -> list[Step]:
    """Run all tests that can be run. Returns how each step went."""
    steps = [Step("side by side"), Step("alone"), Step("every branch of the ServiceNow client")]
    steps[0].pytest("tests", f"--ignore={CLIENT_TESTS}", *SIDE_BY_SIDE)
    steps[1].pytest("tests", f"--ignore={CLIENT_TESTS}", *ALONE)
    steps[2].pytest(CLIENT_TESTS, runner=("-m", "coverage", "run", "-m", "pytest"))
    steps[2].run(sys.executable, "-m", "coverage", "report")
    if "chromium" not in missing:
        steps.append(Step("in a browser"))
        steps[-1].pytest("tests", "-m", "browser")
    if not {"postgres", "redis-server"} & set(missing):
        steps += on_servers()
    return steps + on_other_pythons()


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


def on_servers() -> list[Step]:
    """Run the tests of what must not depend on SQLite once more on PostgreSQL and Redis."""
    steps = [Step("on PostgreSQL and Redis, side by side"), Step("on PostgreSQL and Redis, alone")]
    with Postgres() as postgres, Redis() as redis:
        settings = {"DATABASE_URL": postgres.url, "CELERY_BROKER_URL": redis.url}
        for step, how in zip(steps, (SIDE_BY_SIDE, ALONE), strict=True):
            step.pytest(*ON_SERVERS, *how, environment=settings)
    return steps


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
