"""One password tried on many names ends at the network's budget, holds up no known browser, and costs little."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.contrib.auth import hashers
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import throttle
from accounts.client_origin import Origin
from accounts.models import SignInCounter, User
from accounts.throttle import TRIES, TRIES_OF_A_NEIGHBORHOOD, WINDOW
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"
PASSWORD = "correct horse battery"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
LAPTOP = "a" * 32
NAT, FAR = "192.0.2.1", "203.0.113.1"
refused_until = partial(throttle.refused_until, across_names=True)
succeeded = partial(throttle.succeeded, across_names=True)


def spray(network: str, names: int, now: datetime = NOON, prefix: str = "name") -> int:
    """Try one password on so many names; how many tries were let through."""
    return sum(refused_until(f"{prefix}{n}", Origin("", network), now) is None for n in range(names))


@pytest.fixture
def sem() -> User:
    person = UserFactory.create(username="sem")
    person.set_password(PASSWORD)
    person.save()
    return person


def test_a_network_has_one_budget_for_all_names() -> None:
    assert spray(NAT, TRIES_OF_A_NEIGHBORHOOD + 50) == TRIES_OF_A_NEIGHBORHOOD
    assert spray(NAT, 5, NOON + WINDOW, "later") == 5


@pytest.mark.parametrize(
    ("other", "is_the_same"),
    [
        ("192.0.2.250", True),
        ("192.0.3.1", False),
    ],
)
def test_neighboring_ipv4_addresses_share_it(other: str, is_the_same: bool) -> None:
    spray(NAT, TRIES_OF_A_NEIGHBORHOOD)
    assert (spray(other, 1) == 0) == is_the_same


@pytest.mark.parametrize(
    ("other", "is_the_same"),
    [("2001:db8:1:ffff::/64", True), ("2001:db8:2::/64", False)],
)
def test_a_customer_with_many_ipv6_networks_has_one(other: str, is_the_same: bool) -> None:
    spray("2001:db8:1::/64", TRIES_OF_A_NEIGHBORHOOD)
    assert (spray(other, 1) == 0) == is_the_same


def test_it_holds_up_nobody_elsewhere_and_no_known_browser() -> None:
    succeeded("sem", Origin(LAPTOP, NAT), NOON)
    spray(NAT, TRIES_OF_A_NEIGHBORHOOD + 10)
    assert refused_until("sem", Origin("", FAR), NOON) is None
    assert refused_until("sem", Origin(LAPTOP, NAT), NOON) is None
    assert refused_until("sem", Origin("", NAT), NOON) is not None


def test_an_office_that_signs_in_for_the_first_time_uses_up_nothing() -> None:
    for number in range(TRIES_OF_A_NEIGHBORHOOD + 50):
        name = f"colleague{number}"
        assert refused_until(name, Origin("", NAT), NOON) is None
        succeeded(name, Origin(f"{number:032x}", NAT), NOON)


def test_an_account_of_ones_own_buys_no_more_tries() -> None:
    """Signing in gives back its own try, not those that were wrong."""
    let_through = 0
    for number in range(TRIES_OF_A_NEIGHBORHOOD * 2):
        let_through += spray(NAT, 1, prefix=f"victim{number}-")
        if refused_until("mallory", Origin("", NAT), NOON) is None:
            succeeded("mallory", Origin("", NAT), NOON)
    assert let_through <= TRIES_OF_A_NEIGHBORHOOD


def test_a_new_password_by_mail_is_asked_for_during_an_attack() -> None:
    spray(NAT, TRIES_OF_A_NEIGHBORHOOD + 10)
    asked = throttle.refused_until("reset sem@aozora.example", Origin("", NAT), NOON, strangers=False)
    assert asked is None


def test_a_refused_try_writes_nothing_and_makes_no_row() -> None:
    spray(NAT, TRIES_OF_A_NEIGHBORHOOD)
    rows = SignInCounter.objects.count()
    with CaptureQueriesContext(database) as asked:
        assert refused_until("another", Origin("", NAT), NOON + timedelta(seconds=1)) is not None
    assert SignInCounter.objects.count() == rows
    assert all(query["sql"].startswith("SELECT") for query in asked)


class Hashes:
    """Counts password checks, each of which waits until it is let go."""

    def __init__(self) -> None:
        self.under_way, self.most = 0, 0
        self.lock, self.go = threading.Lock(), threading.Event()

    def __call__(self, password: str) -> None:
        with self.lock:
            self.under_way += 1
            self.most = max(self.most, self.under_way)
        self.go.wait(20)
        with self.lock:
            self.under_way -= 1


def test_strangers_check_few_passwords_at_a_time_and_known_browsers_wait_for_none_of_them() -> None:
    """A check costs a third of a second of a processor: a flood of them would take every thread and core there is."""
    hashes = Hashes()
    let_in: list[int] = []
    refused: list[int] = []

    def stranger() -> None:
        with throttle.password_check(is_known=False) as turn:
            if turn:
                hashes("x")
            (let_in if turn else refused).append(1)

    threads = [threading.Thread(target=stranger) for _ in range(12)]
    for thread in threads:
        thread.start()
    while len(refused) < 12 - throttle.STRANGERS_AT_A_TIME:
        assert any(thread.is_alive() for thread in threads)
        hashes.go.wait(0.01)
    with throttle.password_check(is_known=True) as turn:
        assert turn
    hashes.go.set()
    for thread in threads:
        thread.join()
    assert hashes.most <= throttle.STRANGERS_AT_A_TIME
    with throttle.password_check(is_known=False) as turn:
        assert turn, "places are given back"


@pytest.fixture
def busy() -> Iterator[None]:
    """As many strangers as may are having their passwords checked."""
    turns = [throttle.password_check(is_known=False) for _ in range(throttle.STRANGERS_AT_A_TIME)]
    for turn in turns:
        assert turn.__enter__()
    yield
    for turn in turns:
        turn.__exit__(None, None, None)


def test_a_stranger_is_asked_to_come_back_in_a_moment_and_has_lost_no_try(
    client: Client, sem: User, busy: None
) -> None:
    form = {"username": "sem", "password": PASSWORD}
    for _ in range(TRIES + 1):
        page = client.post(LOGIN, form, REMOTE_ADDR=NAT)
        assert page.status_code == 429
        assert 0 < int(page["Retry-After"]) <= 10
        assert "Many people are signing in at this moment." in page.content.decode()
    assert not SignInCounter.objects.exists()


def test_a_known_browser_signs_in_meanwhile(client: Client, sem: User) -> None:
    form = {"username": "sem", "password": PASSWORD}
    assert client.post(LOGIN, form, REMOTE_ADDR=NAT).status_code == 302
    client.post("/accounts/logout/")
    turns = [throttle.password_check(is_known=False) for _ in range(throttle.STRANGERS_AT_A_TIME)]
    for turn in turns:
        turn.__enter__()
    stranger = Client()
    spray(NAT, TRIES_OF_A_NEIGHBORHOOD, timezone.now())
    assert stranger.post(LOGIN, form, REMOTE_ADDR=NAT).status_code == 429
    assert client.post(LOGIN, form, REMOTE_ADDR=NAT).status_code == 302
    for turn in turns:
        turn.__exit__(None, None, None)


def test_after_the_budget_no_password_is_hashed(
    client: Client, sem: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted where Django's hasher computes: what is refused must not cost what a check costs."""
    computed = []
    hasher = type(hashers.get_hasher())
    encode = hasher.encode

    def counting(self: hashers.BasePasswordHasher, password: str, salt: str) -> str:
        computed.append(1)
        return encode(self, password, salt)

    monkeypatch.setattr(hasher, "encode", counting)
    for number in range(TRIES_OF_A_NEIGHBORHOOD + 20):
        client.post(LOGIN, {"username": f"name{number}", "password": "Winter2026!"}, REMOTE_ADDR=NAT)
    assert len(computed) == TRIES_OF_A_NEIGHBORHOOD
