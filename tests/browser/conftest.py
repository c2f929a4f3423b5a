from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.portal import Portal
from tests.conftest import leave_out

CHROMIUM = Path("/usr/bin/chromium")
# As root there is no sandbox to be had; the rest keeps the browser from calling home.
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        leave_out("no Chromium: apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def portal(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Portal]:
    """A portal of this test's own; parametrize indirectly with a sandbox profile."""
    with Portal(tmp_path, getattr(request, "param", "hardened")) as portal:
        yield portal
