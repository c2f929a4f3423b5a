"""Somebody who connects ServiceNow, and whom something keeps from it."""

import re

from django.utils import translation
from playwright.sync_api import Locator, expect

from connector.health.error_help import EXPLANATIONS
from tests.browser.person import Person
from tests.sandbox_process import CLIENT, INTEGRATION_USER, SandboxProcess

ADMINISTRATOR = ("admin", "admin")
SETUP = re.compile(r"/servicenow/setup/")


class Newcomer(Person):
    """A Security Administrator at the set-up page, and in the same browser at ServiceNow."""

    def at_setup(self) -> None:
        """Go to the set-up page."""
        self.page.goto(self.portal.url + "servicenow/setup/")

    def enter(self, sandbox: SandboxProcess, grant: str, secret: str = CLIENT[1]) -> None:
        """Fill in what ServiceNow gave, save, and choose Authorize."""
        self.at_setup()
        self.choose(sandbox.host)
        self.page.locator(f"input[value={grant}]").check()
        self.fill_in("Client ID", CLIENT[0])
        self.fill_in("Client secret", secret)
        self.button("Save").click()
        self.authorize()

    def choose(self, host: str) -> None:
        """Say which instance it is."""
        self.fill_in("Instance", host)
        step = self.page.get_by_role("region", name=self.word("1. OAuth entity"))
        step.locator("form").first.get_by_role("button").click()

    def fill_in(self, label: str, text: str) -> None:
        """Type into a field of the set-up form."""
        self.page.get_by_label(self.word(label)).and_(
            self.page.locator("input[type=text], [type=password]")
        ).fill(text)

    def authorize(self) -> None:
        """Choose Authorize, or Authorize again where that is what it says."""
        step = self.page.get_by_role("region", name=self.word("3. Authorize"))
        step.get_by_role("button").click()

    def sign_in_there(self, user: tuple[str, str] = INTEGRATION_USER, button: str = "Log in") -> None:
        """Sign in on ServiceNow's page."""
        self.page.get_by_label("User name" if button == "Log in" else "Account").fill(user[0])
        self.page.get_by_label("Password").fill(user[1])
        self.page.get_by_role("button", name=button).click()

    def decide(self, button: str = "Allow") -> None:
        """Choose a button of ServiceNow's consent page."""
        self.page.get_by_role("button", name=button, exact=True).click()

    def expect_explained(self, code: str, step: str) -> None:
        """Be on the set-up page, told what happened and what to do, with the step marked that it concerns."""
        with translation.override(self.language):
            what, next_step = str(EXPLANATIONS[code].what), str(EXPLANATIONS[code].next_step)
        expect(self.page).to_have_url(SETUP)
        notice = self.page.get_by_role("alert")
        expect(notice).to_contain_text(what)
        expect(notice).to_contain_text(next_step)
        badge = self.word("Needs attention", "installation checklist")
        expect(self.page.get_by_role("region", name=self.word(step)).get_by_text(badge)).to_be_visible()

    def expect_asked(self, name: str) -> None:
        """Be asked whether to connect as this user."""
        asked = self.word("Connect as %(user)s?") % {"user": name}
        expect(self.page.get_by_role("heading", name=asked)).to_be_visible()

    def warning(self) -> Locator:
        """Find the warning about an account that is a person's."""
        return self.page.get_by_text(self.word("This looks like a person's account"))

    def connect_now(self) -> None:
        """Say yes, and see the two cards on the home page."""
        self.button("Connect").click()
        status = self.page.get_by_text(self.word("Connected", "connection status"), exact=True)
        expect(status).to_be_visible()
        self.go_on(self.link("Save and return home"))
        for card in ("ServiceNow change management tickets", "ServiceNow incident management tickets"):
            expect(self.page.get_by_role("heading", name=self.word(card))).to_be_visible()

    def take_apart(self) -> None:
        """Remove the connection again; the instance's name has to be typed."""
        self.page.goto(self.portal.url + "servicenow/configuration/")
        self.button("Remove the connection").click()
        errors = self.page.get_by_role("group", name=re.compile(".")).filter(
            has=self.page.locator("#errors-title")
        )
        expect(errors).to_be_visible()
        name = self.page.get_by_text("127.0.0.1").last.inner_text()
        self.page.get_by_role("textbox", name=self.word("Instance name")).fill(name)
        self.button("Remove the connection").click()
        expect(
            self.page.get_by_role("heading", name=self.word("Not connected to ServiceNow"))
        ).to_be_visible()
