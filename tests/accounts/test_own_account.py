"""What decides who somebody is and may do changes only with proof that its person is there, and never in secret."""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts.models import User
from accounts.roles import ADMINISTRATOR, READER
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
USERS = "/admin/accounts/user/"
PASSWORD = "correct horse battery"
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
