"""Tries of passwords are counted so that guessing ends and nobody can lock somebody else out."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import LazySettings
from django.test import Client, RequestFactory

from accounts import throttle
from accounts.client_origin import Origin, network_of
from accounts.models import SignInCounter, User
from accounts.throttle import TRIES, TRIES_OF_STRANGERS, WINDOW, refused_until, succeeded
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"
PASSWORD = "correct horse battery"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOME, OFFICE, FAR = "192.0.2.1", "198.51.100.1", "203.0.113.1"
LAPTOP = "a" * 32


@pytest.fixture
def person() -> User:
    user = UserFactory.create(username="sem")
    user.set_password(PASSWORD)
    user.save()
    return user


def spend(origin: Origin, tries: int = TRIES, now: datetime = NOON) -> list[bool]:
    """Try so often; whether each was let through."""
    return [refused_until("sem", origin, now) is None for _ in range(tries)]


def is_let_in(client: Client, password: str, network: str = HOME, username: str = "sem") -> bool:
    form = {"username": username, "password": password}
    return client.post(LOGIN, form, REMOTE_ADDR=network).status_code == 302


def test_so_many_tries_and_no_more_until_the_window_is_over() -> None:
    here = Origin("", HOME)
    assert spend(here, TRIES + 1) == [True] * TRIES + [False]
    assert refused_until("sem", here, NOON) == NOON + WINDOW
    assert spend(here, 1, NOON + WINDOW - timedelta(seconds=1)) == [False]
    assert spend(here, TRIES + 1, NOON + WINDOW) == [True] * TRIES + [False]


def test_somebody_elsewhere_uses_up_nothing_of_ours() -> None:
    spend(Origin("", FAR), 50)
    assert spend(Origin("", HOME), 1) == [True]


def test_a_browser_that_is_known_goes_on_when_its_network_is_used_up() -> None:
    succeeded("sem", Origin(LAPTOP, OFFICE), NOON)
    spend(Origin("", OFFICE), 50)
    assert spend(Origin("b" * 32, OFFICE), 1) == [False]
    assert spend(Origin(LAPTOP, OFFICE), TRIES + 1) == [True] * TRIES + [False]


def test_a_browser_is_known_to_its_own_account_only() -> None:
    succeeded("mallory", Origin(LAPTOP, FAR), NOON)
    assert spend(Origin(LAPTOP, FAR), TRIES + 1)[-1] is False


def test_a_thousand_addresses_share_what_strangers_have() -> None:
    succeeded("sem", Origin(LAPTOP, OFFICE), NOON)
    let_through = sum(spend(Origin("", f"203.0.{n // 250}.{n % 250}"), 1)[0] for n in range(300))
    assert let_through == TRIES_OF_STRANGERS
    # The person at a network or a browser of theirs does not notice.
    assert spend(Origin("", OFFICE), 1) == [True]
    assert spend(Origin(LAPTOP, "203.0.113.99"), 1) == [True]


def test_signing_in_starts_the_counter_anew() -> None:
    here = Origin("", HOME)
    spend(here, TRIES - 1)
    succeeded("sem", here, NOON)
    assert spend(here, TRIES + 1) == [True] * TRIES + [False]


def test_signing_in_with_a_known_browser_gives_others_in_its_network_nothing() -> None:
    succeeded("sem", Origin(LAPTOP, OFFICE), NOON)
    spend(Origin("", OFFICE))
    succeeded("sem", Origin(LAPTOP, OFFICE), NOON)
    assert spend(Origin("", OFFICE), 1) == [False]


def test_a_browser_is_forgotten_after_a_quarter_of_a_year() -> None:
    succeeded("sem", Origin(LAPTOP, HOME), NOON)
    later = NOON + timedelta(days=91)
    spend(Origin("", HOME), TRIES, later)
    assert spend(Origin(LAPTOP, HOME), 1, later) == [False]


def test_invented_names_do_not_fill_the_table() -> None:
    for number in range(20):
        refused_until(f"nobody{number}", Origin("", FAR), NOON)
    refused_until("sem", Origin("", FAR), NOON + WINDOW)
    assert SignInCounter.objects.count() == 2


@pytest.mark.parametrize("name", ["SEM", "Sem", "ｓｅｍ"])
def test_another_spelling_is_the_same_account(name: str) -> None:
    spend(Origin("", HOME))
    assert refused_until(name, Origin("", HOME), NOON) is not None


def test_counters_do_not_tell_whose_they_are() -> None:
    refused_until("sem", Origin("", HOME), NOON)
    assert all(
        "sem" not in counter.key and HOME not in counter.key for counter in SignInCounter.objects.all()
    )


def test_a_used_up_account_is_refused_even_with_the_right_password(client: Client, person: User) -> None:
    assert not any(is_let_in(client, "wrong") for _ in range(TRIES))
    assert not is_let_in(client, PASSWORD)
    page = client.post(LOGIN, {"username": "sem", "password": PASSWORD}, REMOTE_ADDR=HOME)
    assert page.status_code == 429
    assert 0 < int(page["Retry-After"]) <= WINDOW.total_seconds()
    assert "Too many attempts" in page.content.decode()
    assert "Wait 15 minutes" in page.content.decode()
    assert PASSWORD not in page.content.decode()


def test_a_name_that_nobody_has_is_answered_alike(client: Client, person: User) -> None:
    def answers(username: str) -> list[str]:
        form = {"username": username, "password": "wrong"}
        pages = [client.post(LOGIN, form, REMOTE_ADDR=FAR) for _ in range(TRIES + 1)]
        return [f"{page.status_code} {page.context['form'].non_field_errors()}" for page in pages]

    assert answers("sem") == answers("nobody")


def test_the_real_person_signs_in_while_somebody_else_guesses(client: Client, person: User) -> None:
    assert is_let_in(client, PASSWORD, OFFICE)
    client.post("/accounts/logout/")
    stranger = Client()
    for network in (FAR, OFFICE):
        assert not any(is_let_in(stranger, "wrong", network) for _ in range(TRIES + 5))
    assert not is_let_in(Client(), PASSWORD, OFFICE)
    assert is_let_in(client, PASSWORD, OFFICE)


def test_the_browser_is_remembered_by_a_cookie_that_scripts_do_not_see(
    client: Client, person: User, settings: LazySettings
) -> None:
    assert not is_let_in(client, "wrong")
    assert settings.BROWSER_COOKIE_NAME not in client.cookies
    assert is_let_in(client, PASSWORD)
    cookie = client.cookies[settings.BROWSER_COOKIE_NAME]
    assert (len(cookie.value), cookie["httponly"], cookie["samesite"]) == (32, True, "Lax")
    first = cookie.value
    client.post("/accounts/logout/")
    assert is_let_in(client, PASSWORD)
    assert client.cookies[settings.BROWSER_COOKIE_NAME].value == first


def test_an_open_session_is_no_way_to_guess_the_password(client: Client, person: User) -> None:
    client.force_login(person)
    form = {"old_password": "wrong", "new_password1": "staple " * 3, "new_password2": "staple " * 3}
    for _ in range(TRIES):
        client.post("/accounts/password/", form)
    page = client.post("/accounts/password/", {**form, "old_password": PASSWORD})
    assert "Too many attempts" in page.content.decode()
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


@pytest.mark.parametrize(
    ("proxies", "forwarded", "network"),
    [
        (0, "203.0.113.9", "127.0.0.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "10.0.0.1, 203.0.113.9", "203.0.113.9"),
        (2, "10.0.0.1, 203.0.113.9, 172.16.0.1", "203.0.113.9"),
        (2, "203.0.113.9", "127.0.0.1"),
        (1, "", "unknown"),
        (1, "nonsense", "unknown"),
        (1, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        (1, "::ffff:203.0.113.9", "203.0.113.9"),
    ],
)
def test_only_trusted_proxies_say_where_a_request_comes_from(
    settings: LazySettings, proxies: int, forwarded: str, network: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", HTTP_X_FORWARDED_FOR=forwarded, REMOTE_ADDR="127.0.0.1")
    assert network_of(request) == network


def test_tries_are_counted_before_the_password_is_looked_at(
    client: Client, person: User, caplog: pytest.LogCaptureFixture
) -> None:
    """Tries that arrive together cannot all slip through: each takes its place first, by one conditional update."""
    for _ in range(TRIES):
        throttle.refused_until("sem", Origin("", HOME), NOON)
    assert "Too many tries" not in caplog.text
    throttle.refused_until("sem\nforged line", Origin("", HOME), NOON)
    for _ in range(TRIES):
        throttle.refused_until("sem\nforged line", Origin("", HOME), NOON)
    assert "'sem\\nforged line'" in caplog.text
