"""Nothing typed is lost when a session ends in the middle of a form."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.person import Person
from tests.browser.portal import Portal

pytestmark = [pytest.mark.browser, pytest.mark.slow]
TYPED = "Require a second factor"


def sign_out_everywhere(person: Person) -> None:
    person.page.locator(".header__tools summary").last.click()
    person.button("Sign out everywhere").click()
    expect(person.page.get_by_text(person.word("You are signed out everywhere."))).to_be_visible()


def test_a_ticket_half_written_survives_signing_out_elsewhere(browser: Browser, connected: Portal) -> None:
    """Write a ticket on the home page, sign out everywhere with another browser, see that the page says so and stays,
    send, sign in, and find what was typed; then sign in anew in a second tab and lose nothing there either.
    """
    with Person(browser, connected) as person, Person(browser, connected) as elsewhere:
        person.sign_in()
        elsewhere.sign_in()
        person.page.goto(connected.url)
        person.link("Create ticket").click()
        dialog = person.page.get_by_role("dialog")
        dialog.locator("input[name=name]").fill(TYPED)
        dialog.locator("textarea[name=description]").fill("All of it")
        sign_out_everywhere(elsewhere)
        signed_out = person.page.locator("#messages").get_by_text("You are signed out, so this page")
        expect(signed_out).to_be_attached(timeout=15_000)
        expect(dialog.locator("input[name=name]")).to_have_value(TYPED)
        person.button("Send", "ticket").click()
        person.page.wait_for_url("**/accounts/login/**")
        person.check_access()
        fill_in(person)
        expect(person.page.locator("input[name=name]")).to_have_value(TYPED)
        expect(person.page.get_by_text("Here is what you had typed")).to_be_visible()
        person.check_access()

        # Another tab signs out and in, which changes the token that the form here still carries.
        tab = person.context.new_page()
        tab.goto(connected.url)
        tab.locator(".header__tools summary").last.click()
        tab.get_by_role("button", name="Sign out", exact=True).click()
        first, person.page = person.page, tab
        fill_in(person)
        person.page = first
        person.button("Send", "ticket").click()
        expect(person.page.get_by_text("Here is what you had typed")).to_be_visible()
        expect(person.page.locator("textarea[name=description]")).to_have_value("All of it")
        person.button("Send", "ticket").click()
        person.page.wait_for_url("**/tickets/*-*/")
        expect(person.page.get_by_role("heading", name=TYPED)).to_be_visible()


def fill_in(person: Person) -> None:
    """Sign in at the page that asks for it."""
    person.page.locator("input[name=username]").fill("secadmin")
    person.page.locator("input[name=password]").fill("demo")
    person.page.keyboard.press("Enter")
    person.page.wait_for_url(lambda url: "/accounts/login/" not in url)
