"""A person at the portal, who uses only what is visible: roles, labels, words."""

import re
from types import TracebackType
from typing import Self

from django.utils import translation
from django.utils.translation import gettext, pgettext
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.axe import access_faults
from tests.browser.portal import Portal
from tests.sandbox_process import CLIENT, INTEGRATION_USER

NUMBER = re.compile(r"(CHG|INC)\d{7}")
SLOW = 30_000


class Person:
    """Somebody with a browser in one language. Whatever the browser complains about is kept in `complaints`."""

    def __init__(self, browser: Browser, portal: Portal, language: str = "en", dark: bool = False) -> None:
        self.portal = portal
        self.language = language
        self.context = browser.new_context(
            locale={"en": "en-GB", "ja": "ja-JP"}[language],
            viewport={"width": 1280, "height": 900},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.watch(self.page)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.context.close()

    def watch(self, page: Page) -> None:
        """Keep what the console says is wrong, and any request that leaves this machine."""
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "request",
            lambda asked: (
                None if "127.0.0.1" in asked.url.split("/")[2:3][0] else self.complaints.append(asked.url)
            ),
        )

    def word(self, english: str, context: str = "") -> str:
        """Return a text of the pages in this person's language."""
        with translation.override(self.language):
            return pgettext(context, english) if context else gettext(english)

    def button(self, english: str, context: str = "") -> Locator:
        """Find a button by its words."""
        return self.page.get_by_role("button", name=self.word(english, context), exact=True)

    def link(self, english: str) -> Locator:
        """Find a link by its words."""
        return self.page.get_by_role("link", name=self.word(english)).first

    def go_on(self, link: Locator) -> None:
        """Follow a link and wait for its page: axe would meet one that is going away."""
        with self.page.expect_navigation():
            link.click()

    def check_access(self) -> None:
        """Let axe look for accessibility faults in the page as it is now."""
        assert access_faults(self.page) == []

    def sign_in(self, name: str = "secadmin") -> None:
        """Sign in at the portal."""
        self.page.goto(self.portal.url)
        self.page.locator("input[name=username]").fill(name)
        self.page.locator("input[name=password]").fill("demo")
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(self.portal.url)

    def come_back(self, name: str = "secadmin") -> None:
        """Be signed in as somebody who may have signed in before, with another window of this browser."""
        if name not in self.portal.cookies:
            self.sign_in(name)
            self.portal.cookies[name] = self.context.cookies()
        self.context.add_cookies(self.portal.cookies[name])
        self.page.goto(self.portal.url)

    def connect(self, grant: str) -> None:
        """From "Do you use ServiceNow?" to the cards."""
        expect(self.page.get_by_text(self.word("Do you use ServiceNow?"))).to_be_visible()
        self.check_access()
        self.go_on(self.link("Connect to ServiceNow"))
        self.check_access()
        self.page.get_by_role("textbox", name=self.word("Instance")).fill(self.portal.instance)
        self.button("Continue").click()
        self.check_access()
        self.page.locator(f"input[value={grant}]").check()
        self.page.locator("input[name=client_id]").fill(CLIENT[0])
        self.page.locator("input[name=client_secret]").fill(CLIENT[1])
        self.button("Save").click()
        self.button("Authorize").click()
        if grant == "authorization_code":
            self.allow()
        expect(self.page.get_by_text(INTEGRATION_USER[0])).to_be_visible(timeout=SLOW)
        self.check_access()
        self.button("Connect").click()
        self.link("Save and return home").click()
        self.page.wait_for_url(self.portal.url)

    def allow(self) -> None:
        """Sign in at ServiceNow as the integration user, and allow the portal in."""
        self.page.locator("input[name=user_name]").fill(INTEGRATION_USER[0])
        self.page.locator("input[name=user_password]").fill(INTEGRATION_USER[1])
        self.page.keyboard.press("Enter")
        self.page.get_by_role("button", name="Allow").click()

    def share(self, row: int, kind: str) -> str:
        """Share an action of the list and return the ticket's number as soon as it appears, without a reload."""
        self.open_share_dialog(row, kind)
        self.button("Send", "ticket").click()
        number = self.page.get_by_role("dialog").get_by_text(NUMBER).first
        expect(number).to_be_visible(timeout=SLOW)
        found = NUMBER.search(number.inner_text())
        assert found
        return found.group()

    def open_share_dialog(self, row: int, kind: str) -> None:
        """Open "Share to ServiceNow" for an action of the list."""
        self.page.goto(self.portal.url + "secure-score/actions/")
        self.go_on(self.page.locator("tbody th a").nth(row))
        self.page.locator("main summary").filter(has_text=self.word("Share")).click()
        self.page.get_by_role("link", name="ServiceNow", exact=True).last.click()
        self.page.get_by_role("dialog").get_by_label(self.word("Task type", "ticket")).select_option(kind)
        self.check_access()

    def row_on_card(self, number: str) -> Locator:
        """Find a ticket's row on the home page's cards."""
        return self.page.get_by_role("row").filter(has_text=number)


class ServiceNow:
    """Somebody who works on tickets inside ServiceNow, in a tab of their own."""

    def __init__(self, person: Person) -> None:
        self.url = f"http://{person.portal.instance}"
        self.page = person.context.new_page()

    def sign_in(self) -> None:
        """Sign in as the instance's administrator, whoever is signed in there now."""
        self.page.context.clear_cookies(name="JSESSIONID")
        self.page.goto(f"{self.url}/login.do")
        self.page.locator("input[name=user_name]").fill("admin")
        self.page.locator("input[name=user_password]").fill("admin")
        self.page.keyboard.press("Enter")
        expect(self.page.get_by_text("Log out")).to_be_visible()

    def set_state(self, table: str, number: str, label: str) -> None:
        """Change a ticket's state on its form."""
        self.page.goto(f"{self.url}/{table}_list.do")
        self.page.get_by_role("link", name=number).click()
        self.page.get_by_label("State", exact=True).select_option(label=label)
        self.page.get_by_role("button", name="Update").first.click()
        self.page.wait_for_load_state()
