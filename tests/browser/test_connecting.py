"""Connecting as a new user would, and every way in which that fails: each ends where the next step stands."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.newcomer import ADMINISTRATOR, Newcomer
from tests.browser.portal import Portal
from tests.sandbox_process import INTEGRATION_USER, SandboxProcess

pytestmark = [pytest.mark.browser, pytest.mark.slow]
CODE, CREDENTIALS = "authorization_code", "client_credentials"
BOTH_GRANTS = pytest.mark.parametrize("grant", [CODE, CREDENTIALS])
BOTH_PROFILES = pytest.mark.parametrize("profile", ["hardened", "legacy"])
ENTITY, USER, AUTHORIZE = "1. OAuth entity", "2. Integration user", "3. Authorize"
M365 = "Microsoft 365 Integration"
SECOND_FACTOR = "123456"
# The browser tells of every page whose status is not 200.
EXPECTED = re.compile(r"Failed to load resource: the server responded with a status of (401|422)")


@dataclass(frozen=True)
class Town:
    """One portal, and its ServiceNow."""

    portal: Portal

    @property
    def instance(self) -> SandboxProcess:
        return self.portal.sandbox


@pytest.fixture
def profile() -> str:
    """What kind of instance it is, for stories that do not say it."""
    return "hardened"


@pytest.fixture
def town(running: Portal, profile: str) -> Town:
    running.begin_anew(profile)
    return Town(running)


@pytest.fixture(params=["en", "ja"])
def newcomer(browser: Browser, town: Town, request: pytest.FixtureRequest) -> Iterator[Newcomer]:
    """Somebody signed in at the portal and nowhere else, in English and in Japanese."""
    with Newcomer(browser, town.portal, request.param) as newcomer:
        newcomer.come_back()
        yield newcomer
        assert [said for said in newcomer.complaints if not EXPECTED.match(said)] == []


@BOTH_PROFILES
def test_from_the_question_to_connected_and_apart_again(newcomer: Newcomer, town: Town, profile: str) -> None:
    """From "Do you use ServiceNow?" by the integration user's Allow to the two cards; then removed by its name."""
    newcomer.page.goto(town.portal.url)
    expect(newcomer.page.get_by_text(newcomer.word("Do you use ServiceNow?"))).to_be_visible()
    newcomer.go_on(newcomer.link("Connect to ServiceNow"))
    newcomer.enter(town.instance, CODE)
    newcomer.sign_in_there()
    newcomer.decide()
    newcomer.expect_asked(M365)
    expect(newcomer.warning()).to_have_count(0)
    newcomer.connect_now()
    newcomer.take_apart()


def test_deny(newcomer: Newcomer, town: Town) -> None:
    """Deny is explained; Authorize asks again."""
    newcomer.enter(town.instance, CODE)
    newcomer.sign_in_there()
    newcomer.decide("Deny")
    newcomer.expect_explained("denied", AUTHORIZE)
    newcomer.check_access()
    newcomer.page.get_by_role("alert").get_by_role("button", name=newcomer.word("Authorize again")).click()
    newcomer.decide()
    newcomer.expect_asked(M365)


def test_a_code_that_has_expired(newcomer: Newcomer, town: Town) -> None:
    """The code is too old when it arrives; the next one is taken."""
    town.instance.settings(code_seconds=0)
    newcomer.enter(town.instance, CODE)
    newcomer.sign_in_there()
    newcomer.decide()
    newcomer.expect_explained("code_refused", ENTITY)
    town.instance.settings(code_seconds=60)
    newcomer.enter(town.instance, CODE)
    newcomer.decide()
    newcomer.expect_asked(M365)


def test_a_callback_that_is_replayed_or_forged(newcomer: Newcomer, town: Town) -> None:
    """An address that worked once works no more, and one with a state that was never given never did."""
    newcomer.enter(town.instance, CODE)
    newcomer.sign_in_there()
    with newcomer.page.expect_request(re.compile("/servicenow/callback/")) as arrived:
        newcomer.decide()
    newcomer.expect_asked(M365)
    newcomer.page.goto(arrived.value.url)
    newcomer.expect_explained("no_attempt", AUTHORIZE)
    newcomer.page.get_by_role("region", name=newcomer.word(AUTHORIZE)).get_by_role("button").click()
    expect(newcomer.page.get_by_role("button", name="Allow")).to_be_visible()
    newcomer.page.goto(arrived.value.url)
    newcomer.expect_explained("wrong_state", AUTHORIZE)
    # The draft was authorized before, and that still holds.
    newcomer.link("Continue").click()
    newcomer.expect_asked(M365)


