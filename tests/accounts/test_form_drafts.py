"""Nothing typed is lost when a session ends, or changes, in the middle of a form."""

from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import LazySettings
from django.contrib.auth import BACKEND_SESSION_KEY, SESSION_KEY
from django.test import Client
from django.utils import translation

from accounts.form_drafts import LONGEST
from accounts.models import User
from connector.models import Connection
from scorecard.models import ImprovementAction
from tests.factories import ActionFactory, ConnectionFactory, person
from tickets.models import Ticket

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"
PASSWORD = "correct horse battery"
ID = "11111111-2222-3333-4444-555555555555"
FORM = f"/tickets/new/?kind=incident&ticket={ID}"
TO_FORM = f"{LOGIN}?next={quote(FORM)}"
TYPED = {
    "ticket_id": ID,
    "name": "Café: require <MFA>",
    "description": "Line one\nline two",
    "kind": "incident",
    "category": "data",
    "priority": "1",
    "due_on": "2030-01-31",
    "csrfmiddlewaretoken": "x",
}
SAID = "This was not sent: your sign-in had ended or changed in the meantime."


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def sem() -> User:
    return with_password("Security Administrator", "sem")


@pytest.fixture
def browser(client: Client, sem: User) -> Client:
    """A browser whose session has just ended."""
    client.force_login(sem)
    end(client)
    return client


def with_password(role: str, username: str) -> User:
    user = person(role)
    user.username = username
    user.set_password(PASSWORD)
    user.save()
    return user


def end(client: Client) -> None:
    session = client.session
    session["seen_at"] -= timedelta(hours=1).total_seconds()
    session.save()


def sign_in(client: Client, to: str, username: str = "sem") -> str:
    """Sign in and arrive at the page that sign-in leads to."""
    form = {"username": username, "password": PASSWORD, "next": to}
    page = client.post(LOGIN, form, follow=True)
    assert page.status_code == 200
    return unescape(page.content.decode())


def age(client: Client, by: timedelta) -> None:
    session = client.session
    session["kept_form"]["at"] -= by.total_seconds()
    session.save()


def test_a_form_sent_after_the_session_ended_comes_back_as_it_was_typed(browser: Client) -> None:
    sent = browser.post(FORM, TYPED)
    assert sent["Location"] == TO_FORM
    page = sign_in(browser, FORM)
    assert SAID in page
    for shown in (TYPED["name"], TYPED["description"], TYPED["ticket_id"], 'value="2030-01-31"'):
        assert shown in page
    assert '<option value="1" selected>' in page
    assert '<option value="data" selected>' in page
    assert not Ticket.objects.exists()


def test_the_sign_in_page_says_why_it_is_there(browser: Client) -> None:
    page = browser.post(FORM, TYPED, follow=True)
    assert "you had not done anything for a while" in page.content.decode()
    assert TYPED["name"] not in page.content.decode()


def test_what_was_kept_is_shown_once(browser: Client) -> None:
    browser.post(FORM, TYPED)
    sign_in(browser, FORM)
    again = browser.get(FORM).content.decode()
    assert "Line one" not in again
    assert SAID not in again


def test_what_was_kept_belongs_to_its_address(browser: Client) -> None:
    browser.post(FORM, TYPED)
    assert "Line one" not in sign_in(browser, FORM.replace("incident", "change_request"))
    assert "Line one" in browser.get(FORM).content.decode()


def test_nobody_else_sees_what_was_typed(browser: Client) -> None:
    with_password("Security Administrator", "mallory")
    browser.post(FORM, TYPED)
    page = sign_in(browser, FORM, "mallory")
    assert "Line one" not in page
    assert "kept_form" not in browser.session


def test_it_waits_for_a_quarter_of_an_hour(browser: Client) -> None:
    browser.post(FORM, TYPED)
    age(browser, timedelta(minutes=14))
    assert "Line one" in sign_in(browser, FORM)
    end(browser)
    browser.post(FORM, TYPED)
    age(browser, timedelta(minutes=16))
    assert "Line one" not in sign_in(browser, FORM)


def test_a_session_ended_elsewhere_keeps_it_too(client: Client, sem: User) -> None:
    client.force_login(sem)
    sem.end_sessions()
    client.post(FORM, TYPED)
    assert "Line one" in sign_in(client, FORM)


@pytest.mark.parametrize("first", ["/cards/", "/tickets/"])
def test_it_does_not_matter_what_notices_first_that_the_session_ended(browser: Client, first: str) -> None:
    browser.get(first, headers={"HX-Request": "true"})
    browser.post(FORM, TYPED)
    assert "Line one" in sign_in(browser, FORM)


