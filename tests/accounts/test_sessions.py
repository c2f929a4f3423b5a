"""How sessions end: by idleness, by age, everywhere at once, and with a role or an account."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import Group, Permission
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts import guards, people
from accounts.models import AuditEntry, User
from accounts.roles import ADMINISTRATOR, READER, SECURITY_ADMINISTRATOR
from accounts.tasks import forget_sessions
from connector.models import Connection
from tests.factories import InstanceFactory, TicketFactory, UserFactory

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"
PASSWORD = "correct horse battery"


@pytest.fixture
def browser(client: Client, reader: User) -> Client:
    """A browser in which a Security Reader has just signed in."""
    client.force_login(reader)
    return client


def rewind(client: Client, name: str, by: timedelta) -> None:
    """Let something in a session have happened earlier."""
    session = client.session
    session[name] -= by.total_seconds()
    session.save()


def is_signed_in(client: Client) -> bool:
    return client.get("/tickets/").status_code == 200


def test_a_session_ends_when_nothing_is_done_for_half_an_hour(browser: Client) -> None:
    rewind(browser, "seen_at", timedelta(minutes=29))
    assert is_signed_in(browser)
    rewind(browser, "seen_at", timedelta(minutes=30))
    page = browser.get("/tickets/", follow=True)
    assert page.redirect_chain == [(f"{LOGIN}?next=/tickets/", 302)]
    assert "you had not done anything for a while" in page.content.decode()
    assert not is_signed_in(browser)


def test_whatever_is_done_keeps_a_session_until_half_a_day_is_over(browser: Client) -> None:
    rewind(browser, "signed_in_at", timedelta(hours=11, minutes=59))
    assert is_signed_in(browser)
    rewind(browser, "signed_in_at", timedelta(minutes=1))
    page = browser.get("/tickets/", follow=True)
    assert "a session lasts only so long" in page.content.decode()
    assert not is_signed_in(browser)


def test_a_page_that_refreshes_itself_is_no_sign_of_life(browser: Client) -> None:
    rewind(browser, "seen_at", timedelta(minutes=20))
    before = browser.session["seen_at"]
    assert browser.get("/cards/", headers={"HX-Request": "true"}).status_code == 200
    ticket = TicketFactory.create(batch=uuid4())
    one = f"/tickets/{ticket.pk}"
    parts = (f"{one}/status/", f"{one}/live/", f"/tickets/bulk/{ticket.batch}/", "/secure-score/live/")
    pages = (*parts, "/tickets/live/", "/tickets/reconcile/")
    assert [browser.get(page).status_code for page in pages] == [*[200] * 5, 403]
    assert browser.session["seen_at"] == before
    assert is_signed_in(browser)
    assert browser.session["seen_at"] > before


def test_a_page_that_refreshes_itself_says_that_it_stopped_and_stays(browser: Client) -> None:
    rewind(browser, "seen_at", timedelta(hours=1))
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/tickets/?kind=incident"}
    answer = browser.get("/cards/", headers=headers)
    # htmx: swap in, and ask no more.
    assert answer.status_code == 286
    assert (answer["HX-Retarget"], answer["HX-Reswap"]) == ("#messages", "innerHTML")
    assert f'href="{LOGIN}?next=/tickets/%3Fkind%3Dincident"' in answer.content.decode()
    assert "HX-Redirect" not in answer


def test_reading_pages_one_after_the_other_writes_no_session(browser: Client) -> None:
    before = browser.session["seen_at"]
    for _ in range(3):
        assert is_signed_in(browser)
    assert browser.session["seen_at"] == before


@pytest.mark.parametrize(("name", "ago"), [("signed_in_at", 1), ("seen_at", 1)])
def test_how_long_sessions_last_is_a_setting(
    browser: Client, settings: LazySettings, name: str, ago: int
) -> None:
    settings.SESSION_IDLE = settings.SESSION_LONGEST = timedelta(hours=1)
    rewind(browser, name, timedelta(hours=ago))
    assert not is_signed_in(browser)


def test_a_session_that_does_not_say_when_it_began_is_over(browser: Client) -> None:
    session = browser.session
    del session["signed_in_at"]
    session.save()
    assert not is_signed_in(browser)


def test_signing_in_makes_a_new_session_key(client: Client) -> None:
    person = UserFactory.create(username="sem")
    person.set_password(PASSWORD)
    person.save()
    client.get("/tickets/")
    session = client.session
    session["anything"] = 1
    session.save()
    before = session.session_key
    client.cookies["sessionid_8000"] = before or ""
    client.post(LOGIN, {"username": "sem", "password": PASSWORD})
    assert client.session.session_key not in (None, before)
    assert client.session["_auth_user_id"] == str(person.pk)


def test_signing_out_everywhere_ends_the_other_browsers_and_this_one(browser: Client, reader: User) -> None:
    other = Client()
    other.force_login(reader)
    page = browser.post("/accounts/sign-out-everywhere/", follow=True)
    assert "You are signed out everywhere." in page.content.decode()
    assert not is_signed_in(browser)
    assert "you signed out everywhere" in other.get("/tickets/", follow=True).content.decode()
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.verb, entry.target) == (
        reader,
        "person.signed_out_everywhere",
        reader.username,
    )
    browser.force_login(User.objects.get(pk=reader.pk))
    assert is_signed_in(browser)


@pytest.mark.parametrize("side", ["person", "group"])
@pytest.mark.parametrize("how", ["given", "taken", "cleared", "replaced"])
def test_a_changed_role_ends_the_sessions(browser: Client, reader: User, side: str, how: str) -> None:
    held, other = Group.objects.get(name=READER), Group.objects.get(name=SECURITY_ADMINISTRATOR)
    if side == "person":
        change = {
            "given": lambda: reader.groups.add(other),
            "taken": lambda: reader.groups.remove(held),
            "cleared": reader.groups.clear,
            "replaced": lambda: reader.groups.set([other]),
        }[how]
    else:
        change = {
            "given": lambda: other.user_set.add(reader),
            "taken": lambda: held.user_set.remove(reader),
            "cleared": held.user_set.clear,
            "replaced": lambda: other.user_set.set([reader]),
        }[how]
    change()
    assert browser.get("/tickets/").status_code == 302


def test_a_role_given_again_ends_nothing(browser: Client, reader: User) -> None:
    reader.groups.add(Group.objects.get(name=READER))
    reader.groups.set([Group.objects.get(name=READER)])
    assert is_signed_in(browser)


def test_other_peoples_sessions_go_on_when_one_role_changes(browser: Client) -> None:
    UserFactory.create().groups.add(Group.objects.get(name=READER))
    assert is_signed_in(browser)


def test_the_administration_is_open_to_administrators_only_and_follows_the_role(reader: User) -> None:
    group = Group.objects.get(name=ADMINISTRATOR)
    reader.groups.add(group)
    assert User.objects.get(pk=reader.pk).is_staff
    group.user_set.remove(reader)
    assert not User.objects.get(pk=reader.pk).is_staff
    reader.groups.add(group)
    group.user_set.clear()
    assert not User.objects.get(pk=reader.pk).is_staff


def test_a_deactivated_account_is_out_at_once_and_stays_out_when_it_comes_back(
    browser: Client, reader: User, administrator: User
) -> None:
    assert people.deactivate(reader, by=administrator)
    assert not people.deactivate(reader, by=administrator)
    assert not is_signed_in(browser)
    other = Client()
    other.force_login(reader)
    assert people.reactivate(reader, by=administrator)
    assert not people.reactivate(reader, by=administrator)
    assert not is_signed_in(browser)
    assert not is_signed_in(other)
    assert [entry.verb for entry in AuditEntry.objects.all()] == ["person.reactivated", "person.deactivated"]


def test_nobody_deactivates_themselves(administrator: User) -> None:
    with pytest.raises(guards.Refused):
        people.deactivate(administrator, by=administrator)
    assert User.objects.get(pk=administrator.pk).is_active


def test_a_changed_password_ends_other_sessions_and_keeps_this_one(client: Client, reader: User) -> None:
    reader.set_password(PASSWORD)
    reader.save()
    other = Client()
    for browser in (client, other):
        browser.force_login(reader)
    new = "staple " * 3
    form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    page = client.post("/accounts/password/", form, follow=True)
    assert "Your password is changed." in page.content.decode()
    assert is_signed_in(client)
    assert not is_signed_in(other)
    reader.refresh_from_db()
    assert reader.check_password(new)
    assert AuditEntry.objects.get().verb == "person.password_changed"


@pytest.mark.parametrize("new", ["short", "password1234", "12345678"])
def test_a_weak_password_is_refused_with_the_reason(client: Client, reader: User, new: str) -> None:
    reader.set_password(PASSWORD)
    reader.save()
    client.force_login(reader)
    form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    page = client.post("/accounts/password/", form)
    assert page.status_code == 422
    assert PASSWORD not in page.content.decode()


def test_whoever_has_no_password_here_is_offered_no_change_of_it(browser: Client, reader: User) -> None:
    reader.set_unusable_password()
    reader.save()
    browser.force_login(reader)
    assert "/accounts/password/" not in browser.get("/tickets/").content.decode()
    assert browser.get("/accounts/password/").status_code == 404


def test_probes_touch_no_session_and_get_no_cookie(client: Client) -> None:
    for probe in ("/livez", "/readyz"):
        assert not client.get(probe).cookies


def test_an_ended_session_reads_nothing_more_of_what_a_page_would_show(browser: Client) -> None:
    Connection.objects.create(instance=InstanceFactory.create(host="acme.service-now.com"))
    rewind(browser, "seen_at", timedelta(hours=1))
    assert "acme" not in browser.get("/servicenow/setup/", follow=True).content.decode()


def test_expired_sessions_are_deleted_every_day(browser: Client, settings: LazySettings) -> None:
    assert "accounts.tasks.forget_sessions" in [job["task"] for job in settings.CELERY_BEAT_SCHEDULE.values()]
    Session.objects.create(session_key="old", session_data="", expire_date=timezone.now() - timedelta(days=1))
    forget_sessions()
    assert not Session.objects.filter(session_key="old").exists()
    assert is_signed_in(browser)


def test_a_session_deleted_meanwhile_does_not_come_back(browser: Client) -> None:
    session = browser.session
    session["seen_at"] += 1
    Session.objects.all().delete()
    with pytest.raises(UpdateError):
        session.save()
    assert not Session.objects.exists()


def test_a_right_is_always_a_role_s(reader: User) -> None:
    reader.user_permissions.add(Permission.objects.get(codename="add_ticket"))
    person = User.objects.get(pk=reader.pk)
    assert person.has_perm("tickets.view_ticket")
    assert not person.has_perm("tickets.add_ticket")
