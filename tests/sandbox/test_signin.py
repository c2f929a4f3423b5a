"""The ways in which careful customers let people in: a second factor, an identity provider."""

import pytest
import requests

from tests.sandbox.test_oauth import BY_CLIENT, address, ask_token, returned, works
from tests.sandbox_process import INTEGRATION_USER, SandboxProcess, form_of

INCIDENTS = "/api/now/table/incident"
INTEGRATION = {"user_name": "m365.integration", "user_password": "integration"}
ADMIN = {"user_name": "admin", "user_password": "admin"}


def basic(sandbox: SandboxProcess) -> requests.Response:
    return requests.get(f"{sandbox.url}{INCIDENTS}", auth=INTEGRATION_USER, timeout=5)


def test_a_second_factor_is_asked_before_consent(sandbox: SandboxProcess, browser: requests.Session) -> None:
    sandbox.settings(sign_in="mfa")
    page = browser.post(*form_of(browser.get(address(sandbox), timeout=5), INTEGRATION), timeout=5)
    assert "Six-digit code" in page.text
    consent = browser.post(*form_of(page, {"code": "123456"}), timeout=5)
    assert "asks for access" in consent.text
    answer = browser.post(*form_of(consent, {"decision": "allow"}), timeout=5, allow_redirects=False)
    assert "code" in returned(answer.headers["Location"])


def test_a_wrong_code_is_asked_again_and_signs_nobody_in(
    sandbox: SandboxProcess, browser: requests.Session
) -> None:
    sandbox.settings(sign_in="mfa")
    page = browser.post(*form_of(browser.get(address(sandbox), timeout=5), INTEGRATION), timeout=5)
    wrong = browser.post(*form_of(page, {"code": "000000"}), timeout=5)
    assert (wrong.status_code, "Invalid multi-factor" in wrong.text) == (401, True)
    assert "Log in" in browser.get(f"{sandbox.url}/incident_list.do", timeout=5).text
    assert "asks for access" in browser.post(*form_of(wrong, {"code": "123456"}), timeout=5).text


def test_a_code_is_good_for_one_password_that_was_just_shown(
    sandbox: SandboxProcess, browser: requests.Session
) -> None:
    sandbox.settings(sign_in="mfa")
    page = browser.post(*form_of(browser.get(address(sandbox), timeout=5), INTEGRATION), timeout=5)
    sandbox.settings(clock_offset_seconds=301)
    assert browser.post(*form_of(page, {"code": "123456"}), timeout=5).url.endswith("/login.do")


def test_a_second_factor_refuses_basic_and_says_why(sandbox: SandboxProcess) -> None:
    sandbox.settings(sign_in="mfa")
    answer = basic(sandbox)
    assert (answer.status_code, answer.headers["X-MFA_TOKEN"]) == (401, "invalid")
    assert answer.headers["WWW-Authenticate"] == 'BASIC realm="Service-now"'


def test_a_second_factor_concerns_neither_tokens_nor_web_service_users(sandbox: SandboxProcess) -> None:
    sandbox.settings(sign_in="mfa")
    assert works(sandbox, ask_token(sandbox, BY_CLIENT).json()["access_token"])
    (user,) = sandbox.records("sys_user", user_name="m365.integration")
    sandbox.change("sys_user", user["sys_id"], web_service_access_only="true")
    assert basic(sandbox).status_code == 200


def test_single_sign_on_leaves_the_password_to_the_identity_provider(
    sandbox: SandboxProcess, browser: requests.Session
) -> None:
    sandbox.settings(sign_in="sso")
    page = browser.get(address(sandbox), timeout=5)
    assert "/sandbox-identity-provider" in page.url
    consent = browser.post(*form_of(page, ADMIN), timeout=5)
    assert "System Administrator" in consent.text


def test_who_is_not_in_the_directory_cannot_sign_in(
    sandbox: SandboxProcess, browser: requests.Session
) -> None:
    sandbox.settings(sign_in="sso")
    page = browser.get(address(sandbox), timeout=5)
    refused = browser.post(*form_of(page, INTEGRATION), timeout=5)
    assert (refused.status_code, "does not exist in this directory" in refused.text) == (401, True)
    sandbox.settings(identity_provider_users="admin, m365.integration")
    assert "asks for access" in browser.post(*form_of(refused, INTEGRATION), timeout=5).text


def test_the_login_form_itself_lets_nobody_in_under_single_sign_on(
    sandbox: SandboxProcess, browser: requests.Session
) -> None:
    sandbox.settings(sign_in="sso")
    answer = browser.post(f"{sandbox.url}/login.do", data=ADMIN, timeout=5)
    assert "/sandbox-identity-provider" in answer.url


@pytest.mark.parametrize("way", ["password", "sso"])
@pytest.mark.parametrize("fields", [{"web_service_access_only": "true"}, {"locked_out": "true"}])
def test_some_users_never_reach_the_pages(
    sandbox: SandboxProcess, browser: requests.Session, way: str, fields: dict[str, str]
) -> None:
    (user,) = sandbox.records("sys_user", user_name="m365.integration")
    sandbox.change("sys_user", user["sys_id"], **fields)
    sandbox.settings(sign_in=way, identity_provider_users="m365.integration")
    page = browser.get(address(sandbox), timeout=5)
    assert browser.post(*form_of(page, INTEGRATION), timeout=5).status_code == 401


def test_a_password_that_must_be_changed_signs_nobody_in(
    sandbox: SandboxProcess, browser: requests.Session
) -> None:
    (user,) = sandbox.records("sys_user", user_name="m365.integration")
    sandbox.change("sys_user", user["sys_id"], password_needs_reset="true")
    page = browser.get(address(sandbox), timeout=5)
    assert "must be changed" in browser.post(*form_of(page, INTEGRATION), timeout=5).text


def test_an_unknown_way_to_sign_in_is_refused(sandbox: SandboxProcess) -> None:
    with pytest.raises(AssertionError, match="sign_in is one of password, mfa, sso"):
        sandbox.settings(sign_in="retina")
