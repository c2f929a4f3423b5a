"""What stays of a signed-in person's pages in a browser, and what a request by HEAD uses up: nothing."""

from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.reset import link_of
from tests.accounts.test_sign_in import PASSWORD, named_pages
from tests.factories import TicketFactory
from tickets.pages.export import safe

pytestmark = pytest.mark.django_db
CLEARED = '"cache", "storage"'


def rows() -> dict[str, list[dict[str, Any]]]:
    """Everything there is."""
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values()) for model in apps.get_models()
    }


@pytest.fixture
def browser(client: Client, administrator: User) -> Client:
    client.force_login(administrator)
    client.get("/")
    return client


@pytest.mark.parametrize(
    "name", ["home", "cards", "tickets:list", "tickets:export", "nowhere", "accounts:login", "admin:index"]
)
def test_no_browser_keeps_what_a_signed_in_person_saw(browser: Client, name: str) -> None:
    address = "/nowhere/" if name == "nowhere" else reverse(name)
    assert "no-store" in browser.get(address)["Cache-Control"]


def test_signing_in_and_out_are_not_kept_either(client: Client, reader: User) -> None:
    reader.set_password(PASSWORD)
    reader.save()
    answer = client.post("/accounts/login/", {"username": reader.username, "password": PASSWORD})
    assert answer.status_code == 302
    assert "no-store" in answer["Cache-Control"]
    assert "no-store" in client.post("/accounts/logout/")["Cache-Control"]


def test_probes_and_static_files_may_be_kept_as_before(browser: Client) -> None:
    page = browser.get(staticfiles_storage.url("css/all.css"))
    assert page.status_code == 200
    assert "no-store" not in page["Cache-Control"]
    page.close()


@pytest.mark.parametrize("address", ["/accounts/logout/", "/accounts/sign-out-everywhere/"])
def test_signing_out_clears_what_the_browser_kept_but_no_cookie(browser: Client, address: str) -> None:
    browser.cookies[settings.THEME_COOKIE_NAME] = "dark"
    answer = browser.post(address)
    assert answer["Clear-Site-Data"] == CLEARED
    assert settings.THEME_COOKIE_NAME not in answer.cookies
    assert "Clear-Site-Data" not in browser.get("/accounts/login/").headers


def test_head_changes_no_row_at_any_address(browser: Client, administrator: User) -> None:
    TicketFactory.create()
    browser.post(reverse("show_card", args=["incident"]))
    browser.post(reverse("hide_card", args=["incident"]))  # Leaves a message.
    before = rows()
    for name, address in (named_pages() | {"admin:index": "/admin/"}).items():
        browser.head(address)
        assert rows() == before, name
    assert "hidden" in browser.get("/").content.decode()


def test_head_makes_no_session_and_uses_up_no_link(client: Client, reader: User, settings: Any) -> None:
    settings.HAS_MAIL_SERVER = True
    before = rows()
    link = link_of(reader)
    assert client.head(link).status_code == 302
    assert rows() == before
    assert client.get(link).status_code == 302
    page = client.get(client.get(link)["Location"])
    assert page.context["validlink"]


def test_head_keeps_the_reason_for_being_signed_out(browser: Client) -> None:
    session = browser.session
    session["seen_at"] = 0
    session.save()
    browser.head("/")
    page = browser.get("/", follow=True)
    assert "You were signed out" in page.content.decode()


def test_the_list_of_static_files_is_not_served() -> None:
    for name in ("staticfiles.json", "static/staticfiles.json"):
        assert not (settings.STATIC_ROOT / name).exists()
    assert Client().get("/static/staticfiles.json").status_code in (302, 404)
    assert staticfiles_storage.stored_name("css/all.css") != "css/all.css"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("a;=1+1", "a;'=1+1"),
        ("a\t@SUM(A1)", "a\t'@SUM(A1)"),
        ('"; =1', "\";' =1"),
        ("a;\uff1d1", "a;'\uff1d1"),
        ("\u22121+1", "'\u22121+1"),
        ("\ufe63\uff11", "'\ufe63\uff11"),
        (" =1", "' =1"),
        ("a, b; c", "a, b; c"),
        ("Enable MFA - all", "Enable MFA - all"),
        ("", ""),
    ],
)
def test_no_cell_is_a_formula_however_the_file_is_cut(cell: str, written: str) -> None:
    assert safe(cell) == written
