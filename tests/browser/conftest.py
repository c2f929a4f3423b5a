from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.chromium import CHROMIUM, launch
from tests.browser.portal import Portal
from tests.browser.visitor import Place
from tests.conftest import leave_out


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        leave_out("no Chromium: apt install chromium")
    # A busy machine paints late. What never comes still fails.
    expect.set_options(timeout=15_000)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def portal(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Portal]:
    """A portal of this test's own; parametrize indirectly with a sandbox profile."""
    with Portal(tmp_path, getattr(request, "param", "hardened")) as portal:
        yield portal


@pytest.fixture(scope="session")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A portal in use, which tests share and do not change."""
    with Portal(tmp_path_factory.mktemp("lived-in")) as portal:
        yield Place(portal, portal.live_in())


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A portal that is not connected, which tests share and do not change."""
    with Portal(tmp_path_factory.mktemp("fresh")) as portal:
        yield Place(portal, {})
