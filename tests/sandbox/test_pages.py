import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
import requests

from tests.sandbox_process import SandboxProcess, form_of


@pytest.fixture
def browser(sandbox: SandboxProcess) -> Iterator[requests.Session]:
    """A browser in which the administrator is signed in."""
    with requests.Session() as session:
        session.trust_env = False
        form = {"user_name": "admin", "user_password": "admin"}
        session.post(f"{sandbox.url}/login.do", data=form, timeout=5)
        yield session


def test_every_page_says_that_it_is_a_sandbox_and_runs_no_script(
    sandbox: SandboxProcess, browser: requests.Session
) -> None:
    sys_id = sandbox.create("incident")["sys_id"]
    for path in ("/", "/login.do", "/incident_list.do", f"/incident.do?sys_id={sys_id}", "/nothing.do"):
        answer = browser.get(f"{sandbox.url}{path}", timeout=5)
        assert "sandbox" in answer.text
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "<script" not in answer.text
        assert "style=" not in answer.text


def test_every_page_leads_to_the_tables_that_people_work_in(
    sandbox: SandboxProcess, browser: requests.Session
) -> None:
    lists = re.findall(r'<a href="(/\w+_list\.do)">[^<]+</a>', browser.get(sandbox.url, timeout=5).text)
    assert lists.count("/change_request_list.do") == lists.count("/incident_list.do") == 2
    assert {browser.get(f"{sandbox.url}{path}", timeout=5).status_code for path in lists} == {200}


def test_pages_of_records_ask_who_you_are(sandbox: SandboxProcess) -> None:
    answer = requests.get(f"{sandbox.url}/incident_list.do?sysparm_query=state=1", timeout=5)
    assert "Log in" in answer.text
    assert "/incident_list.do?sysparm_query=state=1" in answer.text


def test_a_list_honours_its_query(sandbox: SandboxProcess, browser: requests.Session) -> None:
    sandbox.create("change_request", short_description="wanted", correlation_display="ours")
    sandbox.create("change_request", short_description="other")
    page = browser.get(
        f"{sandbox.url}/change_request_list.do?sysparm_query=correlation_display=ours", timeout=5
    )
    assert "wanted" in page.text
    assert "other" not in page.text


def test_the_frame_leads_to_the_list_that_it_names(
    sandbox: SandboxProcess, browser: requests.Session
) -> None:
    inner = "change_request_list.do?sysparm_query=" + quote("correlation_display=ours", safe="")
    for address in (
        f"/nav_to.do?uri={quote(inner, safe='')}",
        f"/now/nav/ui/classic/params/target/{quote(inner, safe='')}",
    ):
        answer = browser.get(f"{sandbox.url}{address}", timeout=5)
        assert answer.url.startswith(
            f"{sandbox.url}/change_request_list.do?sysparm_query=correlation_display"
        )


def test_the_frame_leads_nowhere_else(sandbox: SandboxProcess, browser: requests.Session) -> None:
    answer = browser.get(
        f"{sandbox.url}/nav_to.do?uri=//elsewhere.example/", timeout=5, allow_redirects=False
    )
    assert answer.headers["Location"].startswith("/elsewhere")


def test_a_person_moves_a_change_on(sandbox: SandboxProcess, browser: requests.Session) -> None:
    sys_id = sandbox.create("change_request", short_description="<b>Mine</b>")["sys_id"]
    page = browser.get(f"{sandbox.url}/change_request.do?sys_id={sys_id}", timeout=5)
    assert "&lt;b&gt;Mine" in page.text
    after = browser.post(*form_of(page, {"state": "-4", "priority": "4", "work_notes": "On it"}), timeout=5)
    assert "Record updated." in after.text
    assert "On it" in after.text
    (row,) = sandbox.records("change_request")
    assert (row["state"], row["sys_updated_by"], row["sys_mod_count"]) == ("-4", "admin", "1")


def test_a_refusal_keeps_what_was_typed(sandbox: SandboxProcess, browser: requests.Session) -> None:
    sys_id = sandbox.create("incident", impact="2", urgency="2")["sys_id"]
    page = browser.get(f"{sandbox.url}/incident.do?sys_id={sys_id}", timeout=5)
    typed = {"state": "6", "impact": "2", "urgency": "2", "close_notes": "All well"}
    after = browser.post(*form_of(page, typed), timeout=5)
    assert after.status_code == 422
    assert "Resolution code" in after.text
    assert "All well" in after.text
    assert sandbox.records("incident")[0]["state"] == "1"


def test_a_form_without_its_token_changes_nothing(sandbox: SandboxProcess, browser: requests.Session) -> None:
    sys_id = sandbox.create("incident")["sys_id"]
    address = f"{sandbox.url}/incident.do?sys_id={sys_id}"
    assert browser.post(address, data={"state": "2"}, timeout=5).status_code == 403
