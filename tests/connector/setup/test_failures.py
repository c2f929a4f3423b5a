"""What goes wrong at ServiceNow while somebody authorizes, and where that ends."""

from urllib.parse import urlsplit

import pytest
import requests
from django.test import Client

from accounts.models import User
from connector.health.error_help import EXPLANATIONS
from connector.models import Connection
from tests.connector.access.test_client_factory import by_code, expire
from tests.connector.errands import come_back, confirm, entered, explained, leave, text
from tests.sandbox_process import INTEGRATION_USER, PATIENCE, SandboxProcess, form_of

pytestmark = pytest.mark.django_db
SECOND_FACTOR = "123456"


class Walk:
    """Somebody's browser at ServiceNow: follows links, fills in the one form of a page."""

    def __init__(self, address: str) -> None:
        self.http = requests.Session()
        self.http.trust_env = False
        self.page = self._go("GET", address)

    def _go(self, method: str, address: str, fields: dict[str, str] | None = None) -> requests.Response:
        answer = self.http.request(method, address, data=fields, allow_redirects=False, timeout=PATIENCE)
        while answer.is_redirect and not self.is_back(answer):
            target = requests.compat.urljoin(answer.url, answer.headers["Location"])
            answer = self.http.get(target, allow_redirects=False, timeout=PATIENCE)
        return answer

    @staticmethod
    def is_back(answer: requests.Response) -> bool:
        """Whether an answer sends the browser to the portal."""
        return urlsplit(answer.headers.get("Location", "")).path.startswith("/servicenow/callback/")

    def fill_in(self, **fields: str) -> "Walk":
        """Send the form of the page."""
        self.page = self._go("POST", *form_of(self.page, fields))
        return self

    def sign_in(self, user: tuple[str, str] = INTEGRATION_USER) -> "Walk":
        """By name and password."""
        return self.fill_in(user_name=user[0], user_password=user[1])

    def again(self, address: str) -> "Walk":
        """Open another authorization in the same browser, where ServiceNow still knows us."""
        self.page = self._go("GET", address)
        return self

    @property
    def back(self) -> str:
        """Where ServiceNow sends the browser."""
        assert self.is_back(self.page), self.page.text
        return self.page.headers["Location"]


def test_a_second_factor_is_asked_for_and_the_portal_connects(
    browser: Client,
    sandbox: SandboxProcess,
) -> None:
    sandbox.settings(sign_in="mfa")
    browser.post("/servicenow/setup/", entered(sandbox))
    walk = Walk(leave(browser)).sign_in()
    assert "multi-factor" in walk.page.text.lower() or "code" in walk.page.text.lower()
    arrived = walk.fill_in(code=SECOND_FACTOR).fill_in(decision="allow").back
    assert INTEGRATION_USER[0] in text(come_back(browser, arrived))


def test_single_sign_on_that_knows_only_a_person_ends_with_a_warning(
    browser: Client,
    sandbox: SandboxProcess,
) -> None:
    sandbox.settings(sign_in="sso")
    browser.post("/servicenow/setup/", entered(sandbox))
    walk = Walk(leave(browser)).sign_in()
    assert walk.page.status_code == 401
    page = come_back(browser, walk.sign_in(("admin", "admin")).fill_in(decision="allow").back)
    assert "This looks like a person's account" in text(page)
    assert "Authorize as another user" in text(page)
    assert not Connection.objects.current().exists()


def test_a_user_with_web_service_access_only_never_comes_back_and_the_page_says_why(
    browser: Client,
    sandbox: SandboxProcess,
) -> None:
    [user] = sandbox.records("sys_user", user_name=INTEGRATION_USER[0])
    sandbox.change("sys_user", user["sys_id"], web_service_access_only="true")
    browser.post("/servicenow/setup/", entered(sandbox))
    assert Walk(leave(browser)).sign_in().page.status_code == 401
    assert "web service access only" in text(browser.get("/servicenow/setup/"))
    # By client credentials the same user connects.
    browser.post("/servicenow/setup/", entered(sandbox, grant="client_credentials"))
    assert INTEGRATION_USER[0] in text(browser.post("/servicenow/authorize/", follow=True))


