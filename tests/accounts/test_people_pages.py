"""The pages about people: who is there, who comes, with which role, and what nobody may do on them."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import Group, Permission
from django.core import mail
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import guards, people
from accounts.models import AuditEntry, User
from accounts.people_views import PAGE
from accounts.roles import ADMINISTRATOR, READER, SECURITY_ADMINISTRATOR
from portal.celery import app
from tests.accounts.test_own_account import CONFIRM, PASSWORD, administrator, grow_old
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
PEOPLE, ADD = "/people/", "/people/add/"
STAPLE = "staple " * 3


@pytest.fixture
def aiko() -> User:
    """An administrator by the role alone, with a password."""
    return administrator("aiko")


@pytest.fixture
def browser(client: Client, aiko: User) -> Client:
    client.force_login(aiko)
    return client


@pytest.fixture
def sem() -> User:
    """Somebody who may take over."""
    return of_role("sem", SECURITY_ADMINISTRATOR, first_name="Sem", last_name="de Vries")


@pytest.fixture
def rin() -> User:
    """Somebody who may go."""
    return of_role("rin", SECURITY_ADMINISTRATOR, first_name="Rin", last_name="Tanaka")


def of_role(username: str, role: str, **columns: Any) -> User:
    person: User = UserFactory.create(username=username, **columns)
    person.groups.add(Group.objects.get(name=role))
    return person


def page_of(person: User, page: str = "") -> str:
    return f"{PEOPLE}{person.pk}/{page}"


def seen(browser: Client, address: str) -> str:
    """A page's text, its white space as a browser shows it."""
    page = browser.get(address)
    assert page.status_code == 200, address
    return " ".join(page.content.decode().split())


def sent(browser: Client, address: str, status: int = 200, **form: Any) -> str:
    """Send a form, and see the page that follows."""
    page = browser.post(address, form, follow=True)
    assert page.status_code == status, page.content.decode()
    return " ".join(page.content.decode().split())


def names(page: str) -> list[str]:
    """The names in the list, in order."""
    return re.findall(r'<th scope="row"><a href="[^"]*">([^<]*)</a>', page)


def entry(verb: str) -> AuditEntry:
    return AuditEntry.objects.get(verb=verb)


# The list.


def test_the_list_tells_who_is_let_in_with_which_role_and_when_they_signed_in(
    browser: Client, rin: User, sem: User
) -> None:
    User.objects.filter(pk=rin.pk).update(last_login=timezone.now())
    User.objects.filter(pk=sem.pk).update(is_active=False)
    page = seen(browser, PEOPLE)
    assert names(page) == ["aiko", "Rin Tanaka"]
    assert rin.email in page
    assert SECURITY_ADMINISTRATOR in page
    assert names(seen(browser, f"{PEOPLE}?status=deactivated")) == ["Sem de Vries"]
    assert names(seen(browser, f"{PEOPLE}?status=all")) == ["aiko", "Rin Tanaka", "Sem de Vries"]


def test_people_are_found_by_parts_of_name_user_name_and_address_and_by_role(
    browser: Client, rin: User, sem: User
) -> None:
    nobody = UserFactory.create(username="nobody", email="odd@elsewhere.example")
    for text, found in {
        "tanaka RIN": ["Rin Tanaka"],
        "vrie": ["Sem de Vries"],
        "elsewhere": [nobody.username],
        "rin sem": [],
        "x" * 201: ["aiko", "nobody", "Rin Tanaka", "Sem de Vries"],
    }.items():
        assert names(seen(browser, f"{PEOPLE}?q={text}")) == found
    assert names(seen(browser, f"{PEOPLE}?role={READER}")) == []
    assert names(seen(browser, f"{PEOPLE}?role={SECURITY_ADMINISTRATOR}")) == ["Rin Tanaka", "Sem de Vries"]
    assert names(seen(browser, f"{PEOPLE}?role=nobody")) == ["nobody"]
    assert "Nobody matches" in seen(browser, f"{PEOPLE}?q=xyz")


def test_people_are_sorted_by_last_sign_in_with_those_who_never_did_as_the_longest_away(
    browser: Client, aiko: User, rin: User, sem: User
) -> None:
    now = timezone.now()
    User.objects.filter(pk=aiko.pk).update(last_login=now)
    User.objects.filter(pk=sem.pk).update(last_login=now - timedelta(days=90))
    away = ["Rin Tanaka", "Sem de Vries", "aiko"]
    assert names(seen(browser, f"{PEOPLE}?sort=away")) == away
    assert names(seen(browser, f"{PEOPLE}?sort=signed_in")) == away[::-1]


