"""The keys of the stored secrets: rotated, missing, wrong."""

import os
import subprocess
import sys

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command

from connector.access import client_factory, keys
from connector.models import Connection
from portal.run import reason_in
from tests.connector.keyring import NEW, OLD, Keys
from tests.workers import ROOT, environment

pytestmark = pytest.mark.django_db


def secret_of(connection: Connection) -> str:
    return client_factory.oauth_client_of(connection).client_secret


def test_rotating_puts_every_secret_under_the_newest_key(
    connection: Connection, keyring: Keys, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = secret_of(connection)
    keyring.use(NEW, OLD)
    assert not any(kept.is_current for kept in keys.secrets())
    call_command("rotate_keys")
    assert capsys.readouterr().out == "3 secrets encrypted anew, 0 left under old keys.\n"
    keyring.use(NEW)
    assert secret_of(connection) == secret
    call_command("rotate_keys")
    assert capsys.readouterr().out == "0 secrets encrypted anew, 0 left under old keys.\n"


def test_rotating_changes_nothing_when_a_key_is_missing(connection: Connection, keyring: Keys) -> None:
    keyring.use(NEW)
    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("rotate_keys")
    keyring.use(OLD)
    assert secret_of(connection)


def test_secrets_whose_key_is_lost_can_be_given_up(connection: Connection, keyring: Keys) -> None:
    keyring.use(NEW)
    call_command("rotate_keys", "--forget-unreadable")
    assert secret_of(connection) == ""
    assert not run_checks(databases=["default"])


def test_a_secret_that_changes_while_keys_rotate_is_left_alone(connection: Connection, keyring: Keys) -> None:
    keyring.use(NEW, OLD)
    seen = [kept for kept in keys.secrets() if kept.field.name == "client_secret"]
    client_factory.keep_client_secret(connection, "newer")
    assert [kept.renew() for kept in seen] == [0]
    assert secret_of(connection) == "newer"


def test_a_wrong_key_fails_the_check_that_runs_before_the_start(
    connection: Connection, keyring: Keys
) -> None:
    assert not [found for found in run_checks(databases=["default"]) if found.id == "connector.E001"]
    keyring.use(NEW)
    [error] = [found for found in run_checks(databases=["default"]) if found.id == "connector.E001"]
    assert "FIELD_KEYS: 3 stored secrets" in error.msg
    assert "rotate_keys" in str(error.hint)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("field_keys", "said"),
    [
        (NEW, "3 stored secrets can be read with none of the keys."),
        ("", "FIELD_KEYS"),
        ("short", "FIELD_KEYS"),
    ],
    ids=["wrong", "missing", "too short"],
)
def test_the_portal_does_not_start_with_a_key_that_does_not_fit(
    connection: Connection, field_keys: str, said: str
) -> None:
    migrate = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=ROOT,
        env={**environment(), "FIELD_KEYS": field_keys, "ENV_FILE": os.devnull},
        capture_output=True,
        text=True,
    )
    assert migrate.returncode != 0
    line = reason_in(migrate.stderr)
    assert said in line
    assert len(line) < 300
