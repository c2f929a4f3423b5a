"""A forgotten password: a link by mail, which tells strangers nothing and works once."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import cast

import pytest
from django.conf import LazySettings
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts import people
from accounts.models import AuditEntry, User
from accounts.reset import ONE_LINK_EVERY
from accounts.tasks import send_reset_links
from accounts.throttle import TRIES
from portal.celery import app
from portal.reporting import WithoutLinks
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
LOGIN, RESET, SENT = "/accounts/login/", "/accounts/reset/", "/accounts/reset/sent/"
OLD, NEW = "correct horse", "battery staple 42"
Ask = Callable[..., list[mail.EmailMessage]]


@pytest.fixture(autouse=True)
def mail_server(settings: LazySettings) -> None:
    """As with an EMAIL_URL; Django's test runner keeps the mails in memory."""
    settings.HAS_MAIL_SERVER = True


@pytest.fixture
def person() -> User:
    user = UserFactory.create(username="sem", email="sem@aozora.example")
    user.set_password(OLD)
    user.save()
    return user


@pytest.fixture
def worker_at_hand() -> Iterator[None]:
    """Let what a worker is told to do be done at once."""
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


@pytest.fixture
def ask(
    client: Client, worker_at_hand: None, django_capture_on_commit_callbacks: Callable[..., object]
) -> Ask:
    """Ask for a link, let the worker do what it is told to, and see what is in the mailboxes then."""

    def ask(email: str, **headers: str) -> list[mail.EmailMessage]:
        with django_capture_on_commit_callbacks(execute=True) as told:  # type: ignore[attr-defined]
            answer = client.post(RESET, {"email": email}, headers=headers)
        assert (answer.status_code, answer["Location"]) == (302, SENT)
        assert len(told) == 1, "a worker is told something for every address alike"
        return mail.outbox

    return ask


def link_in(message: mail.EmailMessage) -> str:
    found = re.search(r"http://127\.0\.0\.1:8000(/accounts/reset/\S+)", str(message.body))
    assert found
    return found[1]


def choose(client: Client, link: str, password: str = NEW) -> str:
    """Open the link, choose a password, and see the page that comes."""
    form = client.get(link, follow=True)
    address = form.redirect_chain[-1][0] if form.redirect_chain else link
    answer = client.post(address, {"new_password1": password, "new_password2": password}, follow=True)
    return answer.content.decode()


def test_the_link_in_the_mail_changes_the_password(client: Client, person: User, ask: Ask) -> None:
    [message] = ask("Sem@Aozora.example")
    assert (message.to, message.from_email) == (["sem@aozora.example"], "scoredesk@127.0.0.1")
    assert message.subject == "Choose a new password for Scoredesk"
    assert "within 60 minutes" in message.body
    assert "Sign in with the new one" in choose(client, link_in(message))
    assert client.post(LOGIN, {"username": "sem", "password": OLD}).status_code == 200
    assert client.post(LOGIN, {"username": "sem", "password": NEW}).status_code == 302
    verbs = list(AuditEntry.objects.order_by("pk").values_list("verb", "actor_name", "target"))
    assert verbs == [("person.password_link_sent", "", "sem"), ("person.password_reset", "sem", "sem")]


def test_every_session_ends_with_the_change(client: Client, person: User, ask: Ask) -> None:
    elsewhere = Client()
    elsewhere.force_login(person)
    choose(client, link_in(ask(person.email)[0]))
    page = elsewhere.get("/", follow=True)
    assert page.redirect_chain == [("/accounts/login/?next=/", 302)]
    assert "your password, role or account changed" in page.content.decode()


@pytest.mark.parametrize("who", ["nobody", "deactivated", "without a password", "without an address"])
def test_whoever_may_not_sign_in_by_password_gets_no_mail_and_the_same_answer(
    person: User, ask: Ask, who: str
) -> None:
    email = person.email
    if who == "nobody":
        email = "stranger@aozora.example"
    elif who == "deactivated":
        person.is_active = False
    elif who == "without a password":
        person.set_unusable_password()
    else:
        person.email = ""
    person.save()
    assert ask(email) == []


def test_whoever_is_deactivated_meanwhile_gets_no_mail(client: Client, person: User) -> None:
    people.deactivate(person, by=UserFactory.create())
    send_reset_links([person.pk], "en")
    assert mail.outbox == []


def test_a_link_works_once(client: Client, person: User, ask: Ask) -> None:
    link = link_in(ask(person.email)[0])
    choose(client, link)
    assert "This link no longer works" in client.get(link).content.decode()


def test_a_link_of_somebody_deactivated_works_no_more(client: Client, person: User, ask: Ask) -> None:
    link = link_in(ask(person.email)[0])
    people.deactivate(person, by=UserFactory.create())
    assert "This link no longer works" in choose(client, link)
    person.refresh_from_db()
    assert person.check_password(OLD)


