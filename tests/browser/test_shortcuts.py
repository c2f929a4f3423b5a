"""Keys that do something by themselves, and that each person may turn off."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.person import Person
from tests.browser.portal import Portal
from tests.browser.visitor import Place

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_one_searches_walks_a_list_and_reads_exact_times_by_single_keys(
    browser: Browser, lived_in: Place
) -> None:
    with Person(browser, lived_in.portal) as person:
        person.sign_in()
        page = person.page
        page.keyboard.press("/")
        field = page.get_by_role("searchbox", name="Search")
        expect(field).to_be_focused()
        page.keyboard.type("?j/")
        expect(field).to_have_value("?j/")
        page.goto(f"{lived_in.portal.url}tickets/?sort=name")
        names = page.locator("tbody th a").all_inner_texts()
        person.go_on(page.locator("tbody th a").first)
        heading = page.get_by_role("heading", level=1)
        for key, name in [("j", names[1]), ("j", names[2]), ("k", names[1])]:
            with page.expect_navigation():
                page.keyboard.press(key)
            expect(heading).to_have_text(name)
        person.check_access()
        moment = page.locator("main time.moment").first
        expect(moment.locator(".moment__ago")).to_be_visible()
        moment.focus()
        expect(moment.locator(".moment__ago")).to_be_hidden()
        expect(moment.locator(".moment__exact")).to_be_in_viewport(ratio=1)
        moment.blur()
        expect(moment.locator(".moment__ago")).to_be_visible()
        page.keyboard.press("t")
        expect(moment.locator(".moment__ago")).to_be_hidden()
        expect(moment.locator(".moment__exact")).to_be_in_viewport(ratio=1)
        assert person.complaints == []


def test_single_keys_are_turned_off_in_the_dialog_that_lists_them(browser: Browser, portal: Portal) -> None:
    with Person(browser, portal) as person:
        person.sign_in()
        page = person.page
        page.keyboard.press("?")
        dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
        expect(dialog).to_be_visible()
        person.check_access()
        dialog.get_by_role("button", name="Turn off single keys").click()
        expect(dialog.get_by_role("button", name="Turn on single keys")).to_be_focused()
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        for _ in range(2):
            page.keyboard.press("?")
            page.keyboard.press("/")
            expect(page.get_by_role("searchbox", name="Search")).not_to_be_focused()
            expect(dialog).to_be_hidden()
            page.reload()
        person.link("Keyboard shortcuts").click()
        dialog.get_by_role("button", name="Turn on single keys").click()
        expect(dialog.get_by_role("button", name="Turn off single keys")).to_be_focused()
        page.keyboard.press("Escape")
        page.keyboard.press("/")
        expect(page.get_by_role("searchbox", name="Search")).to_be_focused()


def test_ages_go_on_by_the_clock_of_the_portal_where_that_of_the_machine_is_wrong(
    browser: Browser, lived_in: Place
) -> None:
    with Person(browser, lived_in.portal) as person:
        person.sign_in()
        page = person.page
        page.clock.install(time=datetime.now(UTC) - timedelta(days=3))
        page.goto(lived_in.portal.url.rstrip("/") + lived_in.things["action"])
        age = page.locator("main time.moment .moment__ago").first
        written = age.inner_text()
        page.clock.run_for(16_000)
        expect(age).to_have_text(written)
        page.clock.fast_forward(timedelta(days=5) // timedelta(milliseconds=1))
        expect(age).to_have_text(re.compile(r"[5-9] days ago"))