def test_a_form_left_open_while_signing_out_in_another_tab_is_kept(client: Client, sem: User) -> None:
    client.force_login(sem)
    client.post("/accounts/logout/")
    client.post(FORM, TYPED)
    assert "Line one" in sign_in(client, FORM)


def test_a_session_remembers_whose_it_was_only_until_somebody_signs_in(browser: Client) -> None:
    with_password("Security Administrator", "mallory")
    browser.get("/tickets/")
    sign_in(browser, "/tickets/", "mallory")
    assert "ended" not in browser.session


def test_strangers_store_nothing(client: Client) -> None:
    client.post(FORM, TYPED)
    assert not client.session.keys()


def test_a_form_that_is_too_long_is_not_kept(browser: Client) -> None:
    browser.post(FORM, {**TYPED, "description": "x" * LONGEST})
    assert "kept_form" not in browser.session


def test_an_unticked_box_comes_back_unticked_and_a_ticked_one_ticked(browser: Client, sem: User) -> None:
    action: ImprovementAction = ActionFactory.create(control_id="mfa")
    current = ConnectionFactory.create(status="connected", is_current=True)
    Ticket.objects.create(
        instance=current.instance, kind="incident", name="First", description="d", priority=2,
        recommendation_source="microsoft", recommendation_category="data", requested_by=sem, action=action,
    )  # fmt: skip
    address = f"/tickets/share/mfa/?ticket={ID}"
    browser.post(address, {**TYPED, "is_extra": "on"})
    assert 'name="is_extra" id="id_is_extra" checked' in sign_in(browser, address)
    end(browser)
    browser.post(address, TYPED)
    assert 'name="is_extra" id="id_is_extra" checked' not in sign_in(browser, address)


def test_a_secret_is_never_kept(browser: Client) -> None:
    typed = {"instance": "acme", "grant": "client_credentials", "client_id": "scoredesk"}
    browser.post("/servicenow/setup/", {**typed, "client_secret": "canary"})
    assert "canary" not in str(dict(browser.session.items()))
    page = sign_in(browser, "/servicenow/setup/")
    assert 'value="acme"' in page
    assert 'value="client_credentials" required id="id_grant_1" checked' in page.replace(' class=""', "")
    assert "canary" not in page
    assert not Connection.objects.exists()


def test_from_the_dialog_the_whole_page_goes_to_sign_in_and_comes_back_to_the_form(browser: Client) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/tickets/"}
    answer = browser.post(FORM, TYPED, headers=headers)
    assert (answer.status_code, answer["HX-Redirect"]) == (
        204,
        TO_FORM,
    )
    assert "Line one" in sign_in(browser, FORM)


def test_a_button_without_a_form_leads_back_to_its_page_and_does_nothing(browser: Client) -> None:
    address = f"/tickets/{TYPED['ticket_id']}/retry/"
    answer = browser.post(address, headers={"Referer": "http://testserver/tickets/"})
    assert answer["Location"] == f"{LOGIN}?next=/tickets/"
    assert "kept_form" not in browser.session


@pytest.fixture
def strict(sem: User) -> Client:
    """A browser that is signed in, in front of a portal that checks tokens."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(sem)
    return client


OURS = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}


@pytest.mark.parametrize("fragment", [{}, {"HX-Request": "true"}])
def test_a_form_left_open_while_signing_in_anew_elsewhere_is_shown_again(
    strict: Client, fragment: dict[str, str]
) -> None:
    page = strict.post(FORM, TYPED, headers=OURS | fragment, follow=True)
    assert page.status_code == 200
    text = unescape(page.content.decode())
    assert SAID in text
    assert TYPED["description"] in text
    assert ("<html" in text) == (not fragment)


def test_the_same_holds_when_the_session_has_ended_as_well(strict: Client) -> None:
    end(strict)
    answer = strict.post(FORM, TYPED, headers=OURS)
    assert answer["Location"] == TO_FORM
    assert strict.session["kept_form"]["path"] == FORM


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://testserver"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://testserver.evil.example", "Sec-Fetch-Site": "same-site"},
    ],
)
def test_what_another_site_sends_is_refused_and_not_kept(strict: Client, headers: dict[str, str]) -> None:
    answer = strict.post(FORM, TYPED, headers=headers)
    assert answer.status_code == 403
    assert "This form is no longer valid" in answer.content.decode()
    assert "kept_form" not in strict.session


def test_whoever_signs_in_keeps_the_rest_of_the_session_out(browser: Client, settings: LazySettings) -> None:
    browser.post(FORM, TYPED)
    assert not {SESSION_KEY, BACKEND_SESSION_KEY} & set(browser.session.keys())
    cookie: Any = browser.cookies[settings.SESSION_COOKIE_NAME]
    before = cookie.value
    sign_in(browser, FORM)
    assert browser.cookies[settings.SESSION_COOKIE_NAME].value != before
