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


# What starts processes, and fixtures that start some by the names of others.
STARTERS = {
    "subprocess",
    "Popen",
    "manage",
    "SandboxProcess",
    "PortalProcess",
    "Workers",
    "Postgres",
    "Redis",
}
INDIRECT = {"far"}


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
        if fixtures & INDIRECT or any(used_by(function) & STARTERS for function in functions_of(item)):
            item.add_marker(pytest.mark.process)


def functions_of(item: pytest.Item) -> Iterator[Callable[..., object]]:
    """Yield the function of a test, and those of the fixtures that it has."""
    if isinstance(item, pytest.Function):
        yield item.function
        for definitions in item._fixtureinfo.name2fixturedefs.values():
            yield from (definition.func for definition in definitions)


@cache
def used_by(function: Callable[..., object]) -> set[str]:
    """Return the names that a function uses, and those that the functions it calls use, if they are tests' own."""
    names: set[str] = set()
    to_look_at: list[object] = [function]
    while to_look_at:
        looked_at = to_look_at.pop()
        code, around = getattr(looked_at, "__code__", None), getattr(looked_at, "__globals__", {})
        if code is None or not str(around.get("__name__")).startswith(("tests.", "tools.")):
            continue
        for name in set(code.co_names) - names:
            names.add(name)
            to_look_at.append(around.get(name))
    return names
