"""Grants beside the plain ones of `test_oauth`: remembered consent, codes given again, passwords, scopes."""

from typing import Any

import pytest
import requests

from tests.sandbox.test_oauth import (
    BY_CLIENT,
    CHALLENGE,
    REFUSED,
    VERIFIER,
    address,
    ask_token,
    exchange,
    returned,
    works,
)
from tests.sandbox_process import CLIENT, INTEGRATION_USER, SandboxProcess, form_of

BY_PASSWORD = {
    "grant_type": "password",
    "client_id": CLIENT[0],
    "client_secret": CLIENT[1],
    "username": INTEGRATION_USER[0],
    "password": INTEGRATION_USER[1],
}
INCIDENTS = "/api/now/table/incident"


def integration_user(sandbox: SandboxProcess, **fields: str) -> None:
    (user,) = sandbox.records("sys_user", user_name=INTEGRATION_USER[0])
    sandbox.change("sys_user", user["sys_id"], **fields)


def signed_in(sandbox: SandboxProcess, browser: requests.Session) -> requests.Session:
    form = {"user_name": INTEGRATION_USER[0], "user_password": INTEGRATION_USER[1]}
    browser.post(f"{sandbox.url}/login.do", data=form, timeout=5)
    return browser


def code_without_consent(browser: requests.Session, asked: str) -> str:
    answer = browser.get(asked, timeout=5, allow_redirects=False)
    assert answer.status_code == 302, answer.text
    return returned(answer.headers["Location"])["code"]


@pytest.fixture
def person(sandbox: SandboxProcess, browser: requests.Session) -> requests.Session:
    """A browser whose person allowed the client in once, on an instance that remembers that."""
    sandbox.settings(remember_grants=True)
    exchange(sandbox, returned(sandbox.consent(address(sandbox)))["code"])
    return signed_in(sandbox, browser)


def test_a_remembered_grant_skips_the_consent_page(sandbox: SandboxProcess, person: requests.Session) -> None:
    code = code_without_consent(person, address(sandbox))
    assert exchange(sandbox, code).status_code == 200


def test_consent_is_asked_again_where_grants_are_not_remembered(
    sandbox: SandboxProcess, person: requests.Session
) -> None:
    sandbox.settings(remember_grants=False)
    assert "Allow" in person.get(address(sandbox), timeout=5).text


def test_revoking_the_refresh_token_forgets_the_consent(
    sandbox: SandboxProcess, person: requests.Session
) -> None:
    tokens = exchange(sandbox, code_without_consent(person, address(sandbox))).json()
    form = {"token": tokens["refresh_token"]}
    assert requests.post(f"{sandbox.url}/oauth_revoke_token.do", data=form, timeout=5).status_code == 200
    assert "Allow" in person.get(address(sandbox), timeout=5).text


def test_an_unredeemed_code_given_again_fails_the_new_pkce_check(
    sandbox: SandboxProcess, person: requests.Session
) -> None:
    sandbox.settings(reissue_codes=True)
    first = code_without_consent(person, address(sandbox, code_challenge="of-somebody-else"))
    again = code_without_consent(person, address(sandbox, code_challenge=CHALLENGE))
    assert again == first
    answer = exchange(sandbox, again, code_verifier=VERIFIER)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_request")


def test_pkce_can_be_required(sandbox: SandboxProcess, browser: requests.Session) -> None:
    sandbox.settings(pkce_required=True)
    answer = browser.get(address(sandbox), timeout=5)
    assert (answer.status_code, "code_challenge" in answer.text) == (400, True)


def test_a_public_client_redeems_its_code_without_a_secret(sandbox: SandboxProcess) -> None:
    sandbox.settings(public_client=True)
    code = returned(sandbox.consent(address(sandbox, code_challenge=CHALLENGE)))["code"]
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": sandbox.callback,
        "client_id": CLIENT[0],
    }
    answer = ask_token(sandbox, {**form, "code_verifier": VERIFIER})
    assert (answer.status_code, "refresh_token" in answer.json()) == (200, True)


def test_a_password_gives_both_tokens(sandbox: SandboxProcess) -> None:
    tokens = ask_token(sandbox, BY_PASSWORD).json()
    assert list(tokens) == ["access_token", "refresh_token", "scope", "token_type", "expires_in"]
    assert works(sandbox, tokens["access_token"])


def test_a_password_shown_again_extends_the_same_tokens(sandbox: SandboxProcess) -> None:
    first = ask_token(sandbox, BY_PASSWORD).json()
    sandbox.settings(clock_offset_seconds=1000)
    again = ask_token(sandbox, BY_PASSWORD).json()
    assert (again["access_token"], again["refresh_token"]) == (first["access_token"], first["refresh_token"])
    sandbox.settings(clock_offset_seconds=2500)
    assert works(sandbox, first["access_token"])


@pytest.mark.parametrize(
    "user", [{"locked_out": "true"}, {"active": "false"}, {"password_needs_reset": "true"}]
)
@pytest.mark.parametrize("form", [BY_PASSWORD, BY_CLIENT])
def test_a_user_who_may_not_gets_no_token(
    sandbox: SandboxProcess, user: dict[str, str], form: dict[str, str]
) -> None:
    integration_user(sandbox, **user)
    answer = ask_token(sandbox, form)
    assert (answer.status_code, answer.json()) == (401, REFUSED)


def test_web_service_users_get_tokens_all_the_same(sandbox: SandboxProcess) -> None:
    integration_user(sandbox, web_service_access_only="true")
    assert ask_token(sandbox, BY_PASSWORD).status_code == 200
    assert ask_token(sandbox, BY_CLIENT).status_code == 200


