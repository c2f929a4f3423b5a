"""Runs every test of the contract over two sandboxes, and over a real instance where the environment names one."""

from collections.abc import Iterator
from typing import Any

import pytest

from connector.servicenow.client import Client
from connector.servicenow.oauth import OAuthClient
from tests.contract.far_side import FarSide
from tests.sandbox_process import CLIENT, INTEGRATION_USER, SandboxProcess

LOOPBACK = ["127.0.0.1", "::1"]
NOTES = pytest.StashKey[dict[str, FarSide]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[NOTES] = {}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test runs over each instance; sockets open to a real one only where it is named."""
    if "far" not in metafunc.fixturenames:
        return
    instances: list[Any] = ["hardened", "legacy"]
    real = FarSide.from_environment()
    if real is not None:
        instances.append(pytest.param("real", marks=pytest.mark.allow_hosts([*LOOPBACK, *real.addresses])))
    metafunc.parametrize("far", instances, indirect=True)


@pytest.fixture(scope="session")
def hardened_sandbox() -> Iterator[SandboxProcess]:
    """Not the one that other tests share: what they leave set there would count as the contract's."""
    with SandboxProcess() as process:
        yield process


@pytest.fixture(scope="session")
def legacy_sandbox() -> Iterator[SandboxProcess]:
    with SandboxProcess(profile="legacy") as process:
        yield process


@pytest.fixture
def far(request: pytest.FixtureRequest, pytestconfig: pytest.Config) -> Iterator[FarSide]:
    """One instance, left as it was found."""
    known = pytestconfig.stash[NOTES]
    if request.param not in known:
        real = FarSide.from_environment() if request.param == "real" else None
        known[request.param] = real or _pretended(request)
    side = known[request.param]
    yield side
    side.tidy()


@pytest.fixture
def client(far: FarSide) -> Client:
    return far.client()


def _pretended(request: pytest.FixtureRequest) -> FarSide:
    """A sandbox: a recent instance by client credentials, an old one, which knows none, by user and password."""
    client = OAuthClient(*CLIENT)
    if request.param == "legacy":
        process: SandboxProcess = request.getfixturevalue("legacy_sandbox")
        return FarSide("legacy", process.url, client, INTEGRATION_USER)
    process = request.getfixturevalue("hardened_sandbox")
    return FarSide("hardened", process.url, client)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what a real instance does where either answer is fine, and where that differs from the sandbox."""
    sides = config.stash[NOTES]
    if "real" not in sides:
        return
    real, sandbox = sides["real"], sides.get("hardened")
    terminalreporter.section("what this instance does where either answer is fine")
    for fact, value in sorted(real.notes.items()):
        pretended = sandbox.notes.get(fact, "?") if sandbox else "?"
        mark = " " if value == pretended else "*"
        terminalreporter.line(f"{mark} {fact}: {value} (sandbox: {pretended})")
    if real.left:
        terminalreporter.line(f"Left behind, please delete: {', '.join(real.left)}")
