"""What the portal writes about requests: one short line for what is no error of its own, and files that stay small."""

import logging
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.test import Client
from django.urls import path

import portal.urls
from accounts.access import anyone_signed_in
from accounts.models import AuditEntry, User
from portal import reporting
from portal.rotation import rotate
from tests.portal.processes import wait_until
from tests.portal.test_supervisor import Start, supervise

__all__ = ["supervise"]
LONG = "\u0315\u0300x" * 300_000
ERRORS: dict[str, Exception] = {
    "forbidden": PermissionDenied("x"),
    "missing": Http404("x"),
    "odd": SuspiciousOperation(LONG),
    "broken": BrokenPipeError("x"),
    "half": UnreadablePostError("x"),
    "wrong": ValueError(LONG),
}


def fail(request: HttpRequest, how: str) -> HttpResponse:
    raise ERRORS[how]


handler400 = "portal.error_pages.bad_request"
handler500 = "portal.error_pages.server_error"
urlpatterns = [path("fails/<how>/", anyone_signed_in(fail), name="fails"), *portal.urls.urlpatterns]


@pytest.fixture
def written() -> Iterator[StringIO]:
    """What goes to the log, as the portal's own handler writes it."""
    [handler] = [
        one
        for one in logging.getLogger().handlers
        if isinstance(one, logging.StreamHandler) and isinstance(one.formatter, reporting.Line)
    ]
    lines = StringIO()
    before = handler.setStream(lines)
    yield lines
    handler.setStream(before)


@pytest.mark.django_db
@pytest.mark.parametrize("name", [LONG[:200_000], "a" * 200_000, "two\nlines"])
def test_a_refused_sign_in_is_a_short_line(client: Client, written: StringIO, name: str) -> None:
    for _try in range(12):
        client.post("/accounts/login/", {"username": name, "password": "x"})
    lines = written.getvalue().splitlines()
    assert all(len(line) < 500 for line in lines)
    assert len(lines) <= 24


@pytest.mark.parametrize(
    "logger", ["", "django.request", "gunicorn.error", "celery.worker", "accounts.throttle"]
)
def test_every_logger_cuts_what_it_quotes(written: StringIO, logger: str) -> None:
    logging.getLogger(logger).warning("Refused %s", LONG)
    logging.getLogger(logger).warning("Refused %s", "a\r\nb")
    first, second = written.getvalue().splitlines()
    assert len(first) < reporting.LONGEST_LINE + 100
    assert second.endswith(r"Refused a\r\nb")


@pytest.mark.django_db
@pytest.mark.urls(__name__)
@pytest.mark.parametrize("how", ERRORS)
def test_only_what_went_wrong_here_has_a_traceback(reader: User, written: StringIO, how: str) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(reader)
    client.get(f"/fails/{how}/")
    said = written.getvalue()
    assert said
    assert ("Traceback" in said) == (how == "wrong")
    assert len(said) < reporting.LONGEST_TRACEBACK + 2 * reporting.LONGEST_LINE


@pytest.mark.django_db
def test_an_audit_entry_cuts_what_it_quotes(reader: User) -> None:
    entry = AuditEntry.objects.record(
        actor=reader, verb="person.changed", target=LONG, name=LONG, both=[LONG, {"deep": LONG}], count=1
    )
    assert len(entry.target) <= 200
    assert len(str(entry.detail)) < 4_000
    assert entry.detail["count"] == 1


def test_a_log_is_put_aside_once_it_is_large(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    assert not rotate(log, largest=10)
    with log.open("ab", buffering=0) as writer:
        for number in range(6):
            writer.write(f"{number} is long enough\n".encode())
            assert rotate(log, largest=10, kept=2)
        writer.write(b"short\n")
    assert not rotate(log, largest=10)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "web.log": "short\n", "web.log.1": "5 is long enough\n", "web.log.2": "4 is long enough\n",
    }  # fmt: skip


def test_the_supervisor_rotates_the_logs_of_its_parts(supervise: Start, tmp_path: Path) -> None:
    supervise("yes a-line-of-a-part-that-never-stops-talking | head -c 40000000; sleep 600")
    log = tmp_path / "part0.log"
    wait_until(lambda: log.with_name("part0.log.1").exists() and log.stat().st_size < 40_000_000)
