"""What a narrow window stacks or moves stays in reach."""

import pytest
from playwright.sync_api import Browser, ViewportSize, expect

from tests.browser.pages import open_dialog
from tests.browser.person import Person
from tests.browser.visitor import Place

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PHONE = ViewportSize(width=375, height=640)
# How far the element that has the focus reaches under the dialog's buttons.
_UNDER_THE_BUTTONS = """() => {
  const footer = document.querySelector("dialog .dialog__footer"), focused = document.activeElement;
  if (!focused.closest(".dialog__body")) return 0;
  return Math.max(0, focused.getBoundingClientRect().bottom - footer.getBoundingClientRect().top);
}"""


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_stacked_list_is_ticked_and_sorted(browser: Browser, lived_in: Place, language: str) -> None:
    """A click needs what it clicks on to be seen: the table's heads must not be clipped away."""
    with Person(browser, lived_in.portal, language) as person:
        person.sign_in()
        page = person.page
        page.set_viewport_size(PHONE)
        page.goto(f"{lived_in.portal.url}secure-score/actions/")
        page.get_by_text(person.word("Select all on this page"), exact=True).click()
        boxes = page.locator("tbody input[type=checkbox]")
        expect(boxes.last).to_be_checked()
        page.locator("tbody").get_by_text(person.word("Select", "action"), exact=True).first.click()
        expect(boxes.first).not_to_be_checked()
        person.go_on(page.locator("thead").get_by_role("link", name=person.word("Category")))
        assert "sort=category" in page.url
        page.goto(f"{lived_in.portal.url}tickets/")
        person.go_on(page.locator("thead").get_by_role("link", name=person.word("Priority")))
        assert "sort=priority" in page.url


def test_the_dialogs_buttons_stay_in_sight_and_cover_no_focus(browser: Browser, lived_in: Place) -> None:
    with Person(browser, lived_in.portal) as person:
        person.sign_in()
        page = person.page
        page.set_viewport_size(PHONE)
        page.goto(lived_in.portal.url.rstrip("/") + lived_in.things["unshared"])
        open_dialog(page)
        expect(person.button("Send", "ticket")).to_be_in_viewport(ratio=1)
        for key in ["Tab"] * 10 + ["Shift+Tab"] * 10:
            page.keyboard.press(key)
            assert page.evaluate(_UNDER_THE_BUTTONS) == 0
