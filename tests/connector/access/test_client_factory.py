"""From a row to a signed-in client: who renews the token, and what happens when that fails."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from cryptography.fernet import Fernet
from django.conf import LazySettings
from django.core.management import call_command
from django.db import connection as database
from django.db import transaction
from django.db.models import F, Value
from django.utils import timezone

from accounts.models import AuditEntry
from connector.access import client_factory
from connector.access.client_factory import Pause, Paused, open_client
from connector.clock import Clock
from connector.models import Connection, ConnectionSecrets, Instance
from connector.models.secret_fields import Bound
from connector.servicenow import oauth
from connector.servicenow.errors import NotAuthenticated, ServerError, TokenUnavailable
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db


def token_calls(sandbox: SandboxProcess) -> int:
    return sum(call["path"] == "/oauth_token.do" for call in sandbox.requests()["requests"])


def by_code(connection: Connection, sandbox: SandboxProcess) -> Connection:
    """The same connection as if it had been authorized by code, with tokens that the sandbox knows."""
    now = timezone.now()
    client = client_factory.oauth_client_of(connection)
    attempt = oauth.begin(connection.instance.origin, client, sandbox.callback)
    code = sandbox.consent(attempt.address).split("code=")[1].split("&")[0]
    way = client_factory.transport_to(connection.instance, Clock(now))
    tokens = oauth.redeem(way, client, code, attempt.verifier, sandbox.callback)
    client_factory.keep_tokens(connection, tokens, now)
    Connection.objects.filter(pk=connection.pk).update(grant=Connection.Grant.AUTHORIZATION_CODE)
    connection.refresh_from_db()
    return connection


def token_of(connection: Connection) -> str:
    """What one worker's thread would find, with a database connection of its own."""
    try:
        clock = Clock(timezone.now())
        return client_factory.access_token(
            connection, client_factory.transport_to(connection.instance, clock), clock
        )
    finally:
        database.close()


def expire(connection: Connection) -> None:
    Connection.objects.filter(pk=connection.pk).update(access_expires_at=timezone.now())


def test_a_connection_without_a_token_asks_for_one_and_keeps_it(
    connection: Connection, sandbox: SandboxProcess
) -> None:
    sandbox.clear()
    for _ in range(2):
        user = open_client(connection, now=timezone.now()).whoami()
        assert user is not None
    assert token_calls(sandbox) == 1
    instance = Instance.objects.get()
    assert instance.calls_in_hour == 2
    assert instance.clock_offset is not None


@pytest.mark.parametrize("rotate", [False, True])
def test_a_refresh_token_renews_and_a_rotated_one_is_kept(
    connection: Connection, sandbox: SandboxProcess, rotate: bool
) -> None:
    sandbox.settings(rotate_refresh_token=rotate)
    by_code(connection, sandbox)
    ends_at = timezone.now() + timedelta(days=5)
    Connection.objects.update(refresh_expires_at=ends_at)
    for _ in range(3):
        expire(connection)
        assert open_client(connection, now=timezone.now()).whoami()
    connection.refresh_from_db()
    assert connection.refresh_expires_at is not None
    # Only a new refresh token has a life of its own.
    assert connection.ends_soon(timezone.now()) != rotate
    assert (connection.refresh_expires_at == ends_at) != rotate


def test_a_refused_token_is_renewed_in_the_middle_of_a_call(
    connection: Connection, sandbox: SandboxProcess
) -> None:
    by_code(connection, sandbox)
    client = open_client(connection, now=timezone.now())
    sandbox.expire_tokens()
    assert client.whoami()


def test_a_refused_refresh_is_tried_once_more_then_somebody_must_authorize(
    connection: Connection, sandbox: SandboxProcess
) -> None:
    by_code(connection, sandbox)
    sandbox.expire_tokens("all")
    expire(connection)
    sandbox.clear()
    with pytest.raises(Paused) as caught:
        open_client(connection, now=timezone.now())
    assert caught.value.reason == Pause.NEEDS_REAUTHORIZATION
    assert token_calls(sandbox) == 2
    connection.refresh_from_db()
    assert connection.needs_reauthorization
    assert (connection.claim_token, connection.claimed_until) == (None, None)
    assert AuditEntry.objects.filter(verb="servicenow.token_refused").count() == 1
    with pytest.raises(Paused):
        open_client(connection, now=timezone.now())
    assert token_calls(sandbox) == 2


