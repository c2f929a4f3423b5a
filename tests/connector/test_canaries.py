"""Secrets that are let loose in every errand and then looked for wherever anything is written down."""

import base64
import json
import logging
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import LazySettings
from django.core.management import call_command
from django.db import connection as database
from django.test import Client, RequestFactory
from django.utils import timezone
from django.views.debug import ExceptionReporter

from accounts.models import User
from connector.access import client_factory
from connector.models import Connection, ConnectionSecrets
from connector.setup import oauth_setup
from tests.connector.errands import come_back, confirm, entered, leave
from tests.factories import TicketFactory
from tests.sandbox_process import CLIENT, SandboxProcess
from tests.scenarios.test_killed_worker import wait_until
from tests.workers import Workers
from tickets.actions.share import enqueue_push
from tickets.delivery.push import push
from tickets.models import Ticket

CANARY = "canary-client-secret-7d1f"
COLUMNS = ("client_secret", "access_token", "refresh_token")


class Flock:
    """Every secret that was alive at some time of an errand."""

    def __init__(self) -> None:
        self.secrets = {CLIENT[1], CANARY}

    def watch(self) -> None:
        """Note the secrets of this moment."""
        for kept in ConnectionSecrets.objects.all():
            self.secrets |= {getattr(kept, column).text for column in COLUMNS} - {""}

    def seen_in(self, text: str | bytes) -> list[str]:
        """Those found in a text, plain, in base64 or as part of an address."""
        searched = text.encode() if isinstance(text, str) else text
        return [secret for secret in self.secrets if any(form in searched for form in _forms(secret))]


def _forms(secret: str) -> Iterator[bytes]:
    yield secret.encode()
    # Without its ends, which depend on the neighbours.
    yield base64.b64encode(secret.encode())[:-4]
    yield base64.b64encode(f"{CLIENT[0]}:{secret}".encode())[:-4]


@pytest.fixture
def flock() -> Flock:
    return Flock()


def verifier_in(waiting: dict[str, str]) -> str:
    """The verifier that waits in a session."""
    draft = Connection.objects.drafts().get()
    return client_factory.unseal(waiting["verifier"], *oauth_setup.verifier_of(draft, waiting["state"]))


def connect(browser: Client, sandbox: SandboxProcess, flock: Flock) -> Connection:
    """Connect by the authorization code, noting everything secret on the way."""
    browser.post("/servicenow/setup/", entered(sandbox))
    address = leave(browser)
    waiting = browser.session[oauth_setup.SESSION_KEY]
    flock.secrets.add(verifier_in(waiting))
    arrived = sandbox.consent(address)
    found = re.search(r"code=([^&]+)", arrived)
    assert found
    flock.secrets.add(found[1])
    come_back(browser, arrived)
    confirm(browser)
    flock.watch()
    return Connection.objects.working().get()


def put_canary() -> None:
    """A client secret that no page has a reason to show; the sandbox's own stands in the demonstration's hint."""
    for kept in ConnectionSecrets.objects.all():
        kept.client_secret = replace(kept.client_secret, text=CANARY)
        kept.save(update_fields=["client_secret"])


PAGES = [
    "/",
    "/cards/",
    "/servicenow/",
    "/servicenow/setup/",
    "/servicenow/setup/?problem=token_refused",
    "/servicenow/confirm/",
    "/servicenow/configuration/",
    "/servicenow/configuration/states/",
    "/tickets/",
    "/tickets/new/",
    "/secure-score/",
    "/admin/",
    "/admin/connector/connection/",
    "/admin/connector/instance/",
    "/admin/accounts/auditentry/",
    "/admin/tickets/ticket/",
    "/no-such-page/",
]


@pytest.mark.django_db
def test_no_page_of_any_role_holds_a_secret(
    browser: Client,
    sandbox: SandboxProcess,
    flock: Flock,
    reader: User,
    secadmin: User,
    administrator: User,
) -> None:
    current = connect(browser, sandbox, flock)
    put_canary()
    flock.secrets -= {CLIENT[1]}
    ticket = TicketFactory.create(instance=current.instance, requested_by=secadmin)
    push(ticket.pk)
    pages = [
        *PAGES,
        f"/tickets/{ticket.pk}/",
        f"/admin/connector/connection/{current.pk}/change/",
        f"/admin/connector/instance/{current.instance_id}/change/",
        f"/admin/tickets/ticket/{ticket.pk}/change/",
    ]
    for person in (reader, secadmin, administrator):
        browser.force_login(person)
        for page in pages:
            answer = browser.get(page)
            assert answer.status_code in (200, 302, 403, 404), page
            assert flock.seen_in(answer.content) == [], (person, page)
            cookies = " ".join(morsel.OutputString() for morsel in browser.cookies.values())
            assert flock.seen_in(cookies + str(answer.headers)) == []