def test_a_link_is_too_old_after_an_hour(
    client: Client, person: User, ask: Ask, settings: LazySettings
) -> None:
    assert timedelta(hours=1).total_seconds() == settings.PASSWORD_RESET_TIMEOUT
    link = link_in(ask(person.email)[0])
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert "This link no longer works" in client.get(link).content.decode()


@pytest.mark.parametrize("link", ["MQ/set-password", "MQ/c0ffee-0123456789", "!!/x", "OTk5OTk5/x"])
def test_an_invented_link_says_so(client: Client, person: User, link: str) -> None:
    page = client.get(f"{RESET}{link}/")
    assert page.status_code == 200
    assert "This link no longer works" in page.content.decode()


def test_a_weak_password_is_refused_in_words(client: Client, person: User, ask: Ask) -> None:
    assert "This password is too common" in choose(client, link_in(ask(person.email)[0]), "password1")


@pytest.mark.parametrize("email", ["sem@aozora.example", "stranger@aozora.example"])
def test_an_address_may_be_asked_for_so_often(client: Client, person: User, ask: Ask, email: str) -> None:
    for _ in range(TRIES):
        ask(email)
    answer = client.post(RESET, {"email": email.upper()})
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    assert "asked for too often for this address. Wait 15 minutes." in answer.content.decode()
    assert client.post(LOGIN, {"username": "sem", "password": OLD}).status_code == 302


def test_whoever_forgot_and_tried_too_often_is_let_in_with_the_new_password(
    client: Client, person: User, ask: Ask
) -> None:
    for _ in range(TRIES):
        client.post(LOGIN, {"username": "sem", "password": "wrong"})
    assert client.post(LOGIN, {"username": "sem", "password": OLD}).status_code == 429
    choose(client, link_in(ask(person.email)[0]))
    assert client.post(LOGIN, {"username": "sem", "password": NEW}).status_code == 302


def test_the_mail_is_in_the_person_s_language_or_else_in_the_browser_s(person: User, ask: Ask) -> None:
    [message] = ask(person.email, accept_language="ja")
    assert "パスワード" in message.subject
    AuditEntry.objects.update(at=timezone.now() - ONE_LINK_EVERY)
    User.objects.filter(pk=person.pk).update(language="en")
    assert ask(person.email, accept_language="ja")[-1].subject == "Choose a new password for Scoredesk"


def test_many_who_ask_neither_fill_a_mailbox_nor_keep_its_owner_out(person: User, ask: Ask) -> None:
    sent = [len(ask(person.email)) for _ in range(3)]
    assert sent == [1, 1, 1]
    strangers = (f"203.0.113.{number}" for number in range(1, 12))
    for stranger in strangers:
        for _ in range(10):
            Client(REMOTE_ADDR=stranger).post(RESET, {"email": person.email})
    answer = Client(REMOTE_ADDR="198.51.100.7").post(RESET, {"email": person.email})
    assert answer.status_code == 302


def test_a_link_is_in_no_log(
    client: Client, person: User, ask: Ask, settings: LazySettings, caplog: pytest.LogCaptureFixture
) -> None:
    """Django writes the address of whatever it refuses; a mail scanner's OPTIONS is enough."""
    link = link_in(ask(person.email)[0])
    client.options(link)
    [line] = [record for record in caplog.records if "/accounts/reset/" in record.getMessage()]
    assert WithoutLinks().filter(line)
    assert link.split("/")[-2] not in line.getMessage()
    handlers = cast("dict[str, dict[str, list[str]]]", settings.LOGGING["handlers"])
    assert all("links" in handler["filters"] for handler in handlers.values())


def test_the_link_never_leads_where_the_request_says(client: Client, person: User, ask: Ask) -> None:
    [message] = ask(person.email, host="localhost", x_forwarded_host="evil.example")
    assert "http://127.0.0.1:8000/" in message.body
    assert "localhost" not in message.body


def test_a_mail_server_that_fails_is_in_the_log_alone(
    person: User, settings: LazySettings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    send_reset_links([person.pk], "en")
    assert "could not be sent to sem" in caplog.text
    assert "/accounts/reset/" not in caplog.text
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("page", [RESET, SENT, f"{RESET}MQ/set-password/"])
def test_without_a_mail_server_there_is_nothing_of_it(
    client: Client, settings: LazySettings, page: str
) -> None:
    assert RESET in client.get(LOGIN).content.decode()
    assert client.get(page).status_code == 200
    settings.HAS_MAIL_SERVER = False
    assert RESET not in client.get(LOGIN).content.decode()
    assert client.get(page).status_code == 404
