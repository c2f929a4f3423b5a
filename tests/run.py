"""`make test`: installs what the tests need, starts throw-away servers, runs everything.

The tests run twice: once as the portal runs with nothing installed (SQLite, a folder as broker), and those of delivery,
tracking, constraints and migrations once more on PostgreSQL and Redis.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.servers import Postgres, Redis

ROOT = Path(__file__).resolve().parent.parent
REQUIRE_ALL = os.environ.get("REQUIRE_ALL") == "1"
# What is needed -> the Debian and Ubuntu package that has it, and what is left out without it.
PACKAGES = {
    "chromium": ("chromium", "browser tests"),
    "redis-server": ("redis-server", "tests on Redis"),
    "postgres": ("postgresql", "tests on PostgreSQL"),
    "fonts": ("fonts-noto-cjk", "Japanese letters in screenshots"),
}
ON_SERVERS = [
    "tests/tickets",
    "tests/connector",
    "tests/portal",
    "tests/accounts",
    "tests/crash",
    "tests/chaos",
]
CLIENT_TESTS = "tests/connector"


def main(arguments: Sequence[str]) -> int:
    """Run all tests, or those named. Returns the exit status."""
    os.chdir(ROOT)
    missing = install_missing()
    if missing and REQUIRE_ALL:
        print(f"Missing, and everything is required: {', '.join(missing)}")
        return 1
    if arguments:
        return pytest(*arguments)
    status = pytest("tests", f"--ignore={CLIENT_TESTS}", "-m", "not browser", "-n", "2")
    status |= every_branch_of_the_client()
    if "chromium" not in missing:
        status |= pytest("tests", "-m", "browser")
    if not {"postgres", "redis-server"} & set(missing):
        status |= on_servers()
    return status


def every_branch_of_the_client() -> int:
    """Run the tests of the ServiceNow client, and say which of its branches none of them reaches."""
    print("--- every branch of the ServiceNow client", flush=True)
    coverage = [sys.executable, "-m", "coverage"]
    status = subprocess.run([*coverage, "run", "-m", "pytest", CLIENT_TESTS], check=False).returncode
    return status | subprocess.run([*coverage, "report"], check=False).returncode


def on_servers() -> int:
    """Run the tests of what must not depend on SQLite once more on PostgreSQL and Redis."""
    with Postgres() as postgres, Redis() as redis:
        print("--- on PostgreSQL and Redis", flush=True)
        settings = {"DATABASE_URL": postgres.url, "CELERY_BROKER_URL": redis.url}
        return pytest(*ON_SERVERS, "-m", "not browser", "-n", "2", environment=settings)


def pytest(*arguments: str, environment: dict[str, str] | None = None) -> int:
    """Run pytest in a process of its own. Returns its exit status."""
    command = [sys.executable, "-m", "pytest", *arguments]
    return subprocess.run(command, env={**os.environ, **(environment or {})}, check=False).returncode


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
