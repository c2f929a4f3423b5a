"""The main errand, as the README tells it."""

import signal

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.person import SLOW, Person, ServiceNow
from tests.browser.portal import Portal

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize(
    ("portal", "grant", "language", "dark"),
    [
        ("hardened", "authorization_code", "en", False),
        ("hardened", "client_credentials", "ja", True),
        ("legacy", "authorization_code", "ja", False),
    ],
    indirect=["portal"],
)
def test_connect_share_and_follow(
    browser: Browser, portal: Portal, grant: str, language: str, dark: bool
) -> None:
    """Sign in, connect, share one action as a change and another as an incident, see both numbers without reloading,
    change their states inside ServiceNow, and see that on the cards within one poll.
    """
    with Person(browser, portal, language, dark) as person:
        person.sign_in()
        person.connect(grant)
        change = person.share(0, "change_request")
        incident = person.share(2, "incident")
        person.page.goto(portal.url)
        person.check_access()
        servicenow = ServiceNow(person)
        servicenow.sign_in()
        servicenow.set_state("change_request", change, "Assess")
        servicenow.set_state("incident", incident, "In Progress")
        words = person.word("Assess", "ticket state"), person.word("In Progress", "ticket state")
        expect(person.row_on_card(change)).to_contain_text(words[0], timeout=SLOW)
        expect(person.row_on_card(incident)).to_contain_text(words[1], timeout=SLOW)
        assert person.complaints == []


def test_while_servicenow_is_silent_the_portal_is_usable_and_then_catches_up(
    browser: Browser, connected: Portal
) -> None:
    """ServiceNow hangs; a ticket is shared all the same, the cards say what is wrong, and the number comes later."""
    with Person(browser, connected) as person:
        person.come_back()
        connected.signal_sandbox(signal.SIGSTOP)
        person.open_share_dialog(0, "change_request")
        person.button("Send", "ticket").click()
        expect(person.page.get_by_role("dialog").get_by_text(person.word("View ticket"))).to_be_visible()
        person.page.goto(connected.url)
        expect(
            person.page.get_by_text(person.word("ServiceNow does not answer as it should")).first
        ).to_be_visible(timeout=SLOW)
        connected.signal_sandbox(signal.SIGCONT)
        expect(person.page.get_by_role("row").filter(has_text="CHG")).to_be_visible(timeout=120_000)
        expect(person.page.get_by_text(person.word("ServiceNow does not answer as it should"))).to_have_count(
            0
        )
        assert person.complaints == []


def test_the_errand_works_without_javascript(browser: Browser, connected: Portal) -> None:
    """The dialog is a page of its own, and the ticket's page shows the number once it is reloaded."""
    with Person(browser, connected) as person:
        person.come_back()
        cookies = person.context.cookies()
        context = browser.new_context(java_script_enabled=False)
        context.add_cookies([{**cookie} for cookie in cookies])  # type: ignore[typeddict-item]
        page = context.new_page()
        page.goto(connected.url + "secure-score/actions/")
        page.locator("tbody th a").first.click()
        page.locator("main summary").filter(has_text="Share").click()
        page.get_by_role("link", name="ServiceNow", exact=True).last.click()
        page.get_by_role("button", name="Send").click()
        for _ in range(60):
            if page.get_by_text("CHG").count():
                break
            page.wait_for_timeout(500)
            page.reload()
        expect(page.get_by_text("CHG").first).to_be_visible()
        context.close()
