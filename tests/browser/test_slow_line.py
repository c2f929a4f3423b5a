"""Pages stand still for whoever has a slow line, too."""

import pytest
from playwright.sync_api import Browser

from tests.browser.pages import Stop
from tests.browser.visitor import Place, Visitor, shifts

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LISTS = [
    Stop("actions", "/secure-score/actions/"),
    Stop("tickets", "/tickets/"),
    Stop("home", "/"),
    Stop("state-names", "/servicenow/configuration/states/"),
]
# Ten kilobytes take two seconds, in which a browser paints what it has.
SLOW = {"offline": False, "latency": 0, "downloadThroughput": 5_000, "uploadThroughput": 5_000}


@pytest.mark.parametrize("language", ["en", "ja"])
def test_columns_do_not_change_their_width_while_rows_arrive(
    browser: Browser, lived_in: Place, language: str
) -> None:
    visitor = Visitor(browser, lived_in, language)
    moved = {}
    # The walk opens each page once at full speed, so that only the page itself is left to come slowly.
    for stop, person in visitor.walk(LISTS):
        session = person.context.new_cdp_session(person.page)
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", SLOW)
        visitor.go(person, stop)
        if found := shifts(person.page):
            moved[stop.name] = found
        session.detach()
    assert moved == {}
