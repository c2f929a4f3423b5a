"""What decides who somebody is and may do changes only with proof that its person is there, and never in secret."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.recent_sign_in import is_recent, note
from accounts.roles import ADMINISTRATOR, READER, SECURITY_ADMINISTRATOR
from accounts.throttle import TRIES
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
USERS = "/admin/accounts/user/"
PASSWORD = "correct horse battery"
CONFIRM = "/accounts/confirm/"
NEW = {"password1": "staple " * 3, "password2": "staple " * 3, "usable_password": "true"}


@pytest.fixture
def aiko() -> User:
    """An administrator by the role alone, with a password."""
    return administrator("aiko")


@pytest.fixture
def browser(client: Client, aiko: User) -> Client:
    client.force_login(aiko)
    return client


def administrator(username: str) -> User:
    person = UserFactory.create(username=username)
    person.set_password(PASSWORD)
    person.save()
    person.groups.add(Group.objects.get(name=ADMINISTRATOR))
    return person


def user_form(person: User, **changes: Any) -> dict[str, Any]:
    """What the administration's form of a person sends."""
    form = {name: getattr(person, name) for name in ("username", "first_name", "last_name", "email")}
    form |= {"language": "", "tenant_id": "", "object_id": ""}
    return form | {"groups": [group.pk for group in person.groups.all()]} | changes


def role(name: str) -> int:
    return Group.objects.get(name=name).pk


@pytest.mark.parametrize("key", ["{}", "0{}", " {}"])
def test_ones_own_password_takes_the_old_one_in_the_administration_too(
    browser: Client, aiko: User, key: str
) -> None:
    address = f"{USERS}{key.format(aiko.pk)}/password/"
    for answer in (browser.get(address), browser.post(address, NEW)):
        assert (answer.status_code, answer["Location"]) == (302, "/accounts/password/")
    aiko.refresh_from_db()
    assert aiko.check_password(PASSWORD)


def test_ones_own_roles_are_changed_by_somebody_else(browser: Client, aiko: User) -> None:
    page = browser.get(f"{USERS}{aiko.pk}/change/")
    assert 'name="groups"' not in page.content.decode()
    browser.post(f"{USERS}{aiko.pk}/change/", user_form(aiko, groups=[role(READER)]))
    assert [group.name for group in aiko.groups.all()] == [ADMINISTRATOR]


def grow_old(client: Client, minutes: int = 16) -> None:
    """Let the last proof of who sits there be so old; the session goes on."""
    session = client.session
    session["authenticated_at"] -= minutes * 60
    session.save()


def confirm(client: Client, address: str, password: str = PASSWORD) -> Any:
    return client.post(address, {"password": password})


def test_a_change_of_a_person_asks_for_a_recent_sign_in_and_keeps_what_was_typed(
    browser: Client, reader: User
) -> None:
    address = f"{USERS}{reader.pk}/change/"
    typed = user_form(reader, email="new@aozora.example", groups=[role(SECURITY_ADMINISTRATOR)])
    grow_old(browser)
    answer = browser.post(address, typed)
    assert answer["Location"] == f"{CONFIRM}?next={address}"
    reader.refresh_from_db()
    assert reader.email != "new@aozora.example"
    assert [group.name for group in reader.groups.all()] == [READER]

    back = confirm(browser, answer["Location"])
    assert back["Location"] == address
    page = browser.get(address).content.decode()
    assert 'value="new@aozora.example"' in page
    assert f'<option value="{role(SECURITY_ADMINISTRATOR)}" selected>' in page
    assert "This was not sent: you were asked for your password first." in page
    assert browser.post(address, typed)["Location"] == USERS
    reader.refresh_from_db()
    assert reader.email == "new@aozora.example"


def test_a_recent_sign_in_is_enough(browser: Client, reader: User) -> None:
    grow_old(browser, 14)
    answer = browser.post(f"{USERS}{reader.pk}/change/", user_form(reader, first_name="Rin"))
    assert answer["Location"] == USERS


def test_somebody_elses_password_takes_a_recent_sign_in_before_it_is_typed(
    browser: Client, reader: User
) -> None:
    address = f"{USERS}{reader.pk}/password/"
    grow_old(browser)
    for answer in (browser.get(address), browser.post(address, NEW)):
        assert answer["Location"] == f"{CONFIRM}?next={address}"
    assert "staple" not in str(dict(browser.session.items()))
    reader.refresh_from_db()
    assert not reader.check_password(NEW["password1"])


def test_adding_somebody_and_letting_somebody_in_again_take_one_too(browser: Client, reader: User) -> None:
    grow_old(browser)
    answer = browser.post(f"{USERS}add/", {"username": "rin", **NEW})
    assert answer["Location"] == f"{CONFIRM}?next={USERS}add/"
    User.objects.filter(pk=reader.pk).update(is_active=False)
    answer = browser.post(USERS, {"action": "reactivate", "_selected_action": [reader.pk]})
    assert answer["Location"] == f"{CONFIRM}?next={USERS}"
    reader.refresh_from_db()
    assert not reader.is_active
    assert not User.objects.filter(username="rin").exists()
    confirm(browser, answer["Location"])
    assert 'value="rin"' in browser.get(f"{USERS}add/").content.decode()


def test_taking_access_away_waits_for_nothing(browser: Client, reader: User) -> None:
    grow_old(browser)
    browser.post(USERS, {"action": "deactivate", "_selected_action": [reader.pk]})
    reader.refresh_from_db()
    assert not reader.is_active


def test_a_wrong_password_confirms_nothing_and_is_counted(browser: Client, aiko: User) -> None:
    grow_old(browser)
    for _ in range(TRIES):
        page = confirm(browser, CONFIRM, "wrong")
        assert page.status_code == 422
        assert "This is not your password." in page.content.decode()
    page = confirm(browser, CONFIRM)
    assert page.status_code == 429
    assert not is_recent(browser.session, timezone.now())


def test_confirming_renews_the_session_without_making_it_longer(
    browser: Client, settings: LazySettings
) -> None:
    grow_old(browser)
    before, key = browser.session["signed_in_at"], str(browser.session.session_key)
    confirm(browser, CONFIRM)
    assert is_recent(browser.session, timezone.now())
    assert browser.session["signed_in_at"] == before
    # A copy of the cookie from before does not come to share in it.
    assert browser.session.session_key != key
    browser.cookies[settings.SESSION_COOKIE_NAME] = key
    assert browser.get("/admin/").status_code == 302


def test_confirming_leads_to_no_other_site(browser: Client) -> None:
    assert confirm(browser, f"{CONFIRM}?next=https://evil.example/")["Location"] == "/"


def test_whoever_has_no_password_here_signs_in_again(browser: Client, aiko: User) -> None:
    aiko.set_unusable_password()
    aiko.save()
    browser.force_login(aiko)
    page = browser.get(CONFIRM).content.decode()
    assert 'type="password"' not in page
    assert "Sign out and sign in again" in page
    assert confirm(browser, CONFIRM, "").status_code == 422


def test_what_an_identity_provider_vouches_for_counts_from_its_own_time(browser: Client) -> None:
    now = timezone.now()
    session = browser.session
    note(session, now - timedelta(minutes=20))
    assert not is_recent(session, now)
    note(session, now - timedelta(minutes=2))
    assert is_recent(session, now)
    note(session, now + timedelta(hours=1))
    assert not is_recent(session, now)
