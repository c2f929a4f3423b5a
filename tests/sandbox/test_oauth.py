import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from tests.sandbox_process import CLIENT, SandboxProcess

REFUSED = {"error_description": "access_denied", "error": "server_error"}
VERIFIER = "a-verifier-of-more-than-forty-three-characters-in-all"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
BY_CLIENT = {"grant_type": "client_credentials", "client_id": CLIENT[0], "client_secret": CLIENT[1]}


def address(sandbox: SandboxProcess, **changes: str) -> str:
    asked = {
        "response_type": "code",
        "client_id": CLIENT[0],
        "redirect_uri": sandbox.callback,
        "state": "abc.~123",
        **changes,
    }
    return f"{sandbox.url}/oauth_auth.do?{urlencode(asked)}"


def returned(location: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def exchange(sandbox: SandboxProcess, code: str, **changes: str) -> requests.Response:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": sandbox.callback}
    return ask_token(sandbox, {**form, "client_id": CLIENT[0], "client_secret": CLIENT[1], **changes})


def ask_token(sandbox: SandboxProcess, form: dict[str, str], **options: Any) -> requests.Response:
    return requests.post(f"{sandbox.url}/oauth_token.do", data=form, timeout=5, **options)


def works(sandbox: SandboxProcess, token: str) -> bool:
    given = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{sandbox.url}/api/now/table/incident", headers=given, timeout=5).status_code == 200


@pytest.fixture
def tokens(sandbox: SandboxProcess) -> dict[str, Any]:
    answer: dict[str, Any] = exchange(sandbox, returned(sandbox.consent(address(sandbox)))["code"]).json()
    return answer


def test_allow_gives_a_code_and_the_state_back(sandbox: SandboxProcess) -> None:
    location = sandbox.consent(address(sandbox))
    assert location.startswith(f"{sandbox.callback}?code=")
    assert returned(location)["state"] == "abc.~123"


def test_deny_says_so_and_gives_the_state_back(sandbox: SandboxProcess) -> None:
    assert returned(sandbox.consent(address(sandbox), button="Deny")) == {
        "error": "access_denied",
        "state": "abc.~123",
    }


def test_a_code_becomes_tokens_of_the_real_shape(sandbox: SandboxProcess, tokens: dict[str, Any]) -> None:
    assert list(tokens) == ["access_token", "refresh_token", "scope", "token_type", "expires_in"]
    assert (len(tokens["access_token"]), len(tokens["refresh_token"])) == (86, 86)
    assert (tokens["scope"], tokens["token_type"], tokens["expires_in"]) == ("useraccount", "Bearer", 1799)
    assert works(sandbox, tokens["access_token"])


def test_a_code_works_once(sandbox: SandboxProcess) -> None:
    code = returned(sandbox.consent(address(sandbox)))["code"]
    assert exchange(sandbox, code).status_code == 200
    again = exchange(sandbox, code)
    assert (again.status_code, again.json()) == (401, REFUSED)


def test_a_code_is_short_lived(sandbox: SandboxProcess) -> None:
    code = returned(sandbox.consent(address(sandbox)))["code"]
    sandbox.settings(clock_offset_seconds=61)
    assert exchange(sandbox, code).status_code == 401


def test_the_verifier_must_fit_the_challenge(sandbox: SandboxProcess) -> None:
    asked = address(sandbox, code_challenge=CHALLENGE, code_challenge_method="S256")
    code = returned(sandbox.consent(asked))["code"]
    wrong = exchange(sandbox, code, code_verifier="x" * 50)
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_request")
    assert wrong.json()["error_description"] == "can't verify code challenge"
    assert exchange(sandbox, code, code_verifier=VERIFIER).status_code == 200


def test_an_address_that_is_not_registered_is_replaced_by_the_first(sandbox: SandboxProcess) -> None:
    location = sandbox.consent(address(sandbox, redirect_uri="https://elsewhere.example/callback/"))
    assert location.startswith(f"{sandbox.callback}?code=")


@pytest.mark.parametrize(
    "changes",
    [{"client_secret": "wrong"}, {"client_id": "wrong"}, {"redirect_uri": "http://127.0.0.1:8000/other/"}],
)
def test_whatever_is_wrong_the_answer_is_the_same(sandbox: SandboxProcess, changes: dict[str, str]) -> None:
    code = returned(sandbox.consent(address(sandbox)))["code"]
    answer = exchange(sandbox, code, **changes)
    assert (answer.status_code, answer.json()) == (401, REFUSED)


def test_a_refresh_gives_a_new_access_token_and_the_same_refresh_token(
    sandbox: SandboxProcess, tokens: dict[str, Any]
) -> None:
    form = {**BY_CLIENT, "grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    renewed = ask_token(sandbox, form).json()
    assert renewed["refresh_token"] == tokens["refresh_token"]
    assert renewed["access_token"] != tokens["access_token"]
    assert works(sandbox, renewed["access_token"])


def test_refresh_tokens_can_be_set_to_rotate(sandbox: SandboxProcess, tokens: dict[str, Any]) -> None:
    sandbox.settings(rotate_refresh_token=True)
    form = {**BY_CLIENT, "grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert ask_token(sandbox, form).json()["refresh_token"] != tokens["refresh_token"]
    assert ask_token(sandbox, form).status_code == 401


def test_client_credentials_run_as_the_application_user(sandbox: SandboxProcess) -> None:
    answer = ask_token(sandbox, BY_CLIENT).json()
    assert list(answer) == ["access_token", "scope", "token_type", "expires_in"]
    given = {"Authorization": f"Bearer {answer['access_token']}"}
    asked = {"sysparm_query": "sys_id=javascript:gs.getUserID()"}
    me = requests.get(f"{sandbox.url}/api/now/table/sys_user", asked, headers=given, timeout=5).json()[
        "result"
    ]
    assert me[0]["user_name"] == "m365.integration"


def test_client_credentials_can_be_switched_off(sandbox: SandboxProcess) -> None:
    sandbox.settings(client_credentials_enabled=False)
    assert ask_token(sandbox, BY_CLIENT).json() == REFUSED


def test_the_client_may_also_sign_in_by_basic(sandbox: SandboxProcess) -> None:
    assert ask_token(sandbox, {"grant_type": "client_credentials"}, auth=CLIENT).status_code == 200


def test_parameters_in_the_address_or_in_json_are_not_read(sandbox: SandboxProcess) -> None:
    assert ask_token(sandbox, {}, params=BY_CLIENT).status_code == 401
    assert ask_token(sandbox, {}, json=BY_CLIENT).status_code == 401


def test_an_expired_access_token_is_401(sandbox: SandboxProcess, tokens: dict[str, Any]) -> None:
    sandbox.settings(clock_offset_seconds=1801)
    assert not works(sandbox, tokens["access_token"])


def test_revoking_the_refresh_token_ends_its_access_tokens(
    sandbox: SandboxProcess, tokens: dict[str, Any]
) -> None:
    given = {"token": tokens["refresh_token"]}
    assert requests.get(f"{sandbox.url}/oauth_revoke_token.do", params=given, timeout=5).status_code == 200
    assert not works(sandbox, tokens["access_token"])
    assert tokens["refresh_token"] not in str(sandbox.requests())


def test_a_locked_user_is_out_at_once(sandbox: SandboxProcess, tokens: dict[str, Any]) -> None:
    (user,) = sandbox.records("sys_user", user_name="m365.integration")
    sandbox.change("sys_user", user["sys_id"], locked_out="true")
    assert not works(sandbox, tokens["access_token"])


def test_a_wrong_password_stays_on_the_form(sandbox: SandboxProcess, browser: requests.Session) -> None:
    form = {"user_name": "admin", "user_password": "wrong"}
    answer = browser.post(f"{sandbox.url}/login.do", data=form, timeout=5)
    assert answer.status_code == 401
    assert "User name or password invalid" in answer.text


def test_a_user_for_web_services_only_cannot_reach_the_consent_page(
    sandbox: SandboxProcess, browser: requests.Session
) -> None:
    (user,) = sandbox.records("sys_user", user_name="m365.integration")
    sandbox.change("sys_user", user["sys_id"], web_service_access_only="true")
    form = {"user_name": "m365.integration", "user_password": "integration"}
    assert browser.post(f"{sandbox.url}/login.do", data=form, timeout=5).status_code == 401


def test_not_you_signs_out_and_keeps_the_errand(sandbox: SandboxProcess, browser: requests.Session) -> None:
    login = browser.get(address(sandbox), timeout=5)
    goto = parse_qs(urlsplit(login.url).query)["sysparm_goto_url"][0]
    form = {"user_name": "admin", "user_password": "admin", "sysparm_goto_url": goto}
    consent = browser.post(f"{sandbox.url}/login.do", data=form, timeout=5)
    assert "System Administrator" in consent.text
    assert "Not you?" in consent.text
    form_again = browser.get(f"{sandbox.url}/logout.do", params={"sysparm_goto_url": goto}, timeout=5)
    assert "Log in" in form_again.text
    assert parse_qs(urlsplit(form_again.url).query)["sysparm_goto_url"] == [goto]


def test_signing_in_leads_nowhere_else(sandbox: SandboxProcess, browser: requests.Session) -> None:
    form = {"user_name": "admin", "user_password": "admin"}
    for target in ("https://elsewhere.example/", "//elsewhere.example/", "/\\elsewhere.example/"):
        given = {**form, "sysparm_goto_url": target}
        answer = browser.post(f"{sandbox.url}/login.do", data=given, timeout=5, allow_redirects=False)
        assert answer.headers["Location"] == "/"


def test_state_is_required_on_a_recent_instance(sandbox: SandboxProcess, browser: requests.Session) -> None:
    answer = browser.get(address(sandbox, state=""), timeout=5)
    assert "Missing State parameter in request" in answer.text


def test_consent_without_the_forms_own_token_decides_nothing(
    sandbox: SandboxProcess, browser: requests.Session
) -> None:
    browser.post(f"{sandbox.url}/login.do", data={"user_name": "admin", "user_password": "admin"}, timeout=5)
    asked = {"response_type": "code", "client_id": CLIENT[0], "redirect_uri": sandbox.callback, "state": "s"}
    answer = browser.post(
        f"{sandbox.url}/oauth_auth.do", data={**asked, "decision": "allow"}, timeout=5, allow_redirects=False
    )
    assert answer.status_code == 200