def test_a_long_list_has_pages_and_asks_no_more(browser: Client) -> None:
    counts = []
    for more in (5, PAGE):
        for _ in range(more):
            of_role(f"person{User.objects.count()}", READER)
        with CaptureQueriesContext(database) as asked:
            page = seen(browser, PEOPLE)
        counts.append(len(asked))
    assert len(names(page)) == PAGE
    assert "Page 1 of 2" in page
    assert len(names(seen(browser, f"{PEOPLE}?page=2"))) == 6
    # The first page also notes the visit in the session.
    assert counts[1] <= counts[0] <= 8


def test_only_whoever_may_manage_people_is_led_there(browser: Client, client: Client, sem: User) -> None:
    assert f'href="{PEOPLE}"' in seen(browser, "/")
    other = Client()
    other.force_login(sem)
    assert f'href="{PEOPLE}"' not in seen(other, "/")
    assert other.get(PEOPLE).status_code == 403


def test_whoever_may_only_look_at_people_changes_nobody(client: Client, rin: User) -> None:
    looker, looking = UserFactory.create(), Group.objects.create(name="Lookers")
    looking.permissions.set(Permission.objects.filter(codename="view_user"))
    looker.groups.set([looking])
    client.force_login(User.objects.get(pk=looker.pk))
    page = seen(client, page_of(rin)) + seen(client, PEOPLE)
    for deed in ("role", "deactivate", "hand-over", "reactivate", "sign-out", "send-link"):
        assert f"/{deed}/" not in page.replace("/accounts/sign-out-everywhere/", "")
        assert client.post(page_of(rin, f"{deed}/")).status_code == 403
    assert ADD not in page
    assert client.post(ADD, new()).status_code == 403


def test_the_administration_leads_there_and_back(browser: Client, rin: User) -> None:
    users = "/admin/accounts/user/"
    assert f'href="{PEOPLE}"' in seen(browser, users)
    assert f'href="{page_of(rin)}"' in seen(browser, f"{users}{rin.pk}/change/")
    assert f'href="{users}"' in seen(browser, PEOPLE)
    page = seen(browser, page_of(rin))
    for address in (f"{users}{rin.pk}/change/", f"{users}{rin.pk}/password/"):
        assert f'href="{address}"' in page
        assert browser.get(address).status_code == 200


# Who comes.


def new(**changes: Any) -> dict[str, Any]:
    form = {"username": "mio", "first_name": "Mio", "last_name": "Sato", "email": "mio@aozora.example"}
    form |= {"language": "ja", "role": SECURITY_ADMINISTRATOR}
    return form | changes


@pytest.fixture
def mails(
    settings: LazySettings, django_capture_on_commit_callbacks: Callable[..., Any]
) -> Iterator[Callable[[], Any]]:
    """As with an EMAIL_URL and a worker at hand."""
    settings.HAS_MAIL_SERVER = True
    app.conf.task_always_eager = True
    yield lambda: django_capture_on_commit_callbacks(execute=True)
    app.conf.task_always_eager = False


def test_a_person_is_added_with_a_first_password_where_no_mail_can_be_sent(
    browser: Client, aiko: User
) -> None:
    page = sent(browser, ADD, **new(password1=STAPLE, password2=STAPLE, usable_password="false"))
    assert "Mio Sato was added. Tell them their user name and password." in page
    mio = User.objects.get(username="mio")
    assert mio.check_password(STAPLE)
    assert (mio.language, mio.email, mio.is_staff) == ("ja", "mio@aozora.example", False)
    assert people.roles_of(mio) == [SECURITY_ADMINISTRATOR]
    assert (entry("person.added").actor, entry("person.added").target) == (aiko, "mio")
    assert entry("person.added").detail == {"roles": [SECURITY_ADMINISTRATOR]}
    assert STAPLE not in page
    assert AuditEntry.objects.count() == 1


def test_a_link_by_mail_lets_the_person_choose_one_once(
    browser: Client, aiko: User, mails: Callable[[], Any]
) -> None:
    with mails():
        page = sent(browser, ADD, **new(usable_password="false", language=""))
    assert "An email with a link to choose a password is on its way." in page
    [message] = mail.outbox
    assert message.to == ["mio@aozora.example"]
    assert "an administrator sends you this link to choose a password for your account mio" in message.body
    found = re.search(r"http://127\.0\.0\.1:8000(/accounts/reset/\S+)", str(message.body))
    assert found
    assert "/accounts/reset/" not in page
    # Otherwise the page for forgotten passwords would send no other.
    assert User.objects.get(username="mio").has_usable_password()
    visitor = Client()
    chooser = visitor.get(found[1])["Location"]
    visitor.post(chooser, {"new_password1": STAPLE, "new_password2": STAPLE})
    assert User.objects.get(username="mio").check_password(STAPLE)
    assert "This link no longer works" in seen(Client(), found[1])
    assert entry("person.password_link_sent").actor == aiko