def test_a_refusal_in_the_middle_of_a_call_is_a_known_no(
    connection: Connection, sandbox: SandboxProcess
) -> None:
    by_code(connection, sandbox)
    client = open_client(connection, now=timezone.now())
    sandbox.expire_tokens("all")
    with pytest.raises(NotAuthenticated) as caught:
        client.create("incident", {"short_description": "x"})
    assert not caught.value.outcome_unknown
    assert sandbox.records("incident") == []


def test_an_instance_that_sleeps_does_not_cost_the_authorization(
    connection: Connection, sandbox: SandboxProcess
) -> None:
    sandbox.fault("hibernating", route="token", method="any")
    with pytest.raises(TokenUnavailable) as caught:
        open_client(connection, now=timezone.now())
    assert caught.value.code == "hibernating"
    connection.refresh_from_db()
    assert connection.is_usable


def test_what_is_not_connected_is_paused(connection: Connection, settings: LazySettings) -> None:
    now = timezone.now()
    with pytest.raises(Paused):
        open_client(None, now=now)
    settings.SERVICENOW_ALLOWED_HOSTS = []
    with pytest.raises(Paused) as caught:
        open_client(connection, now=now)
    assert caught.value.reason == Pause.HOST_REFUSED


def test_a_wrong_key_pauses_and_breaks_no_row(connection: Connection) -> None:
    with database.cursor() as cursor:
        stranger = Fernet(Fernet.generate_key()).encrypt(b"x")
        cursor.execute(
            "UPDATE connector_connectionsecrets SET client_secret = %s, access_token = %s",
            [stranger, stranger],
        )
    with pytest.raises(Paused) as caught:
        open_client(connection, now=timezone.now())
    assert caught.value.reason == Pause.WRONG_KEY
    assert str(Connection.objects.current().get())


def test_five_failures_in_a_row_leave_the_instance_alone_then_one_caller_tries(
    connection: Connection,
) -> None:
    now = timezone.now()
    row = Instance.objects.filter(pk=connection.instance_id)
    for _ in range(4):
        row.record_failure(now, ServerError("boom"))
    assert row.let_through(now)
    row.record_failure(now, ServerError("boom"))
    with pytest.raises(Paused) as caught:
        open_client(Connection.objects.current().get(), now=now)
    assert caught.value.reason == Pause.BREAKER
    later = now + timedelta(seconds=61)
    assert [row.let_through(later) for _ in range(3)] == [True, False, False]
    row.record_success(later)
    assert row.let_through(later)
    assert row.get().last_error == ""


def test_what_an_instance_refuses_is_no_failure_of_the_instance(connection: Connection) -> None:
    now = timezone.now()
    row = Instance.objects.filter(pk=connection.instance_id)
    for _ in range(9):
        row.record_failure(now, NotAuthenticated("no"))
    assert row.let_through(now)
    assert row.get().last_error == "not_authenticated"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rotate", [False, True])
def test_many_who_find_the_token_expired_make_one_call(
    sandbox: SandboxProcess, connection: Connection, rotate: bool
) -> None:
    sandbox.settings(rotate_refresh_token=rotate)
    by_code(connection, sandbox)
    expire(connection)
    sandbox.clear()
    sandbox.fault("latency", route="token", method="any", seconds=0.5)
    with ThreadPoolExecutor(12) as pool:
        tokens = list(pool.map(lambda _: token_of(connection), range(12)))
    assert len(set(tokens)) == 1
    assert token_calls(sandbox) == 1


def test_a_lease_of_the_dead_ends_by_itself(connection: Connection, sandbox: SandboxProcess) -> None:
    now = timezone.now()
    Connection.objects.filter(pk=connection.pk).update(
        claim_token=uuid4(), claimed_until=now - timedelta(seconds=1)
    )
    assert open_client(connection, now=now).whoami()


def test_secrets_are_unreadable_in_the_database_and_absent_from_dumps(
    connection: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    client_factory.keep_client_secret(connection, "canary-secret")
    with database.cursor() as cursor:
        cursor.execute("SELECT client_secret FROM connector_connectionsecrets")
        assert b"canary" not in bytes(cursor.fetchone()[0])
    call_command("dumpdata", "connector")
    dumped = capsys.readouterr().out
    assert json.loads(dumped)
    assert "canary" not in dumped


def test_encrypted_columns_refuse_expressions(connection: Connection) -> None:
    kept = ConnectionSecrets.objects.filter(connection=connection)
    for expression in (Value("x"), F("access_token")):
        with pytest.raises(TypeError), transaction.atomic():
            kept.update(client_secret=expression)
    row = kept.get()
    row.client_secret = Bound((), "new")  # type: ignore[assignment]
    with pytest.raises(TypeError), transaction.atomic():
        ConnectionSecrets.objects.bulk_update([row], ["client_secret"])