@pytest.mark.django_db
def test_no_log_line_holds_a_secret_however_the_errand_ends(
    browser: Client, sandbox: SandboxProcess, flock: Flock, caplog: pytest.LogCaptureFixture, secadmin: User
) -> None:
    with caplog.at_level(logging.DEBUG):
        for name in ("django.request", "connector", "requests", "urllib3"):
            logging.getLogger(name).propagate = True
        current = connect(browser, sandbox, flock)
        Connection.objects.update(access_expires_at=timezone.now())
        ticket = TicketFactory.create(instance=current.instance, requested_by=secadmin)
        push(ticket.pk)
        flock.watch()
        for fault in ("server_error", "reset", "truncated", "login_page", "unauthorized"):
            Connection.objects.update(access_expires_at=timezone.now())
            sandbox.fault(fault, route="token", method="any")
            browser.post("/servicenow/test/")
            flock.watch()
        sandbox.expire_tokens("all")
        browser.post("/servicenow/test/")
        sandbox.fault("reset", route="revoke", method="any")
        browser.post("/servicenow/configuration/", {"name": sandbox.host})
    assert not Connection.objects.current().exists()
    assert "POST /oauth_token.do" in caplog.text
    assert "/oauth_revoke_token.do" in caplog.text
    assert flock.seen_in(caplog.text) == []


@pytest.mark.django_db
def test_no_error_page_holds_a_secret_not_even_in_development(
    browser: Client, sandbox: SandboxProcess, flock: Flock, settings: LazySettings, rf: RequestFactory
) -> None:
    current = connect(browser, sandbox, flock)
    settings.DEBUG = True
    request = rf.post("/servicenow/setup/", entered(sandbox, client_secret=CANARY))
    client_secret, tokens = CANARY, list(flock.secrets)

    def fails() -> None:
        kept = (
            client_factory.oauth_client_of(current),
            client_factory.revocable_tokens(current),
            client_secret,
            tokens,
        )
        raise RuntimeError(len(kept))

    try:
        fails()
    except RuntimeError:
        reporter = ExceptionReporter(request, *sys.exc_info())
    for report in (reporter.get_traceback_html(), reporter.get_traceback_text()):
        assert "RuntimeError" in report
        assert "test_canaries.py" in report
        assert flock.seen_in(report) == []


@pytest.mark.django_db
def test_no_dump_and_no_export_holds_a_secret(
    browser: Client, sandbox: SandboxProcess, flock: Flock, capsys: pytest.CaptureFixture[str]
) -> None:
    connect(browser, sandbox, flock)
    call_command("dumpdata")
    dumped = capsys.readouterr().out
    assert {row["model"] for row in json.loads(dumped)} >= {
        "connector.connection",
        "connector.connectionsecrets",
    }
    assert flock.seen_in(dumped) == []
    exported = browser.get("/tickets/export.csv")
    assert flock.seen_in(b"".join(_pieces(exported))) == []


def _pieces(answer: Any) -> Iterator[bytes]:
    yield from (answer.streaming_content if answer.streaming else [answer.content])


@pytest.mark.django_db(transaction=True)
def test_the_database_holds_no_secret_in_clear(
    browser: Client, sandbox: SandboxProcess, flock: Flock
) -> None:
    current = connect(browser, sandbox, flock)
    put_canary()
    browser.post("/servicenow/setup/", entered(sandbox))
    leave(browser)
    flock.secrets.add(verifier_in(browser.session[oauth_setup.SESSION_KEY]))
    flock.watch()
    assert client_factory.oauth_client_of(current).client_secret == CANARY
    assert flock.seen_in(_everything_stored()) == []


def _everything_stored() -> bytes:
    if database.vendor == "sqlite":
        path = Path(database.settings_dict["NAME"])
        files = [path, path.with_name(path.name + "-wal")]
        return b"".join(file.read_bytes() for file in files if file.exists())
    with database.cursor() as cursor:
        rows = []
        for table in database.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            rows += [row[0] for row in cursor.fetchall()]
    # bytea is printed in hex.
    printed = "\n".join(rows)
    clear = [bytes.fromhex(found) for found in re.findall(r"\\x((?:[0-9a-f]{2})+)", printed)]
    return printed.encode() + b"\n".join(clear)


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.django_db(transaction=True)
def test_neither_the_broker_nor_a_workers_log_holds_a_secret(
    browser: Client,
    sandbox: SandboxProcess,
    flock: Flock,
    secadmin: User,
    settings: LazySettings,
    tmp_path: Path,
) -> None:
    current = connect(browser, sandbox, flock)
    Connection.objects.update(access_expires_at=timezone.now())
    ticket = TicketFactory.create(instance=current.instance, requested_by=secadmin)
    enqueue_push(ticket.pk)
    messages = _messages(settings)
    assert str(ticket.pk) in messages
    log = tmp_path / "workers.log"
    with Workers(log, "DEBUG"):
        wait_until(lambda: Ticket.objects.get(pk=ticket.pk).is_delivered)
        flock.watch()
    # Nobody takes messages any more while they are read.
    messages += _messages(settings)
    assert "oauth_token.do" in log.read_text()
    assert flock.seen_in(log.read_text()) == []
    assert flock.seen_in(messages) == []


def _messages(settings: LazySettings) -> str:
    """What waits in the broker, bodies decoded."""
    if settings.CELERY_BROKER_URL.startswith("redis"):
        waiting = redis.Redis.from_url(settings.CELERY_BROKER_URL).lrange("celery", 0, -1)
        messages = [json.loads(message) for message in waiting]
    else:
        files = (Path(settings.STATE_DIR) / "broker").rglob("*.message")
        messages = [json.loads(file.read_text()) for file in files]
    return "\n".join(json.dumps(one) + base64.b64decode(one["body"]).decode() for one in messages)
