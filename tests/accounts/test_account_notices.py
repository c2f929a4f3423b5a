"""Whoever's password, address or role changed hears of it, on their pages and by mail."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import Group
from django.core import mail
from django.test import Client

from accounts import people, reset
from accounts.models import User
from accounts.notices import LONGEST, NoticeType
from accounts.roles import ADMINISTRATOR, READER, SECURITY_ADMINISTRATOR
from portal.celery import app
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
USERS, DISMISS = "/admin/accounts/user/", "/accounts/notices/dismiss/"
OLD, NEW = "correct horse battery", "staple staple staple "
Post = Callable[..., Any]


@pytest.fixture
def sem() -> User:
    return with_role("sem", READER)


@pytest.fixture
def aiko() -> User:
    return with_role("aiko", ADMINISTRATOR)


def with_role(username: str, role: str) -> User:
    person = UserFactory.create(username=username)
    person.set_password(OLD)
    person.save()
    person.groups.add(Group.objects.get(name=role))
    return person


@pytest.fixture
def post(
    client: Client, settings: LazySettings, django_capture_on_commit_callbacks: Callable[..., Any]
) -> Iterator[Post]:
    """Post a form as somebody, and let the workers do what they are told to."""
    settings.HAS_MAIL_SERVER = True
    app.conf.task_always_eager = True

    def post(who: User | None, address: str, form: dict[str, Any]) -> Any:
        if who:
            client.force_login(User.objects.get(pk=who.pk))
        with django_capture_on_commit_callbacks(execute=True):
            answer = client.post(address, form)
        assert answer.status_code == 302, answer.content.decode()
        return answer

    yield post
    app.conf.task_always_eager = False


def user_form(person: User, **changes: Any) -> dict[str, Any]:
    form = {name: getattr(person, name) for name in ("username", "first_name", "last_name", "email")}
    form |= {"language": "", "tenant_id": "", "object_id": ""}
    return form | {"groups": [group.pk for group in person.groups.all()]} | changes


def seen_by(person: User) -> str:
    client = Client()
    client.force_login(User.objects.get(pk=person.pk))
    return client.get("/tickets/").content.decode()


def test_a_new_address_is_told_to_the_old_one_too(post: Post, aiko: User, sem: User) -> None:
    before = sem.email
    post(aiko, f"{USERS}{sem.pk}/change/", user_form(sem, email="evil@aozora.example"))
    assert "Your email address was changed." in seen_by(sem)
    assert sorted(to for message in mail.outbox for to in message.to) == ["evil@aozora.example", before]
    assert {message.subject for message in mail.outbox} == {
        "Your Scoredesk account: Your email address was changed."
    }
    text = str(mail.outbox[0].body)
    assert "by aiko" in text
    assert "tell an administrator" in text
    assert "evil@aozora.example" not in text


def test_a_role_is_told(post: Post, aiko: User, sem: User) -> None:
    role = Group.objects.get(name=SECURITY_ADMINISTRATOR)
    post(aiko, f"{USERS}{sem.pk}/change/", user_form(sem, groups=[role.pk]))
    assert "Your roles were changed." in seen_by(sem)
    assert [message.to for message in mail.outbox] == [[sem.email]]


def test_a_new_administrator_is_told_to_the_others(post: Post, aiko: User, sem: User) -> None:
    other, role = with_role("mio", ADMINISTRATOR), Group.objects.get(name=ADMINISTRATOR)
    post(aiko, f"{USERS}{sem.pk}/change/", user_form(sem, groups=[role.pk]))
    for person in (aiko, other):
        assert "sem became an administrator." in seen_by(person)
    assert "became an administrator" not in seen_by(sem)


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("username", "Your user name was changed."),
        ("object_id", "Your Microsoft Entra identity was changed."),
    ],
)
def test_whatever_else_lets_somebody_in_is_told(
    post: Post, aiko: User, sem: User, field: str, said: str
) -> None:
    post(aiko, f"{USERS}{sem.pk}/change/", user_form(sem, **{field: "other"}))
    assert said in seen_by(sem)


def test_a_change_that_lets_nobody_in_is_not_told(post: Post, aiko: User, sem: User) -> None:
    post(aiko, f"{USERS}{sem.pk}/change/", user_form(sem, first_name="Sem"))
    assert not mail.outbox
    assert "was changed" not in seen_by(sem)


def test_a_password_set_by_somebody_else_is_told(post: Post, aiko: User, sem: User) -> None:
    new = {"password1": NEW, "password2": NEW, "usable_password": "true"}
    post(aiko, f"{USERS}{sem.pk}/password/", new)
    assert "Your password was changed." in seen_by(sem)
    assert [message.to for message in mail.outbox] == [[sem.email]]
    assert NEW not in str(mail.outbox[0].body)


def test_a_password_changed_by_oneself_is_told(post: Post, sem: User) -> None:
    post(sem, "/accounts/password/", {"old_password": OLD, "new_password1": NEW, "new_password2": NEW})
    assert "Your password was changed." in seen_by(sem)
    assert len(mail.outbox) == 1


def test_a_password_chosen_by_a_link_is_told(post: Post, client: Client, sem: User) -> None:
    form_page = client.get(reset.link_of(sem))["Location"]
    post(None, form_page, {"new_password1": NEW, "new_password2": NEW})
    assert "by a link that was sent to your email address" in seen_by(sem)
    assert len(mail.outbox) == 1


def test_it_is_said_in_the_persons_language(post: Post, aiko: User, sem: User) -> None:
    User.objects.filter(pk=sem.pk).update(language="ja")
    post(aiko, f"{USERS}{sem.pk}/change/", user_form(sem, language="ja", email="neu@aozora.example"))
    assert "メール アドレスが変更されました" in str(mail.outbox[0].body)


def test_without_a_mail_server_the_pages_tell(
    client: Client, aiko: User, sem: User, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    client.force_login(aiko)
    with django_capture_on_commit_callbacks() as told:
        client.post(f"{USERS}{sem.pk}/change/", user_form(sem, email="new@aozora.example"))
    assert told == []
    assert "Your email address was changed." in seen_by(sem)


def test_a_notice_stays_until_its_person_has_read_it(client: Client, aiko: User, sem: User) -> None:
    people.tell(sem, NoticeType.PASSWORD, by=aiko)
    client.force_login(User.objects.get(pk=sem.pk))
    first = User.objects.get(pk=sem.pk).notices[0]["at"]
    assert "Your password was changed." in client.get("/tickets/").content.decode()
    people.tell(sem, NoticeType.ROLES, by=aiko)
    answer = client.post(DISMISS, {"until": first, "next": "/tickets/"})
    assert answer["Location"] == "/tickets/"
    page = client.get("/tickets/").content.decode()
    assert "Your password was changed." not in page
    # It came after the page that was read.
    assert "Your roles were changed." in page


def test_notices_do_not_grow_without_end(aiko: User, sem: User) -> None:
    for _ in range(LONGEST + 5):
        people.tell(sem, NoticeType.PASSWORD, by=aiko)
    assert len(User.objects.get(pk=sem.pk).notices) == LONGEST


@pytest.mark.parametrize("until", ["", "nonsense", "9999", "\0"])
def test_what_is_no_time_dismisses_nothing(client: Client, aiko: User, sem: User, until: str) -> None:
    people.tell(sem, NoticeType.PASSWORD, by=aiko)
    client.force_login(User.objects.get(pk=sem.pk))
    client.post(DISMISS, {"until": until})
    assert User.objects.get(pk=sem.pk).notices
