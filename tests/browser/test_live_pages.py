"""Pages that are open follow what happens in ServiceNow, and leave alone what somebody does in them."""

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from tests.browser.person import SLOW, Person
from tests.browser.portal import Portal

pytestmark = [pytest.mark.browser, pytest.mark.slow]
_FOCUS = "() => { const at = document.activeElement; return [at.id, at.value, at.selectionStart, at.selectionEnd]; }"
_SELECTED = "() => getSelection().toString()"


class Worker:
    """Somebody who works on one ticket inside ServiceNow."""

    def __init__(self, portal: Portal, page: Page, table: str) -> None:
        self.address = f"http://{portal.instance}/_sandbox/records/{table}"
        record = page.get_by_role("link", name="Open in ServiceNow").first.get_attribute("href") or ""
        self.sys_id = record.rpartition("sys_id%3D")[2]

    def change(self, **columns: str) -> None:
        """Change the record."""
        requests.post(self.address, json={"sys_id": self.sys_id, **columns}, timeout=10).raise_for_status()


def test_what_changes_in_servicenow_shows_and_nothing_that_a_person_does_is_lost(
    browser: Browser, connected: Portal
) -> None:
    """Half a note is written while the status changes; a text is selected; rows are ticked while a ticket is made."""
    with Person(browser, connected) as person:
        person.sign_in()
        page = person.page
        person.share(0, "change_request")
        person.go_on(page.get_by_role("link", name="View ticket"))
        worker = Worker(connected, page, "change_request")
        follow_a_ticket(page, worker)
        follow_the_tickets(person, worker)
        follow_the_actions(person)
        assert person.complaints == []


def follow_a_ticket(page: Page, worker: Worker) -> None:
    status, story = page.locator("#ticket-status"), page.locator("#ticket-story")
    page.evaluate("window.isSame = true")
    note = page.get_by_role("textbox", name="Work note")
    note.fill("Asked the vendor")
    note.evaluate("note => note.setSelectionRange(6, 9)")
    before = page.evaluate(_FOCUS)
    worker.change(state="-4")
    expect(status).to_have_text("Assess", timeout=SLOW)
    expect(story).to_contain_text("New → Assess")
    expect(page.locator("#announcer")).to_contain_text("Assess")
    assert page.evaluate(_FOCUS) == before

    # All parts wait, together, while a text in one of them is selected.
    story.get_by_text("New → Assess").select_text()
    selected = page.evaluate(_SELECTED)
    worker.change(state="-3")
    with page.expect_response(lambda answer: "/live/" in answer.url and answer.status == 200, timeout=SLOW):
        pass
    page.wait_for_timeout(500)
    assert page.evaluate(_SELECTED) == selected
    expect(status).to_have_text("Assess")
    expect(page.locator("#ticket-facts")).not_to_contain_text("Authorize")

    # A button keeps the focus, although all around it is new.
    page.evaluate("getSelection().removeAllRanges()")
    page.get_by_role("button", name="Refresh now").focus()
    expect(status).to_have_text("Authorize", timeout=SLOW)
    expect(page.get_by_role("button", name="Refresh now")).to_be_focused()
    expect(note).to_have_value("Asked the vendor")
    assert page.evaluate("window.isSame")


def follow_the_tickets(person: Person, worker: Worker) -> None:
    page = person.page
    name = page.get_by_role("heading", level=1).inner_text()
    page.goto(person.portal.url + "tickets/")
    page.evaluate("window.isSame = true")
    row = page.locator("tbody tr").filter(has_text=name)
    row.get_by_role("checkbox").check()
    row.get_by_role("link").focus()
    worker.change(state="-2")
    expect(row).to_contain_text("Scheduled", timeout=SLOW)
    expect(row.get_by_role("link")).to_be_focused()
    expect(row.get_by_role("checkbox")).to_be_checked()
    assert page.evaluate("window.isSame")


def follow_the_actions(person: Person, place: int = 4) -> None:
    page = person.page
    page.goto(person.portal.url + "secure-score/actions/")
    page.evaluate("window.isSame = true")
    row = page.locator("tbody tr").nth(place)
    count = row.locator("td.row__more").last
    expect(count).to_have_text("0")
    for ticked in (1, 6):
        page.locator("tbody input[type=checkbox]").nth(ticked).check()
    share = row.locator("summary")
    share.focus()
    with person.context.new_page() as tab:
        tab.goto(
            person.portal.url.rstrip("/") + (row.locator("a.js-dialog").last.get_attribute("href") or "")
        )
        tab.get_by_role("button", name="Send").click()
        tab.wait_for_url("**/tickets/*-*/")
    expect(count).to_have_text("1", timeout=SLOW)
    expect(share).to_be_focused()
    expect(page.locator("tbody input:checked")).to_have_count(2)
    expect(page.locator("tbody input[type=checkbox]").nth(6)).to_be_checked()
    expect(page.locator(".selection__count")).to_have_text("Selected: 2")
    assert page.evaluate("window.isSame")
