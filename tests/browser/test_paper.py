"""Pages on paper: what they say, without what one does with them."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.person import Person
from tests.browser.visitor import Place

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PAGES = ["/secure-score/", "{action}", "{overdue}", "/tickets/", "/secure-score/actions/"]
# What one acts with, the frame, and rows under each other as on a phone.
_NOT_ON_PAPER = (
    ":is(header, footer, nav:not(.pagination), button, .button, input, select, textarea, summary.button)"
)
_INK = """() => {
  const style = getComputedStyle(document.querySelector("h1")), paper = getComputedStyle(document.body);
  return [style.color, paper.backgroundColor];
}"""


def test_pages_print_without_frame_and_filters_and_black_on_white(browser: Browser, lived_in: Place) -> None:
    with Person(browser, lived_in.portal) as person:
        person.sign_in()
        page = person.page
        page.emulate_media(media="print", color_scheme="dark")
        # A4 upright, within its margins.
        page.set_viewport_size({"width": 703, "height": 1017})
        for path in PAGES:
            page.goto(lived_in.portal.url.rstrip("/") + path.format_map(lived_in.things))
            expect(page.locator("h1")).to_be_visible()
            expect(page.locator(".paper-line")).to_contain_text("As of ")
            expect(page.locator(_NOT_ON_PAPER).filter(visible=True)).to_have_count(0)
            assert page.evaluate(_INK) == ["rgb(0, 0, 0)", "rgba(0, 0, 0, 0)"]
            for head in page.locator(".table thead").all():
                expect(head).to_have_css("display", "table-header-group")
        page.goto(lived_in.portal.url + "secure-score/")
        expect(page.locator(".chart__data td").first).to_be_visible()
        expect(page.locator(".chart__line")).to_have_css("stroke", "rgb(0, 0, 0)")
