"""The main errand by keyboard alone, and where the focus goes."""

import pytest
import requests
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.person import NUMBER, SLOW, Person
from tests.browser.portal import Portal
from tests.browser.visitor import Place
from tests.sandbox_process import CLIENT
from tickets.models.choices import Kind
from tickets.records.payload import MARKERS

pytestmark = [pytest.mark.browser, pytest.mark.slow]
# What a person sees of the focus: an outline, of the box around a field where the field is not seen by itself.
_RING = """() => [document.activeElement, document.activeElement.parentElement].some((element) => {
  const style = getComputedStyle(element);
  return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
})"""
# The browser's own buttons come after the dialog's, and they are outside of the page.
_IS_INSIDE = "() => document.activeElement === document.body || !!document.activeElement.closest('dialog')"
_TABS = 60


class Hands(Person):
    """A person without a mouse."""

    def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def follow(self) -> None:
        """Press Enter and wait for the page that comes."""
        with self.page.expect_navigation():
            self.press("Enter")

    def tab_to(self, wanted: Locator) -> None:
        """Press Tab until an element has the focus, which must be to be seen all the way."""
        for _ in range(_TABS):
            self.press("Tab")
            assert self.page.evaluate(_RING), self.page.evaluate("() => document.activeElement.outerHTML")
            if wanted.evaluate("element => element === document.activeElement"):
                return
        raise AssertionError(f"Tab does not reach {wanted}")

    def type_into(self, wanted: Locator, text: str) -> None:
        """Go to a field and write."""
        self.tab_to(wanted)
        self.page.keyboard.type(text)


def name(page: Page, field: str) -> Locator:
    """Find a field of the page's or the dialog's form."""
    return page.locator(f"main [name={field}], dialog [name={field}]").first


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_main_errand_needs_no_mouse(browser: Browser, portal: Portal, language: str) -> None:
    """Sign in, connect, share an action, and read the number, with Tab, Enter, Space, arrows and Escape."""
    with Hands(browser, portal, language) as person:
        page = person.page
        page.goto(portal.url)
        expect(name(page, "username")).to_be_focused()
        page.keyboard.type("secadmin")
        person.type_into(name(page, "password"), "demo")
        person.press("Enter")
        page.wait_for_url(portal.url)
        person.tab_to(person.link("Connect to ServiceNow"))
        person.follow()
        connect(person)
        page.goto(portal.url + "secure-score/actions/")
        person.tab_to(page.locator("tbody th a").first)
        person.follow()
        menu = page.locator("main summary").filter(has_text=person.word("Share"))
        person.tab_to(menu)
        person.press("Enter", "End", "Enter")
        expect(name(page, "name")).to_be_focused()
        person.tab_to(name(page, "kind"))
        person.press("ArrowDown")
        expect(name(page, "kind")).to_have_value("incident")
        person.tab_to(person.button("Send", "ticket"))
        person.press("Enter")
        expect(page.get_by_role("dialog").get_by_text(NUMBER).first).to_be_visible(timeout=SLOW)
        expect(page.locator("#announcer")).to_contain_text(NUMBER, timeout=SLOW)
        person.press("Escape")
        expect(menu).to_be_focused()
        assert person.complaints == []


def connect(person: Hands) -> None:
    """Name the instance, fill in the set-up page, authorize by client credentials, confirm, and come home."""
    page = person.page
    person.type_into(name(page, "instance"), person.portal.instance)
    person.follow()
    person.tab_to(page.locator("input[name=grant]").first)
    person.press("ArrowDown")
    person.type_into(name(page, "client_id"), CLIENT[0])
    person.type_into(name(page, "client_secret"), CLIENT[1])
    person.follow()
    person.tab_to(person.button("Authorize"))
    person.follow()
    person.tab_to(person.button("Connect"))
    person.follow()
    person.tab_to(person.link("Save and return home"))
    person.follow()
    page.wait_for_url(person.portal.url)


def test_a_menu_opens_moves_and_closes_by_keys(browser: Browser, lived_in: Place) -> None:
    with Hands(browser, lived_in.portal) as person:
        person.come_back()
        page = person.page
        page.goto(lived_in.portal.url.rstrip("/") + lived_in.things["unshared"])
        button = page.locator("main summary").filter(has_text="Share")
        items = page.locator("main .menu__list :is(a, button)")
        button.focus()
        person.press("ArrowDown")
        expect(items.first).to_be_focused()
        person.press("End")
        expect(items.last).to_be_focused()
        person.press("ArrowDown")
        expect(items.first).to_be_focused()
        person.press("ArrowUp")
        expect(items.last).to_be_focused()
        person.press("Escape")
        expect(button).to_be_focused()
        expect(items.first).to_be_hidden()