def test_a_remembered_grant_asks_nothing_and_still_ends_with_the_question_who(
    browser: Client,
    sandbox: SandboxProcess,
) -> None:
    sandbox.settings(remember_grants=True)
    browser.post("/servicenow/setup/", entered(sandbox))
    walk = Walk(leave(browser)).sign_in(("admin", "admin")).fill_in(decision="allow")
    come_back(browser, walk.back)
    arrived = walk.again(leave(browser)).back
    page = come_back(browser, arrived)
    assert "Connect as System Administrator?" in text(page)
    assert not Connection.objects.current().exists()


def test_a_code_that_is_issued_again_gets_its_own_advice(
    browser: Client,
    sandbox: SandboxProcess,
) -> None:
    sandbox.settings(remember_grants=True, reissue_codes=True)
    browser.post("/servicenow/setup/", entered(sandbox))
    walk = Walk(leave(browser)).sign_in().fill_in(decision="allow")
    # The first callback never reaches the portal; the second brings the first one's code.
    assert explained(come_back(browser, walk.again(leave(browser)).back), "pkce_refused")


def test_an_entity_without_an_auth_scope_is_explained(
    browser: Client,
    sandbox: SandboxProcess,
) -> None:
    sandbox.settings(auth_scopes="")
    browser.post("/servicenow/setup/", entered(sandbox, grant="client_credentials"))
    page = browser.post("/servicenow/authorize/", follow=True)
    assert explained(page, "forbidden")
    assert "Missing required api access scope" in text(page)


def test_every_failure_can_be_looked_up_on_the_set_up_page(browser: Client) -> None:
    page = text(browser.get("/servicenow/setup/"))
    for code, explanation in EXPLANATIONS.items():
        # Whoever reads this has no connection yet.
        assert page.count(f"<summary>{explanation.what}</summary>") == (code != "not_connected"), code


def test_a_failure_that_authorizing_fixes_has_the_button_beside_it(
    browser: Client, sandbox: SandboxProcess
) -> None:
    browser.post("/servicenow/setup/", entered(sandbox))
    denied = text(come_back(browser, sandbox.consent(leave(browser), button="Deny")))
    notice = denied[denied.index('role="alert"') :]
    assert "Authorize again" in notice[: notice.index("1. OAuth entity")]
    refused = text(browser.get("/servicenow/setup/?problem=token_refused"))
    notice = refused[refused.index('role="alert"') :]
    assert "Authorize again" not in notice[: notice.index("1. OAuth entity")]


def test_what_servicenow_said_is_shown_once(browser: Client, sandbox: SandboxProcess) -> None:
    browser.post("/servicenow/setup/", entered(sandbox, grant="client_credentials", client_secret="wrong"))
    assert "access_denied" in text(browser.post("/servicenow/authorize/", follow=True))
    assert "access_denied" not in text(browser.get("/servicenow/setup/?problem=token_refused"))


def test_a_locked_integration_user_needs_authorization_and_says_so(
    browser: Client,
    sandbox: SandboxProcess,
    connection: Connection,
) -> None:
    by_code(connection, sandbox)
    expire(connection)
    [user] = sandbox.records("sys_user", user_name=INTEGRATION_USER[0])
    sandbox.change("sys_user", user["sys_id"], active="false", locked_out="true")
    browser.post("/servicenow/test/")
    page = text(browser.get("/servicenow/"))
    assert "ServiceNow no longer accepts our sign-in" in page
    assert "Authorize again" in page


def test_each_step_shows_its_state_its_validation_and_its_failures(
    browser: Client,
    sandbox: SandboxProcess,
    secadmin: User,
) -> None:
    page = text(browser.get("/servicenow/setup/"))
    assert page.count("Not complete") == 8  # four steps, each in the list and at its card
    assert page.count("How to validate it inside ServiceNow") == 3
    for value in (
        "oauth_entity",
        "All application scopes",
        "Application Registries",
        "useraccount",
        "7,776,000",
    ):
        assert value in page
    browser.post("/servicenow/setup/", entered(sandbox, grant="client_credentials"))
    browser.post("/servicenow/authorize/")
    confirm(browser)
    page = text(browser.get("/servicenow/setup/"))
    assert (page.count("Completed"), page.count("Not complete")) == (8, 0)
    page = text(browser.get("/servicenow/setup/?problem=token_refused"))
    assert page.count('badge--danger">Needs attention') == 2
