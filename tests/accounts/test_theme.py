"""Which theme a page has: the one chosen in this browser, else the system's."""

import pytest
from django.conf import LazySettings
from django.test import Client

from accounts.models import User

pytestmark = pytest.mark.django_db
SWITCH = "/accounts/theme/"


@pytest.fixture
def browser(client: Client, administrator: User) -> Client:
    client.force_login(administrator)
    return client


def chosen(client: Client, theme: str, page: str = "/") -> str:
    """Choose a theme on a page; the page that comes back."""
    answer = client.post(SWITCH, {"theme": theme, "next": page}, follow=True)
    assert answer.redirect_chain == [(page, 302)]
    return answer.content.decode()


def test_a_page_follows_the_system_until_somebody_chooses(browser: Client) -> None:
    page = browser.get("/").content.decode()
    assert '<html lang="en">' in page
    assert '<meta name="color-scheme" content="light dark">' in page
    assert 'value="system" aria-current="true"' in page


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_chosen_theme_is_in_every_page_of_this_browser(
    browser: Client, settings: LazySettings, theme: str
) -> None:
    page = chosen(browser, theme)
    assert f'<html lang="en" data-theme="{theme}">' in page
    assert f'<meta name="color-scheme" content="{theme}">' in page
    assert f'value="{theme}" aria-current="true"' in page
    cookie = browser.cookies[settings.THEME_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 365 * 24 * 3600)
    browser.post("/accounts/logout/")
    assert f'data-theme="{theme}"' in browser.get("/accounts/login/").content.decode()
    assert "data-theme" not in Client().get("/accounts/login/").content.decode()


def test_the_system_can_be_followed_again(browser: Client) -> None:
    chosen(browser, "dark")
    assert "data-theme" not in chosen(browser, "system")


def test_the_administration_has_the_same_theme_and_no_switch_of_its_own(browser: Client) -> None:
    styles = "admin/css/dark_mode"
    system = browser.get("/admin/").content.decode()
    assert styles in system
    assert "theme-toggle" not in system
    assert styles not in chosen(browser, "light", "/admin/")
    dark = chosen(browser, "dark", "/admin/")
    assert styles in dark
    assert "js/admin-dark" in dark


@pytest.mark.parametrize("url", ["/", "/fails/"], ids=["400", "500"])
@pytest.mark.urls("tests.portal.test_headers")
def test_so_have_the_pages_of_requests_that_failed(browser: Client, url: str) -> None:
    browser.raise_request_exception = False
    host = "evil.example" if url == "/" else "testserver"
    assert '<html lang="en">' in browser.get(url, HTTP_HOST=host).content.decode()
    chosen(browser, "dark")
    page = browser.get(url, HTTP_HOST=host)
    assert page.status_code in (400, 500)
    assert '<html lang="en" data-theme="dark">' in page.content.decode()


@pytest.mark.parametrize("unknown", ["", "sepia", '"><script>'])
def test_a_theme_that_does_not_exist_changes_nothing(
    browser: Client, settings: LazySettings, unknown: str
) -> None:
    assert "data-theme" not in chosen(browser, unknown)
    assert settings.THEME_COOKIE_NAME not in browser.cookies
    browser.cookies[settings.THEME_COOKIE_NAME] = unknown
    assert "data-theme" not in browser.get("/").content.decode()


def test_the_switch_never_leads_to_another_site(browser: Client) -> None:
    answer = browser.post(SWITCH, {"theme": "dark", "next": "https://evil.example/"})
    assert answer["Location"] == "/"