def test_the_dialog_keeps_the_focus_and_gives_it_back(browser: Browser, lived_in: Place) -> None:
    with Hands(browser, lived_in.portal) as person:
        person.come_back()
        page = person.page
        page.goto(lived_in.portal.url.rstrip("/") + "/tickets/")
        opener = page.locator("main a.js-dialog")
        opener.focus()
        person.press("Enter")
        dialog = page.get_by_role("dialog", name="Create ticket")
        expect(dialog).to_be_visible()
        for _ in range(15):
            person.press("Tab")
            assert page.evaluate(_IS_INSIDE)
        person.press("Escape")
        expect(dialog).to_be_hidden()
        expect(opener).to_be_focused()


def test_errors_in_the_dialog_get_the_focus_and_keep_what_was_typed(
    browser: Browser, lived_in: Place
) -> None:
    with Hands(browser, lived_in.portal) as person:
        person.come_back()
        page = person.page
        page.goto(lived_in.portal.url + "tickets/")
        page.locator("main a.js-dialog").click()
        name(page, "name").fill("")
        name(page, "description").fill("Typed with care")
        person.button("Send", "ticket").click()
        summary = page.get_by_role("dialog").locator(".errors")
        expect(summary).to_be_focused()
        expect(name(page, "description")).to_have_value("Typed with care")
        summary.get_by_role("link").first.focus()
        person.press("Enter")
        expect(name(page, "name")).to_be_focused()


def test_the_days_of_a_chart_are_told_by_keys_and_under_the_pointer(
    browser: Browser, lived_in: Place
) -> None:
    """What is read aloud is what stands below the chart; the drawing's own words do not pop up over it."""
    with Hands(browser, lived_in.portal) as person:
        person.come_back()
        page = person.page
        page.goto(f"{lived_in.portal.url}secure-score/")
        days = page.locator(".chart__days title").all_text_contents()
        told, slider = page.locator(".chart__told"), page.get_by_role("slider", name="Secure Score by day")
        assert len(days) == 90
        person.tab_to(slider)
        expect(told).to_have_text(days[-1], use_inner_text=True)
        person.press("ArrowLeft", "ArrowLeft")
        expect(told).to_have_text(days[-3], use_inner_text=True)
        expect(slider).to_have_attribute("aria-valuetext", days[-3])
        person.press("Home")
        expect(told).to_have_text(days[0], use_inner_text=True)
        page.locator(".chart__days > g").nth(40).hover()
        expect(told).to_have_text(days[40], use_inner_text=True)
        expect(slider).to_have_value("40")
        expect(page.locator(".chart__days title")).to_have_count(0)
        person.check_access()


def test_the_home_page_refreshes_without_taking_anything_away(browser: Browser, connected: Portal) -> None:
    """Nothing is swapped while nothing changed; a change is, and the focus stays; an open menu is waited for."""
    with Hands(browser, connected) as person:
        person.come_back()
        page = person.page
        person.share(0, "change_request")
        page.goto(connected.url)
        # What is still said about the new record comes first.
        page.wait_for_event(
            "response", lambda answer: "/cards/" in answer.url and answer.status == 204, timeout=SLOW
        )
        page.evaluate("() => { document.getElementById('cards').dataset.mark = 'as it was' }")
        with page.expect_response(lambda answer: "/cards/" in answer.url, timeout=SLOW) as asked:
            pass
        assert asked.value.status == 204
        expect(page.locator("#cards[data-mark]")).to_have_count(1)
        menu = page.locator("#more-change_request")
        menu.click()
        change_a_ticket(connected)
        with page.expect_response(
            lambda answer: "/cards/" in answer.url and answer.status == 200, timeout=SLOW
        ):
            pass
        expect(page.locator("#menu-change_request[open]")).to_have_count(1)
        person.press("Escape")
        expect(page.locator("#cards[data-mark]")).to_have_count(0, timeout=SLOW)
        expect(menu).to_be_focused()


def change_a_ticket(portal: Portal) -> None:
    """Change a new change request as somebody inside ServiceNow would."""
    address = f"http://{portal.instance}/_sandbox/records/change_request"
    ours = {"state": "-5", "on_hold": "false", "correlation_display": MARKERS[Kind.CHANGE_REQUEST]}
    found = requests.get(address, params=ours, timeout=10).json()["records"]
    change = {"sys_id": found[0]["sys_id"], "state": "-4"}
    requests.post(address, json=change, timeout=10).raise_for_status()