@pytest.mark.parametrize(
    ("form", "cause"),
    [
        ({**BY_PASSWORD, "password": "wrong"}, "wrong user name or password"),
        ({**BY_PASSWORD, "client_secret": "wrong"}, "wrong client_secret"),
        ({**BY_CLIENT, "client_id": "wrong"}, "unknown client_id"),
        ({**BY_CLIENT, "scope": "everything"}, "invalid_scope"),
        ({**BY_CLIENT, "grant_type": "implicit"}, "unsupported grant_type"),
        ({**BY_CLIENT, "grant_type": "refresh_token"}, "unknown, expired or revoked refresh_token"),
        ({**BY_CLIENT, "grant_type": "authorization_code"}, "unknown, used or expired code"),
    ],
)
def test_the_cause_of_a_refusal_is_told_to_the_system_log_alone(
    sandbox: SandboxProcess, browser: requests.Session, form: dict[str, str], cause: str
) -> None:
    answer = ask_token(sandbox, form)
    assert (answer.status_code, answer.json()) == (401, REFUSED)
    browser.post(f"{sandbox.url}/login.do", data={"user_name": "admin", "user_password": "admin"}, timeout=5)
    log = browser.get(f"{sandbox.url}/syslog_list.do", timeout=5).text
    assert f"Exception on token flow - {cause}" in log
    assert "wrong</" not in log


def test_the_system_log_is_for_administrators(sandbox: SandboxProcess, browser: requests.Session) -> None:
    answer = signed_in(sandbox, browser).get(f"{sandbox.url}/syslog_list.do", timeout=5)
    assert answer.status_code == 403


def test_a_token_address_answers_to_post_alone(sandbox: SandboxProcess) -> None:
    assert requests.get(f"{sandbox.url}/oauth_token.do", params=BY_CLIENT, timeout=5).json() == REFUSED


def test_tokens_of_an_entity_without_scope_are_good_for_nothing(sandbox: SandboxProcess) -> None:
    sandbox.settings(auth_scopes="")
    tokens = ask_token(sandbox, BY_CLIENT).json()
    given = {"Authorization": f"Bearer {tokens['access_token']}"}
    answer = requests.get(f"{sandbox.url}{INCIDENTS}", headers=given, timeout=5)
    assert (tokens["scope"], answer.status_code) == ("", 403)
    assert answer.json()["error"]["detail"] == "Missing required api access scope"


def test_scopes_do_not_concern_passwords(sandbox: SandboxProcess) -> None:
    sandbox.settings(auth_scopes="")
    answer = requests.get(f"{sandbox.url}{INCIDENTS}", auth=INTEGRATION_USER, timeout=5)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("owned", "wanted", "given"), [("a,b", "a", "a b"), ("useraccount", "", "useraccount")]
)
def test_a_token_carries_all_scopes_of_the_entity(
    sandbox: SandboxProcess, owned: str, wanted: str, given: str
) -> None:
    sandbox.settings(auth_scopes=owned)
    assert ask_token(sandbox, {**BY_CLIENT, "scope": wanted}).json()["scope"] == given


def test_a_token_may_also_stand_in_the_address(sandbox: SandboxProcess) -> None:
    token = ask_token(sandbox, BY_CLIENT).json()["access_token"]
    answer = requests.get(f"{sandbox.url}{INCIDENTS}", params={"access_token": token}, timeout=5)
    assert answer.status_code == 200
    assert token not in str(sandbox.requests())


def test_the_old_release_has_neither_pkce_nor_client_credentials() -> None:
    with SandboxProcess(profile="legacy") as old:
        assert ask_token(old, BY_CLIENT).json() == REFUSED
        assert ask_token(old, BY_PASSWORD).status_code == 200
        code = returned(old.consent(address(old, code_challenge=CHALLENGE)))["code"]
        assert exchange(old, code).status_code == 200


@pytest.fixture
def administrator(sandbox: SandboxProcess, browser: requests.Session) -> requests.Session:
    browser.post(f"{sandbox.url}/login.do", data={"user_name": "admin", "user_password": "admin"}, timeout=5)
    return browser


def tokens_page(sandbox: SandboxProcess, browser: requests.Session) -> requests.Response:
    return browser.get(f"{sandbox.url}/oauth_credential_list.do", timeout=5)


def test_manage_tokens_lists_them_without_their_values(
    sandbox: SandboxProcess, administrator: requests.Session
) -> None:
    tokens: dict[str, Any] = ask_token(sandbox, BY_PASSWORD).json()
    page = tokens_page(sandbox, administrator).text
    assert "Access Token" in page
    assert "Refresh Token" in page
    assert tokens["access_token"] not in page
    assert tokens["refresh_token"] not in page


def test_a_token_is_revoked_on_the_page(sandbox: SandboxProcess, administrator: requests.Session) -> None:
    token = ask_token(sandbox, BY_CLIENT).json()["access_token"]
    after = administrator.post(*form_of(tokens_page(sandbox, administrator), {}), timeout=5)
    assert "Access revoked." in after.text
    assert not works(sandbox, token)


def test_people_see_their_own_tokens_only(sandbox: SandboxProcess, browser: requests.Session) -> None:
    ask_token(sandbox, {**BY_PASSWORD, "username": "admin", "password": "admin"})
    assert "No application holds a token." in tokens_page(sandbox, signed_in(sandbox, browser)).text


def test_a_form_without_its_token_revokes_nothing(
    sandbox: SandboxProcess, administrator: requests.Session
) -> None:
    token = ask_token(sandbox, BY_CLIENT).json()["access_token"]
    address_, fields = form_of(tokens_page(sandbox, administrator), {"sysparm_ck": "wrong"})
    assert administrator.post(address_, data=fields, timeout=5).status_code == 403
    assert works(sandbox, token)
