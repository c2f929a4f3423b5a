"""What a narrow window stacks or moves stays in reach."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.pages import open_dialog
from tests.browser.person import Person
from tests.browser.visitor import PHONE, Place

pytestmark = [pytest.mark.browser, pytest.mark.slow]
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
        person.come_back()
        page = person.page
        page.set_viewport_size(PHONE)
        page.goto(f"{lived_in.portal.url}secure-score/actions/")
        first = page.locator("tbody tr").first.bounding_box()
        assert first
        assert first["y"] + first["height"] <= PHONE["height"]
        rows = page.locator("tbody tr").count()
        assert page.evaluate("document.querySelector('tbody').scrollHeight") / rows < 6500 / 50
        page.get_by_text(person.word("Select all on this page"), exact=True).click()
        boxes = page.locator("tbody input[type=checkbox]")
        expect(boxes.last).to_be_checked()
        boxes.first.click()
        expect(boxes.first).not_to_be_checked()
        expect(page.locator(".selection__count")).to_have_text(f"{person.word('Selected:')} {rows - 1}")
        expect(page.locator("#bulk button").first).to_be_in_viewport(ratio=1)
        person.check_access()
        press_order(page, "ArrowDown")
        expect(page.locator("#id_sort")).to_be_focused()
        expect(page.locator("#announcer")).to_have_text(page.locator("#found").inner_text())
        page.goto(f"{lived_in.portal.url}tickets/")
        press_order(page, "ArrowUp")


def press_order(page: Page, key: str) -> None:
    """Choose the order beside this one by a key: "select_option" is not what a person does, who is answered aloud."""
    page.locator("#filters > summary").click()
    page.locator("#id_sort").focus()
    page.keyboard.press(key)
    page.wait_for_url("**/?sort=*")


def test_the_dialogs_buttons_stay_in_sight_and_cover_no_focus(browser: Browser, lived_in: Place) -> None:
    with Person(browser, lived_in.portal) as person:
        person.come_back()
        page = person.page
        page.set_viewport_size(PHONE)
        page.goto(lived_in.portal.url.rstrip("/") + lived_in.things["unshared"])
        open_dialog(page)
        expect(person.button("Send", "ticket")).to_be_in_viewport(ratio=1)
        for key in ["Tab"] * 10 + ["Shift+Tab"] * 10:
            page.keyboard.press(key)
            assert page.evaluate(_UNDER_THE_BUTTONS) == 0
