from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.chromium import CHROMIUM, WINDOWLESS, launch
from tests.browser.portal import Portal
from tests.browser.visitor import Place
from tests.conftest import leave_out

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep in one process, of those that run side by side, what shares the portal in use, and the rest in another: to
    start a portal twice takes longer than what the two would share.
    """
    for item in items:
        if isinstance(item, pytest.Function) and item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.xdist_group("in use" if "lived_in" in item.fixturenames else "anew"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not (CHROMIUM.exists() or WINDOWLESS.exists()):
        leave_out("no Chromium: apt install chromium")
    # A busy machine paints late. What never comes still fails.
    expect.set_options(timeout=15_000)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A portal that one test after the other has to itself; `portal` and `connected` hand it out as it was at first."""
    with Portal(tmp_path_factory.mktemp("running")) as portal:
        yield portal


@pytest.fixture
def portal(running: Portal, request: pytest.FixtureRequest) -> Portal:
    """A portal that was just started; parametrize indirectly with a sandbox profile."""
    running.begin_anew(getattr(request, "param", "hardened"))
    return running


@pytest.fixture
def connected(running: Portal) -> Portal:
    """A portal that was just connected by client credentials."""
    running.begin_anew(connected=True)
    return running


@pytest.fixture(scope="session")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A portal in use, which tests share and do not change."""
    with Portal(tmp_path_factory.mktemp("lived-in")) as portal:
        yield Place(portal, portal.live_in())


@pytest.fixture
def fresh(portal: Portal) -> Place:
    """A portal that is not connected."""
    return Place(portal, {})
