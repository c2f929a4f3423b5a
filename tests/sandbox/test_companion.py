"""The companion app inside ServiceNow: absent until installed, then a table and a page."""

import pytest
import requests

from tests.sandbox.conftest import Caller
from tests.sandbox_process import SandboxProcess, form_of

TABLE = "x_scdsk_m365ticket_connection"
PAGE = "/x_scdsk_m365ticket_checklist.do"
INVALID = {"error": {"message": f"Invalid table {TABLE}", "detail": None}, "status": "failure"}


@pytest.fixture
def administrator(sandbox: SandboxProcess, browser: requests.Session) -> requests.Session:
    browser.post(f"{sandbox.url}/login.do", data={"user_name": "admin", "user_password": "admin"}, timeout=5)
    return browser


def page(sandbox: SandboxProcess, browser: requests.Session) -> requests.Response:
    return browser.get(f"{sandbox.url}{PAGE}", timeout=5)


@pytest.mark.parametrize("api", ["table", "stats"])
def test_its_table_does_not_exist_until_it_is_installed(
    sandbox: SandboxProcess, integration: Caller, api: str
) -> None:
    before = integration.ask("GET", f"{api}/{TABLE}")
    assert (before.status_code, before.json()) == (400, INVALID)
    sandbox.companion()
    assert integration.ask("GET", f"{api}/{TABLE}").status_code == 200
    sandbox.companion(installed=False)
    assert integration.ask("GET", f"{api}/{TABLE}").status_code == 400


def test_the_portal_tells_of_itself_in_the_table_and_the_page_shows_it(
    sandbox: SandboxProcess, integration: Caller, administrator: requests.Session
) -> None:
    sandbox.companion()
    told = {"portal_url": "https://portal.example", "organization": "Contoso", "status": "connected"}
    sys_id = integration.create(TABLE, **told)["sys_id"]
    assert integration.ask("PATCH", f"table/{TABLE}/{sys_id}", json={"last_error": "none"}).status_code == 200
    shown = page(sandbox, administrator).text
    assert "https://portal.example" in shown
    assert "Contoso" in shown
    assert "<dd>Connected</dd>" in shown


def test_an_administrator_installs_and_removes_it_on_the_page(
    sandbox: SandboxProcess, administrator: requests.Session
) -> None:
    before = page(sandbox, administrator)
    assert "does not exist until the companion app is installed" in before.text
    after = administrator.post(*form_of(before, {"deed": "install"}), timeout=5)
    assert "No portal has connected yet." in after.text
    assert "Companion app, version" in after.text
    gone = administrator.post(*form_of(after, {"deed": "remove"}), timeout=5)
    assert "does not exist until" in gone.text


def test_it_stays_installed_over_a_restart() -> None:
    with SandboxProcess() as process:
        process.companion()
        process.stop()
        process.start()
        answer = requests.get(f"{process.url}/api/now/table/{TABLE}", auth=("admin", "admin"), timeout=5)
        assert answer.status_code == 200


def test_others_look_and_do_not_install(sandbox: SandboxProcess, browser: requests.Session) -> None:
    assert "Log in" in page(sandbox, browser).text
    form = {"user_name": "m365.integration", "user_password": "integration"}
    browser.post(f"{sandbox.url}/login.do", data=form, timeout=5)
    shown = page(sandbox, browser)
    assert "Installation checklist" in shown.text
    assert "<form" not in shown.text
    assert browser.post(f"{sandbox.url}{PAGE}", data={"deed": "install"}, timeout=5).status_code == 403


@pytest.mark.parametrize(
    ("fields", "advice"),
    [
        ({"locked_out": "true"}, "locked out"),
        ({"roles": ""}, "Give the user the role itil"),
        ({"web_service_access_only": "true"}, "cannot consent"),
    ],
)
def test_the_checklist_says_what_is_wrong_with_the_user(
    sandbox: SandboxProcess, administrator: requests.Session, fields: dict[str, str], advice: str
) -> None:
    (user,) = sandbox.records("sys_user", user_name="m365.integration")
    assert "Needs attention" not in page(sandbox, administrator).text
    sandbox.change("sys_user", user["sys_id"], **fields)
    shown = page(sandbox, administrator).text
    assert "Needs attention" in shown
    assert advice in shown


def test_the_checklist_follows_scope_and_tokens(
    sandbox: SandboxProcess, administrator: requests.Session
) -> None:
    assert "Authorize from the portal" in page(sandbox, administrator).text
    sandbox.token()
    assert "Authorize from the portal" not in page(sandbox, administrator).text
    sandbox.settings(auth_scopes="")
    assert "It has no auth scope" in page(sandbox, administrator).text
