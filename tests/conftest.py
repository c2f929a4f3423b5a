import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.utils import translation

from accounts.models import User
from connector.models import Connection
from portal.run import compile_catalogues
from tests import factories
from tests.sandbox_process import SandboxProcess

REQUIRE_ALL = os.environ.get("REQUIRE_ALL") == "1"


def pytest_configure(config: pytest.Config) -> None:
    """Compile the message catalogues before any worker starts, so that none reads half a file."""
    if not hasattr(config, "workerinput"):
        compile_catalogues()


@pytest.fixture(scope="session", autouse=True)
def static_files() -> None:
    """Templates name static files by their hashed names, which collectstatic makes: a missing file fails the page."""
    call_command("collectstatic", "--no-input", "--verbosity", "0")


@pytest.fixture(autouse=True)
def own_language() -> Iterator[None]:
    """A request leaves its language behind in the thread; the next test starts without one."""
    yield
    translation.deactivate()


@pytest.fixture(scope="session")
def shared_sandbox() -> Iterator[SandboxProcess]:
    with SandboxProcess() as process:
        yield process


@pytest.fixture
def sandbox(shared_sandbox: SandboxProcess, settings: LazySettings) -> SandboxProcess:
    """A ServiceNow as freshly started, which the portal may talk to."""
    shared_sandbox.start()
    shared_sandbox.reset()
    settings.SERVICENOW_ALLOWED_HOSTS = [shared_sandbox.host]
    return shared_sandbox


@pytest.fixture
def connection(sandbox: SandboxProcess, db: None) -> Connection:
    """The portal connected to the sandbox by client credentials."""
    return factories.connected(sandbox)


@pytest.fixture
def secadmin(db: None) -> User:
    return factories.person("Security Administrator")


@pytest.fixture
def reader(db: None) -> User:
    return factories.person("Security Reader")


@pytest.fixture
def administrator(db: None) -> User:
    return factories.person("Administrator")


@pytest.fixture(scope="session")
def graph_data() -> Path:
    """A real tenant's answers, which are private and no part of this repository: beside it, or where GRAPH_DATA says.

    Nobody can install them, so that they may be absent where everything else is required; `make test` says so then.
    """
    named = os.environ.get("GRAPH_DATA")
    folder = Path(named or Path(__file__).parents[2] / "shared" / "data" / "graph")
    if not folder.is_dir():
        pytest.fail(f"GRAPH_DATA: no folder {folder}") if named else pytest.skip(
            "no real tenant's answers here"
        )
    return folder


def leave_out(reason: str) -> NoReturn:
    """Skip a test that needs what is not here; where everything is required, fail it instead."""
    if REQUIRE_ALL:
        pytest.fail(reason)
    pytest.skip(reason)


# Fixtures that start a process, and names in a module of tests that start some.
PROCESSES = {"shared_sandbox", "secure_sandbox", "plain_sandbox", "far", "shared_portal"}
STARTERS = {"subprocess", "manage", "SandboxProcess", "PortalProcess", "Workers"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browsers, servers and whole portals need a moment more than the rest, most of all on a busy machine. Whatever
    pytest-django gives a database is marked, so that the rest need not run on every database; so is what has a process
    of its own, which is left out where time is short.
    """
    for item in items:
        is_slow = any(item.get_closest_marker(name) for name in ("browser", "servers", "slow"))
        if is_slow and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(400))
        fixtures = set(getattr(item, "fixturenames", ()))
        if item.get_closest_marker("django_db") or "db" in fixtures:
            item.add_marker(pytest.mark.database)
        function = getattr(item, "function", None)
        if fixtures & PROCESSES or (function and used_by(function) & STARTERS):
            item.add_marker(pytest.mark.process)


@cache
def used_by(function: Callable[..., object]) -> set[str]:
    """Return the global names that a function uses, and those that the functions of its module use that it calls."""
    names: set[str] = set()
    to_look_at: list[object] = [function]
    while to_look_at:
        code = getattr(to_look_at.pop(), "__code__", None)
        for name in set(code.co_names) - names if code else ():
            names.add(name)
            to_look_at.append(function.__globals__.get(name))
    return names
