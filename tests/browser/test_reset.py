"""Somebody forgot their password."""

import re
from email import message_from_bytes, policy

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.person import SLOW, Person
from tests.browser.portal import Portal
from tests.portal.processes import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow]
NEW = "battery staple 42"


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_forgotten_password_is_replaced_by_the_link_in_a_mail(
    browser: Browser, portal: Portal, language: str
) -> None:
    """Ask at the sign-in page, read the mail that a worker sent, follow its link, and sign in with the new password."""
    with Person(browser, portal, language) as person:
        page = person.page
        page.goto(portal.url)
        person.go_on(person.link("Forgot your password?"))
        page.locator("input[name=email]").fill("reader@aozora.example")
        person.button("Send the link").click()
        expect(page.get_by_role("heading", name=person.word("Check your mailbox"))).to_be_visible()
        page.goto(link_in_the_mail(portal))
        person.check_access()
        page.locator("input[name=new_password1]").fill(NEW)
        page.locator("input[name=new_password2]").fill(NEW)
        person.button("Change password").click()
        said = page.get_by_text(person.word("Your password is changed. Sign in with the new one."))
        expect(said).to_be_visible(timeout=SLOW)
        page.locator("input[name=username]").fill("reader")
        page.locator("input[name=password]").fill(NEW)
        page.keyboard.press("Enter")
        page.wait_for_url(portal.url)
        assert person.complaints == []


def link_in_the_mail(portal: Portal) -> str:
    """Wait for the one mail; where its link leads."""
    wait_until(lambda: links(portal))
    [link] = links(portal)
    return link


def links(portal: Portal) -> list[str]:
    """The links in the mails that were sent so far."""
    pattern = re.escape(portal.url) + r"accounts/reset/\S+"
    mails = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in portal.mails.glob("*")]
    return [link for mail in mails for link in re.findall(pattern, mail.get_content())]
