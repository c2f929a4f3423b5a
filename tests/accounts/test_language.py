"""Which language a page is in: the person's, else the browser's."""

import pytest
from django.conf import LazySettings
from django.test import Client

from accounts.models import User

pytestmark = pytest.mark.django_db
SWITCH = "/accounts/language/"


def language_of(client: Client, **headers: str) -> str:
    """The language in which a page arrives, as its header and its markup agree."""
    page = client.get("/accounts/login/" if "_auth_user_id" not in client.session else "/", headers=headers)
    language: str = page["Content-Language"]
    assert f'<html lang="{language}">' in page.content.decode()
    return language


def test_a_page_is_in_the_browser_s_language_or_else_in_english(client: Client) -> None:
    assert language_of(client) == "en"
    assert language_of(client, accept_language="ja,en;q=0.5") == "ja"
    assert language_of(client, accept_language="nl,fr;q=0.5") == "en"


def test_the_switch_is_remembered_by_a_cookie_before_sign_in(client: Client, settings: LazySettings) -> None:
    page = client.post(SWITCH, {"language": "ja", "next": "/accounts/login/?next=/tickets/"})
    assert page["Location"] == "/accounts/login/?next=/tickets/"
    cookie = client.cookies[settings.LANGUAGE_COOKIE_NAME]
    assert (cookie.value, cookie["httponly"], cookie["samesite"]) == ("ja", True, "Lax")
    assert language_of(client, accept_language="en") == "ja"


def test_the_switch_is_remembered_with_the_person_in_any_browser(client: Client, reader: User) -> None:
    client.force_login(reader)
    client.post(SWITCH, {"language": "ja", "next": "/"})
    reader.refresh_from_db()
    assert reader.language == "ja"
    another = Client()
    another.force_login(reader)
    assert language_of(another, accept_language="en") == "ja"


def test_a_person_s_language_wins_over_cookie_and_browser(
    client: Client, reader: User, settings: LazySettings
) -> None:
    User.objects.filter(pk=reader.pk).update(language="en")
    client.force_login(reader)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "ja"
    assert language_of(client, accept_language="ja") == "en"


def test_one_person_s_language_does_not_stay_for_the_next_request(client: Client, reader: User) -> None:
    User.objects.filter(pk=reader.pk).update(language="ja")
    client.force_login(reader)
    assert language_of(client) == "ja"
    assert language_of(Client()) == "en"


@pytest.mark.parametrize("unknown", ["", "xx", "nl", "../../etc/passwd"])
def test_a_language_that_the_portal_does_not_speak_changes_nothing(
    client: Client, reader: User, settings: LazySettings, unknown: str
) -> None:
    client.force_login(reader)
    page = client.post(SWITCH, {"language": unknown, "next": "/tickets/"})
    assert page["Location"] == "/tickets/"
    assert settings.LANGUAGE_COOKIE_NAME not in client.cookies
    reader.refresh_from_db()
    assert reader.language == ""


def test_a_stored_language_that_the_portal_no_longer_speaks_is_passed_over(
    client: Client, reader: User
) -> None:
    User.objects.filter(pk=reader.pk).update(language="xx")
    client.force_login(reader)
    assert language_of(client, accept_language="ja") == "ja"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", ""]
)
def test_the_switch_never_leads_to_another_site(client: Client, target: str) -> None:
    assert client.post(SWITCH, {"language": "ja", "next": target})["Location"] == "/"


def test_the_switch_takes_a_post_of_our_own_pages(client: Client) -> None:
    assert client.get(SWITCH).status_code == 405
    assert Client(enforce_csrf_checks=True).post(SWITCH, {"language": "ja"}).status_code == 403
