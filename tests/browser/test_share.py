"""Sharing with the impatience of real people."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.person import NUMBER, SLOW, Person
from tests.browser.portal import Portal
from tests.browser.visitor import Place

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_double_click_reload_and_back_button_make_one_ticket(browser: Browser, connected: Portal) -> None:
    """Share from the list's row with a double click, then once more from the page without the dialog, sent, gone back
    to and sent again: two tickets in all.
    """
    with Person(browser, connected) as person:
        person.come_back()
        page = person.page
        page.goto(connected.url + "secure-score/actions/")
        page.locator("tbody details summary").first.click()
        page.locator("tbody").get_by_role("link", name="ServiceNow", exact=True).first.click()
        page.get_by_role("dialog").get_by_role("button", name="Send").dblclick()
        expect(page.get_by_role("dialog").get_by_text(NUMBER).first).to_be_visible(timeout=SLOW)
        share = page.locator("tbody a.js-dialog")
        address = share.nth(1).get_attribute("href") or ""
        page.goto(connected.url.rstrip("/") + address)
        page.get_by_role("button", name="Send").click()
        page.wait_for_url("**/tickets/*-*/")
        page.reload()
        ticket = page.url
        page.go_back()
        # The browser shows its copy of the form, or asks for the address again, which leads to the ticket.
        if page.url != ticket:
            page.get_by_role("button", name="Send").click()
            page.wait_for_url(ticket)
        page.goto(connected.url + "tickets/")
        expect(page.locator("tbody tr")).to_have_count(2)
        assert [said for said in person.complaints if "422" not in said] == []


def test_many_actions_are_shared_in_one_go(browser: Browser, connected: Portal) -> None:
    """Tick three actions, look at the preview, send, and watch all three arrive."""
    with Person(browser, connected) as person:
        person.come_back()
        page = person.page
        page.goto(connected.url + "secure-score/actions/")
        for row in range(3):
            page.locator("tbody input[type=checkbox]").nth(row).check()
        person.check_access()
        person.button("Share selected to ServiceNow").click()
        expect(page.get_by_role("heading", name="What will be sent")).to_be_visible()
        person.check_access()
        with page.expect_response(lambda answer: "/bulk/" in answer.url):
            page.get_by_role("region", name="For all of them").get_by_label("Priority").select_option("2")
        page.get_by_label("Note").fill("By the board.")
        page.get_by_role("navigation", name="Breadcrumb").get_by_role("link").click()
        expect(page).to_have_url(re.compile("/secure-score/actions/"))
        page.go_back()
        # What was typed is there again, and what it asks for is shown.
        expect(page.get_by_label("Note")).to_have_value("By the board.")
        expect(page.get_by_text("(for all of them)").first).to_be_attached()
        page.get_by_role("button", name="Send 3 tickets").click()
        expect(page.locator("#settled").get_by_text("3 of 3 tickets are processed.")).to_be_visible(
            timeout=SLOW
        )
        expect(page.get_by_text(NUMBER)).to_have_count(3)
        person.check_access()
        page.goto(connected.url + "tickets/?priority=2")
        expect(page.locator("tbody tr")).to_have_count(3)
        person.check_access()
        page.go_back()
        page.go_back()
        expect(page.locator("#settled").get_by_text("3 of 3 tickets are processed.")).to_be_visible()
        assert person.complaints == []


def test_what_was_shared_shows_on_the_actions_page_without_a_reload(
    browser: Browser, connected: Portal
) -> None:
    """Share from an action's page, close the dialog: the page beneath lists the ticket."""
    with Person(browser, connected) as person:
        person.come_back()
        person.share(0, "change_request")
        person.button("Close").last.click()
        expect(person.page.get_by_role("dialog")).to_have_count(0)
        tickets = person.page.get_by_role("region", name=person.word("Tickets"))
        expect(tickets.get_by_role("link")).to_have_count(1)
        expect(tickets.get_by_role("link", name=NUMBER)).to_be_visible()
        person.check_access()
        assert person.complaints == []


def test_back_and_send_on_a_form_of_ones_own_make_one_ticket(browser: Browser, connected: Portal) -> None:
    """Create a ticket without an improvement action, go back, and send whatever is there once more."""
    with Person(browser, connected) as person:
        person.come_back()
        page = person.page
        page.goto(connected.url + "tickets/new/")
        page.get_by_label("Name").fill("Look after the break-glass accounts")
        page.get_by_label("Description").fill("As agreed.")
        page.get_by_role("button", name="Send").click()
        page.wait_for_url("**/tickets/*-*/")
        ticket = page.url
        page.go_back()
        if page.url != ticket:
            page.get_by_role("button", name="Send").click()
            page.wait_for_url(ticket)
        page.goto(connected.url + "tickets/")
        expect(page.locator("tbody tr")).to_have_count(1)


def test_pressing_what_cannot_be_chosen_in_a_menu_leaves_it_open(browser: Browser, fresh: Place) -> None:
    """With the mouse on the grey entry, and with a press beside the menu, which closes it."""
    with Person(browser, fresh.portal) as person:
        person.come_back()
        page = person.page
        page.goto(fresh.portal.url + "secure-score/actions/")
        page.locator("tbody details summary").first.click()
        grey = page.locator("tbody details[open] .menu__disabled")
        expect(grey).to_be_visible()
        # With time between down and up, as people press.
        grey.click(delay=150)
        expect(grey).to_be_visible()
        page.get_by_role("heading", level=1).click(delay=150)
        expect(grey).to_have_count(0)
        page.locator("tbody details summary").first.click()
        for _ in range(8):
            page.keyboard.press("Tab")
        expect(grey).to_have_count(0)
        assert person.complaints == []