def test_the_wrong_user(newcomer: Newcomer, town: Town) -> None:
    """Whoever allows it as a person is warned before anything is enabled, and changes the user by "Not you?"."""
    newcomer.enter(town.instance, CODE)
    newcomer.sign_in_there(ADMINISTRATOR)
    newcomer.decide()
    newcomer.expect_asked("System Administrator")
    expect(newcomer.warning()).to_be_visible()
    newcomer.check_access()
    newcomer.button("Authorize as another user").click()
    newcomer.page.get_by_role("link", name="Not you?").click()
    newcomer.sign_in_there()
    newcomer.decide()
    newcomer.expect_asked(M365)
    expect(newcomer.warning()).to_have_count(0)


@BOTH_PROFILES
def test_a_wrong_secret(newcomer: Newcomer, town: Town, profile: str) -> None:
    """The form keeps all but the secret; with the right one it goes on."""
    newcomer.enter(town.instance, CODE, secret="mistyped")
    newcomer.sign_in_there()
    newcomer.decide()
    newcomer.expect_explained("code_refused", ENTITY)
    newcomer.fill_in("Client secret", "scoredesk-secret")
    newcomer.button("Save").click()
    newcomer.authorize()
    newcomer.decide()
    newcomer.expect_asked(M365)


@BOTH_PROFILES
def test_client_credentials(newcomer: Newcomer, town: Town, profile: str) -> None:
    """A wrong secret is refused; so is every secret where the instance is too old for this sign-in."""
    newcomer.enter(town.instance, CREDENTIALS, secret="mistyped")
    newcomer.expect_explained("token_refused", ENTITY)
    newcomer.enter(town.instance, CREDENTIALS)
    if profile == "legacy":
        newcomer.expect_explained("token_refused", ENTITY)
        expect(newcomer.page.get_by_role("alert")).to_contain_text("Washington DC")
    else:
        newcomer.expect_asked(M365)


@BOTH_GRANTS
@pytest.mark.parametrize(
    ("fault", "step"), [("login_page", USER), ("hibernating", AUTHORIZE)], ids=["sign-in page", "hibernating"]
)
def test_a_page_in_place_of_an_answer(
    newcomer: Newcomer, town: Town, grant: str, fault: str, step: str
) -> None:
    """Single sign-on or a sleeping instance answers the portal with a page for people."""
    town.instance.fault(fault, route="token", method="any")
    newcomer.enter(town.instance, grant)
    if grant == CODE:
        newcomer.sign_in_there()
        newcomer.decide()
    newcomer.expect_explained(fault, step)
    newcomer.authorize()
    if grant == CODE:
        newcomer.decide()
    newcomer.expect_asked(M365)


def test_a_second_factor(newcomer: Newcomer, town: Town) -> None:
    """The integration user is asked for a code; then all is as without."""
    town.instance.settings(sign_in="mfa")
    newcomer.enter(town.instance, CODE)
    newcomer.sign_in_there()
    newcomer.page.get_by_label("Six-digit code").fill(SECOND_FACTOR)
    newcomer.decide("Validate")
    newcomer.decide()
    newcomer.expect_asked(M365)


def test_single_sign_on(newcomer: Newcomer, town: Town) -> None:
    """The identity provider does not know the integration user, so a person allows it and is warned; once the user
    exists there too, it connects.
    """
    town.instance.settings(sign_in="sso")
    newcomer.enter(town.instance, CODE)
    newcomer.sign_in_there(button="Sign in")
    expect(newcomer.page.get_by_role("alert")).to_contain_text("does not exist in this directory")
    newcomer.sign_in_there(ADMINISTRATOR, button="Sign in")
    newcomer.decide()
    newcomer.expect_asked("System Administrator")
    expect(newcomer.warning()).to_be_visible()
    town.instance.settings(identity_provider_users=f"admin,{INTEGRATION_USER[0]}")
    newcomer.button("Authorize as another user").click()
    newcomer.page.get_by_role("link", name="Not you?").click()
    newcomer.sign_in_there(button="Sign in")
    newcomer.decide()
    newcomer.expect_asked(M365)