def test_whoever_lost_the_link_gets_another(browser: Client, rin: User, mails: Callable[[], Any]) -> None:
    rin.set_password(PASSWORD)
    rin.save()
    assert "Send a password link" in seen(browser, page_of(rin))
    with mails():
        sent(browser, page_of(rin, "send-link/"))
    assert [message.to for message in mail.outbox] == [[rin.email]]


def test_no_link_goes_to_whoever_has_no_password_or_address_here(
    browser: Client, rin: User, mails: Callable[[], Any]
) -> None:
    rin.set_unusable_password()
    rin.save()
    assert "Send a password link" not in seen(browser, page_of(rin))
    with mails():
        assert "No link can be sent to this person." in sent(browser, page_of(rin, "send-link/"))
        page = sent(browser, ADD, 422, **new(usable_password="false", email=""))
    assert "Enter the address that the link is to be sent to." in page
    assert mail.outbox == []
    assert not User.objects.filter(username="mio").exists()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"username": "AIKO"}, "A user with that username already exists."),
        ({"role": ""}, "This field is required."),
        ({"role": "Superuser"}, "Select a valid choice."),
        ({"password1": "Scoredesk2026", "password2": "Scoredesk2026"}, "too easy to guess"),
        ({"password2": "other"}, "The two password fields didn’t match."),
        ({"password1": "x" * 1001, "password2": "x" * 1001}, "at most 1000 characters"),
        ({"is_superuser": "on", "is_staff": "on", "email": "no address"}, "Enter a valid email address."),
    ],
)
def test_what_is_wrong_is_said_and_nobody_is_added(browser: Client, wrong: dict[str, Any], said: str) -> None:
    page = sent(browser, ADD, 422, **new(password1=STAPLE, password2=STAPLE) | wrong)
    assert said in page.replace("&#x27;", "’")
    assert 'value="mio@aozora.example"' in page or "email" in wrong
    assert User.objects.count() == 1


def test_nobody_is_made_a_superuser_on_the_way(browser: Client) -> None:
    powers: dict[str, Any] = {"is_superuser": "on", "is_staff": "on", "groups": "1"}
    sent(browser, ADD, **new(role="nobody", password1=STAPLE, password2=STAPLE), **powers)
    mio = User.objects.get(username="mio")
    assert not mio.is_superuser
    assert not mio.is_staff
    assert people.roles_of(mio) == []


def test_a_new_administrator_is_told_to_the_others(browser: Client, aiko: User) -> None:
    sent(browser, ADD, **new(role=ADMINISTRATOR, password1=STAPLE, password2=STAPLE))
    assert "mio became an administrator." in seen(browser, PEOPLE)
    assert User.objects.get(username="mio").is_staff


# Roles.


def test_a_role_is_changed_told_noted_and_ends_sessions(browser: Client, aiko: User, rin: User) -> None:
    other = Client()
    other.force_login(rin)
    form = browser.get(page_of(rin, "role/")).context["form"]
    assert form["role"].value() == SECURITY_ADMINISTRATOR
    page = sent(browser, page_of(rin, "role/"), role=READER)
    assert "The role of Rin Tanaka is changed. They were signed out." in page
    assert other.get("/tickets/").status_code == 302
    assert people.roles_of(rin) == [READER]
    noted = entry("person.roles_changed")
    assert (noted.actor, noted.target) == (aiko, "rin")
    assert noted.detail == {"before": [SECURITY_ADMINISTRATOR], "after": [READER]}
    other.force_login(User.objects.get(pk=rin.pk))
    assert "Your roles were changed." in seen(other, "/tickets/")
    # The same again changes nothing.
    sent(browser, page_of(rin, "role/"), role=READER)
    assert AuditEntry.objects.count() == 1


def test_no_role_is_a_choice_and_a_role_must_be_one(browser: Client, rin: User) -> None:
    sent(browser, page_of(rin, "role/"), 422, role="Superuser")
    assert people.roles_of(rin) == [SECURITY_ADMINISTRATOR]
    sent(browser, page_of(rin, "role/"), role="nobody")
    assert people.roles_of(rin) == []
    assert "No role" in seen(browser, page_of(rin))


