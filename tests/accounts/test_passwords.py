"""Passwords that anybody would try first are refused, wherever one is set."""

import contextlib
import sys
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.test import Client

from accounts import reset
from accounts.models import User
from tests.factories import UserFactory

OBVIOUS = [
    "Passw0rd!", "P@ssw0rd2026", "Pa$$word123!", "Scoredesk2026", "scoredesk!!!", "Sc0redesk#1", "S-c-o-r-e-d-e-s-k-1",
    "ServiceNow2026!", "Microsoft365!", "Winter2026!", "W1nter2026", "Summer26!!", "Natsu2026!!", "November#2026",
    "Winter2026Winter2026", "Aozora2026!", "AozoraBank#26", "Welcome2026!", "Admin123456", "qwertyuiop12",
    "abcdefgh1234",    "aaaaaaaaaaaa", "12345678901234", "Sakura2026!", "monkey2026!!", "Dr4gon!2026",
    "1qaz2wsx3edc", "Ｗｉｎｔｅｒ２０２６！",
    "Aozora-Winter-2026", "password" * 8,
]  # fmt: skip
GOOD = [
    "correct horse battery", "staple staple staple ", "battery staple 42", "k7#Qz!p2Lw", "tidal-copper-ladder",
    "Winter finds seven quiet otters", "山の上で猫が寝ている夜", "x8Rt2vNq91Lm", "my service desk tastes of lemon",
]  # fmt: skip


@pytest.fixture(autouse=True)
def organization(settings: LazySettings) -> None:
    settings.ORGANIZATION_NAME = "Aozora Bank, Ltd."
    settings.PUBLIC_URL = "https://scores.hoshizora.example"


@pytest.mark.parametrize("password", OBVIOUS)
def test_what_anybody_would_try_first_is_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password, User(username="sem"))


@pytest.mark.parametrize("password", GOOD)
def test_what_is_hard_to_guess_is_taken(password: str) -> None:
    validate_password(password, User(username="sem"))


@pytest.mark.parametrize("password", ["Hoshizora2026!", "Rin.Sato#2026", "tanaka2026!!"])
def test_names_around_the_person_count_little(password: str) -> None:
    person = User(username="rin", last_name="Sato", email="tanaka@aozora.example")
    with pytest.raises(ValidationError):
        validate_password(password, person)


def test_the_refusal_says_what_to_do_and_the_rules_say_it_beforehand() -> None:
    with pytest.raises(ValidationError, match="Put several unrelated words together"):
        validate_password("Winter2026!")
    assert any("a season, or a year" in text for text in password_validators_help_texts())


@pytest.mark.parametrize("worst", ["a\u0315\u0300", "-", "s-", "1", "aA4@"])
def test_a_long_password_costs_no_more_than_a_short_one(worst: str) -> None:
    """Only so much of it is looked at, and before it is normalized."""
    with contextlib.suppress(ValidationError):
        validate_password(worst * 1_000_000)


WEAK = "Scoredesk2026"


def with_password(username: str) -> User:
    person = UserFactory.create(username=username)
    person.set_password("correct horse battery")
    person.save()
    return person


def is_refused(answer: Any) -> bool:
    return answer.status_code in (200, 422) and "too easy to guess" in answer.content.decode()


@pytest.mark.django_db
def test_every_form_that_sets_a_password_refuses_it(
    client: Client, administrator: User, settings: LazySettings
) -> None:
    settings.HAS_MAIL_SERVER = True
    sem = with_password("sem")
    page = client.get(reset.link_of(sem))["Location"]
    assert is_refused(client.post(page, {"new_password1": WEAK, "new_password2": WEAK}))
    client.force_login(sem)
    own = {"old_password": "correct horse battery", "new_password1": WEAK, "new_password2": WEAK}
    assert is_refused(client.post("/accounts/password/", own))
    client.force_login(administrator)
    theirs = {"password1": WEAK, "password2": WEAK, "usable_password": "true"}
    assert is_refused(client.post(f"/admin/accounts/user/{sem.pk}/password/", theirs))
    assert is_refused(client.post("/admin/accounts/user/add/", {"username": "rin", **theirs}))
    sem.refresh_from_db()
    assert sem.check_password("correct horse battery")
    assert not User.objects.filter(username="rin").exists()


@pytest.mark.django_db
def test_the_first_administrator_cannot_choose_it_either(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = iter([WEAK, "tidal copper ladder", "tidal copper ladder"])
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda prompt: "mio")
    monkeypatch.setattr("portal.management.commands.create_administrator.getpass", lambda prompt: next(typed))
    call_command("create_administrator")
    assert "too easy to guess" in capsys.readouterr().err
    assert User.objects.get(username="mio").check_password("tidal copper ladder")
