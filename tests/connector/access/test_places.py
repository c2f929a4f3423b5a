"""A stored secret opens only where it was put: in its column, for its connection, for its host."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection as database
from django.test import Client
from django.utils import timezone

from accounts.models import User
from connector.access import client_factory
from connector.access.client_factory import Pause, Paused, open_client
from connector.models import Connection, ConnectionSecrets, Grant, Instance
from connector.models.secret_fields import Bound
from connector.servicenow.records import Tokens
from connector.setup import oauth_setup
from tests.connector.errands import come_back, confirm, entered, explained, leave, text
from tests.connector.keyring import NEW, OLD, Keys
from tests.factories import ConnectionFactory, InstanceFactory
from tests.sandbox_process import CLIENT, SandboxProcess

pytestmark = pytest.mark.django_db
COLUMNS = ("client_secret", "access_token", "refresh_token")


def stored(connection: Connection, column: str) -> bytes:
    with database.cursor() as cursor:
        cursor.execute(
            f"SELECT {column} FROM connector_connectionsecrets WHERE connection_id = %s", [connection.pk]
        )
        return bytes(cursor.fetchone()[0])


def put(connection: Connection, column: str, value: bytes) -> None:
    with database.cursor() as cursor:
        cursor.execute(
            f"UPDATE connector_connectionsecrets SET {column} = %s WHERE connection_id = %s",
            [value, connection.pk],
        )


def refusal(connection: Connection) -> Pause:
    with pytest.raises(Paused) as caught:
        client_factory.oauth_client_of(connection)
    return caught.value.reason


@pytest.fixture
def elsewhere(db: None) -> Connection:
    """A connection to an instance that an attacker listens at."""
    other = ConnectionFactory.create(instance=InstanceFactory.create(), grant=Grant.CLIENT_CREDENTIALS)
    client_factory.keep_client_secret(other, "known to the attacker")
    return other


@pytest.mark.parametrize("column", COLUMNS)
def test_a_secret_copied_into_the_row_of_another_instance_is_not_opened(
    connection: Connection, elsewhere: Connection, column: str
) -> None:
    put(elsewhere, column, stored(connection, "client_secret"))
    assert refusal(elsewhere) == Pause.MISPLACED


def test_a_secret_copied_into_another_column_is_not_opened(connection: Connection) -> None:
    put(connection, "refresh_token", stored(connection, "client_secret"))
    assert refusal(connection) == Pause.MISPLACED


def test_a_secret_whose_connection_was_led_to_another_host_is_not_opened(
    connection: Connection, sandbox: SandboxProcess
) -> None:
    with SandboxProcess() as other:
        Instance.objects.filter(pk=connection.instance_id).update(host=other.host)
        connection.instance.refresh_from_db()
        assert refusal(connection) == Pause.MISPLACED
        connection.instance.host = sandbox.host
        assert client_factory.oauth_client_of(connection).client_secret == CLIENT[1]


def test_what_is_misplaced_goes_nowhere_and_the_pages_say_how_to_go_on(
    connection: Connection, elsewhere: Connection, sandbox: SandboxProcess, browser: Client
) -> None:
    sandbox.clear()
    put(connection, "client_secret", stored(elsewhere, "client_secret"))
    with pytest.raises(Paused) as caught:
        open_client(connection, now=timezone.now())
    assert caught.value.reason == Pause.MISPLACED
    assert sandbox.requests()["requests"] == []
    said = "<p><strong>The stored secrets do not belong to this connection"
    assert said in text(browser.get("/servicenow/"))
    assert said in text(browser.get("/"))
    # To connect again is the way out.
    browser.post("/servicenow/setup/", entered(sandbox))
    come_back(browser, sandbox.consent(leave(browser)))
    confirm(browser)
    assert said not in text(browser.get("/servicenow/"))
    assert said not in text(browser.get("/"))


def test_authorizing_again_without_a_readable_secret_asks_for_it(
    connection: Connection, elsewhere: Connection, browser: Client
) -> None:
    put(connection, "client_secret", stored(elsewhere, "client_secret"))
    page = browser.post("/servicenow/authorize/", {"fix": "1"}, follow=True)
    assert explained(page, "no_client_secret")


def test_a_secret_that_was_stored_without_a_place_is_not_opened_and_breaks_no_page(
    connection: Connection, browser: Client, secadmin: User
) -> None:
    field = ConnectionSecrets._meta.get_field("client_secret")
    put(connection, "client_secret", field.fernet.encrypt(b"of an older version"))
    assert refusal(connection) == Pause.MISPLACED
    for page in ("/", "/servicenow/", "/servicenow/setup/", "/servicenow/configuration/"):
        assert browser.get(page).status_code == 200
    oauth_setup.remove(connection, secadmin, timezone.now())


def test_rotating_keys_keeps_the_place_of_a_secret(
    connection: Connection,
    elsewhere: Connection,
    keyring: Keys,
    capsys: pytest.CaptureFixture[str],
) -> None:
    put(elsewhere, "client_secret", stored(connection, "client_secret"))
    put(elsewhere, "access_token", stored(elsewhere, "refresh_token"))
    keyring.use(NEW, OLD)
    call_command("rotate_keys")
    assert "0 left under old keys" in capsys.readouterr().out
    keyring.use(NEW)
    assert client_factory.oauth_client_of(connection).client_secret == CLIENT[1]
    assert refusal(elsewhere) == Pause.MISPLACED


def test_a_bare_text_is_never_stored_as_a_secret(connection: Connection) -> None:
    with pytest.raises(TypeError):
        ConnectionSecrets.objects.update(client_secret="bare")
    assert "bare" not in repr(Bound(("a", "b"), "bare"))


def test_what_waits_in_a_session_opens_for_its_purpose_alone(connection: Connection) -> None:
    sealed = client_factory.seal("verifier", "session", "state-1")
    assert client_factory.unseal(sealed, "session", "state-1") == "verifier"
    for purpose in (("session", "state-2"), ("session",), ("session", "state-1", "")):
        with pytest.raises(Paused) as caught:
            client_factory.unseal(sealed, *purpose)
        assert caught.value.reason == Pause.MISPLACED
    # Nor does it pass for a stored secret, or a stored secret for it.
    put(connection, "client_secret", sealed.encode())
    assert refusal(connection) == Pause.MISPLACED
    client_factory.keep_client_secret(connection, CLIENT[1])
    with pytest.raises(Paused):
        client_factory.unseal(stored(connection, "client_secret").decode(), "session", "state-1")


def test_a_verifier_of_another_attempt_is_not_redeemed(browser: Client, sandbox: SandboxProcess) -> None:
    browser.post("/servicenow/setup/", entered(sandbox))
    leave(browser)
    earlier = browser.session[oauth_setup.SESSION_KEY]["verifier"]
    address = sandbox.consent(leave(browser))
    session = browser.session
    session[oauth_setup.SESSION_KEY] = {**session[oauth_setup.SESSION_KEY], "verifier": earlier}
    session.save()
    sandbox.clear()
    assert explained(come_back(browser, address), "misplaced_secret")
    assert sandbox.requests()["requests"] == []


def test_tokens_are_bound_as_well(connection: Connection) -> None:
    client_factory.keep_tokens(
        connection, Tokens("access", timedelta(minutes=30), "refresh", ""), timezone.now()
    )
    assert client_factory.revocable_tokens(connection) == ["refresh", "access"]
    access, refresh = stored(connection, "access_token"), stored(connection, "refresh_token")
    put(connection, "access_token", refresh)
    put(connection, "refresh_token", access)
    with pytest.raises(Paused):
        client_factory.revocable_tokens(connection)