def test_ones_own_role_is_changed_by_somebody_else(browser: Client, aiko: User) -> None:
    assert page_of(aiko, "role/") not in seen(browser, page_of(aiko))
    for page in (
        sent(browser, page_of(aiko, "role/"), role=READER),
        " ".join(browser.get(page_of(aiko, "role/"), follow=True).content.decode().split()),
    ):
        assert "Your own roles are changed by another administrator." in page
    assert people.roles_of(aiko) == [ADMINISTRATOR]


@pytest.mark.parametrize(
    ("page", "form"),
    [
        ("role/", {"role": READER}),
        ("deactivate/", {}),
        ("sign-out/", {}),
        ("send-link/", {}),
    ],
)
def test_only_a_superuser_changes_a_superuser(
    browser: Client, rin: User, settings: LazySettings, page: str, form: dict[str, Any]
) -> None:
    settings.HAS_MAIL_SERVER = True
    rin.set_password(PASSWORD)
    rin.is_superuser = True
    rin.save()
    assert page_of(rin, page) not in seen(browser, page_of(rin))
    assert "Only a superuser changes a superuser." in sent(browser, page_of(rin, page), **form)
    rin.refresh_from_db()
    assert rin.is_active
    assert people.roles_of(rin) == [SECURITY_ADMINISTRATOR]
    assert not AuditEntry.objects.exists()


def test_the_last_administrator_stays_one_whoever_asks(aiko: User, rin: User) -> None:
    """Two administrators who take each other's access away at the same moment: the second finds the first gone."""
    other = administrator("mio")
    people.deactivate(aiko, by=other)
    for deed in (
        lambda: people.deactivate(other, by=aiko),
        lambda: people.change_roles(other, [READER], by=aiko),
    ):
        with pytest.raises(guards.Refused, match="This is the last administrator"):
            deed()
    other.refresh_from_db()
    assert other.is_active
    assert people.roles_of(other) == [ADMINISTRATOR]
    # Nothing speaks against a role that leaves them one, nor against others.
    assert people.change_roles(other, [ADMINISTRATOR, READER], by=aiko)
    assert people.deactivate(rin, by=aiko)


def test_the_administration_keeps_the_last_administrator_too(client: Client) -> None:
    """Whoever may manage people without being an administrator cannot leave none."""
    helper, last = UserFactory.create(username="helper"), administrator("last")
    with_permission(helper)
    client.force_login(User.objects.get(pk=helper.pk))
    form = {"username": "last", "language": "", "email": "", "first_name": "", "last_name": ""}
    answer = client.post(f"/admin/accounts/user/{last.pk}/change/", form)
    assert answer.status_code == 200
    assert "This is the last administrator" in answer.content.decode()
    assert people.roles_of(last) == [ADMINISTRATOR]


def with_permission(person: User) -> None:
    """Let somebody manage people who is no administrator: by a group that no role is."""
    group = Group.objects.create(name="Helpers")
    group.permissions.set(Group.objects.get(name=ADMINISTRATOR).permissions.all())
    person.groups.set([group])
    User.objects.filter(pk=person.pk).update(is_staff=True)


# Recent sign-ins, and what was typed.


def test_adding_roles_and_reactivating_take_a_recent_sign_in_and_keep_what_was_typed(
    browser: Client, rin: User
) -> None:
    grow_old(browser)
    answer = browser.post(ADD, new(password1=STAPLE, password2=STAPLE))
    assert answer["Location"] == f"{CONFIRM}?next={ADD}"
    assert STAPLE not in str(dict(browser.session.items()))
    answer = browser.post(page_of(rin, "role/"), {"role": READER})
    assert answer["Location"] == f"{CONFIRM}?next={page_of(rin, 'role/')}"
    assert people.roles_of(rin) == [SECURITY_ADMINISTRATOR]
    assert not User.objects.filter(username="mio").exists()
    browser.post(answer["Location"], {"password": PASSWORD})
    page = browser.get(page_of(rin, "role/"))
    assert page.context["form"].initial["role"] == READER
    assert "you were asked for your password first" in page.content.decode()
    User.objects.filter(pk=rin.pk).update(is_active=False)
    grow_old(browser)
    answer = browser.post(page_of(rin, "reactivate/"))
    assert answer["Location"] == f"{CONFIRM}?next={page_of(rin, 'reactivate/')}"
    assert not User.objects.get(pk=rin.pk).is_active


def test_taking_access_away_waits_for_nothing(browser: Client, rin: User) -> None:
    grow_old(browser)
    sent(browser, page_of(rin, "sign-out/"))
    sent(browser, page_of(rin, "deactivate/"))
    rin.refresh_from_db()
    assert not rin.is_active