def test_a_user_with_web_service_access_only(newcomer: Newcomer, town: Town) -> None:
    """ServiceNow calls the right password invalid; the set-up page says why. By client credentials it works."""
    [user] = town.instance.records("sys_user", user_name=INTEGRATION_USER[0])
    town.instance.change("sys_user", user["sys_id"], web_service_access_only="true")
    newcomer.enter(town.instance, CODE)
    newcomer.sign_in_there()
    expect(newcomer.page.get_by_role("alert")).to_contain_text("User name or password invalid")
    newcomer.at_setup()
    away = newcomer.word("You were sent to ServiceNow and have not come back yet.")
    expect(newcomer.page.get_by_role("status").filter(has_text=away)).to_be_visible()
    step = newcomer.page.get_by_role("region", name=newcomer.word(USER))
    step.get_by_text(newcomer.word("If this step fails")).click()
    expect(step.get_by_text("User name or password invalid")).to_be_visible()
    newcomer.check_access()
    newcomer.enter(town.instance, CREDENTIALS)
    newcomer.expect_asked(M365)


def test_a_remembered_grant(newcomer: Newcomer, town: Town) -> None:
    """ServiceNow asks nothing the second time, so who it is is asked here."""
    town.instance.settings(remember_grants=True)
    newcomer.enter(town.instance, CODE)
    newcomer.sign_in_there(ADMINISTRATOR)
    newcomer.decide()
    newcomer.expect_asked("System Administrator")
    newcomer.button("Authorize as another user").click()
    newcomer.expect_asked("System Administrator")
    expect(newcomer.warning()).to_be_visible()


def test_a_code_that_is_issued_again(newcomer: Newcomer, town: Town) -> None:
    """The first answer is lost on the way; ServiceNow gives its code again, which fits no second question."""
    town.instance.settings(remember_grants=True, reissue_codes=True)
    with newcomer.page.expect_request(re.compile("/oauth_auth.do")) as left:
        newcomer.enter(town.instance, CODE)
    expect(newcomer.page.get_by_role("button", name="Log in")).to_be_visible()
    town.instance.consent(left.value.url)
    newcomer.at_setup()
    newcomer.authorize()
    newcomer.sign_in_there()
    newcomer.expect_explained("pkce_refused", AUTHORIZE)


def test_a_name_that_is_no_instance(newcomer: Newcomer) -> None:
    """The form says so at the field, and keeps what was typed."""
    newcomer.at_setup()
    for name in ("10.0.0.8", "acme.service-now.com.evil.example", "https://acme@service-now.com"):
        newcomer.choose(name)
        field = newcomer.page.get_by_role("textbox", name=newcomer.word("Instance"))
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_have_value(name)
        refused = newcomer.word(
            "This is not a ServiceNow instance: enter its name or its address at service-now.com. The operator "
            "lists custom domains in SERVICENOW_ALLOWED_HOSTS."
        )
        expect(newcomer.page.get_by_text(refused).first).to_be_visible()
    newcomer.check_access()


def test_a_sign_in_that_ended_is_fixed_by_one_button(newcomer: Newcomer, town: Town) -> None:
    """The refresh token is revoked inside ServiceNow: the cards say so, and their one button leads to connected."""
    newcomer.enter(town.instance, CODE)
    newcomer.sign_in_there()
    newcomer.decide()
    newcomer.connect_now()
    town.instance.expire_tokens("all")
    newcomer.page.goto(town.portal.url + "servicenow/")
    newcomer.button("Test connection").click()
    newcomer.page.goto(town.portal.url)
    expect(
        newcomer.page.get_by_text(newcomer.word("ServiceNow no longer accepts our sign-in")).first
    ).to_be_visible()
    newcomer.button("Authorize again").first.click()
    newcomer.decide()
    newcomer.expect_asked(M365)
    newcomer.connect_now()
    newcomer.take_apart()
