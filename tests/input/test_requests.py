"""Requests of more than anybody means to send: every address by people who are not signed in, and a server that is sent
a body slowly.
"""

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.apps import apps
from django.conf import LazySettings, settings
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.models import User
from portal.limits import ADDRESS_LENGTH, HEADER_LENGTH, HEADERS_LENGTH
from portal.run import WEB_LIMITS
from tests.accounts.test_sign_in import PUBLIC, named_pages
from tests.input.growth import check_doubling
from tests.input.test_fields import all_fields
from tests.input.test_logs import written
from tests.portal.processes import wait_until
from tests.portal.scratch import KEYS, environment, manage
from tests.ports import free_port
from tests.sandbox_process import ROOT
from tickets.records.payload import NAME_LENGTH, TEXT_LENGTH

__all__ = ["written"]
MARKS = "\u0315\u0300"
MEGABYTES = 3_000_000
FORM = "application/x-www-form-urlencoded"
HEADERS = (
    "HOST", "COOKIE", "USER_AGENT", "ACCEPT_LANGUAGE", "X_FORWARDED_FOR", "X_FORWARDED_PROTO", "REFERER", "ORIGIN",
    "HX_REQUEST", "HX_CURRENT_URL", "X_CSRFTOKEN", "SEC_FETCH_SITE", "AUTHORIZATION", "ACCEPT_ENCODING",
)  # fmt: skip
# What views read beside forms.
LOOSE = {"next", "csrfmiddlewaretoken", "finding", "actions", "step", "seen", "certain", "page", "sort"}


def addresses() -> dict[str, str]:
    """Every address that needs no row: ours, and the administration's lists."""
    lists = [
        f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist" for model in admin.site._registry
    ]
    return named_pages() | {name: reverse(name) for name in ("admin:index", "admin:jsi18n", *lists)}


def rows() -> dict[str, int]:
    """How many there are of everything."""
    return {model._meta.label: model._default_manager.count() for model in apps.get_models()}


def body(name: str, size: int) -> bytes:
    """A form with one field of marks, of so many bytes."""
    return f"{name}=".encode() + b"%CC%95%CC%80" * (size // 12)


def as_headers(text: str, *names: str) -> Any:
    """Headers as a test client takes them."""
    return {f"HTTP_{name}": text for name in names}


def too_long(client: Client, address: str, headers: list[tuple[str, ...]], size: int) -> list[int]:
    """Send what is too long, at each place alone; the statuses."""
    text = "x" * size
    sent = [
        client.generic("POST", address, body("username", size), FORM),
        client.generic("POST", address, text.encode(), "multipart/form-data; boundary=x"),
        client.generic("POST", address, b"", FORM, QUERY_STRING=text),
    ]
    for method in ("GET", "HEAD"):
        sent.append(client.generic(method, address, QUERY_STRING=f"q={text}"))
        sent += [client.generic(method, address, **as_headers(text, *names)) for names in headers]
    sent.append(client.generic("POST", address, b"a=b", FORM, **as_headers(text, *HEADERS)))
    return [answer.status_code for answer in sent]


def just_fits(client: Client, address: str, names: set[str], size: int) -> list[int]:
    """Send a field of the longest text that is read at all, under each of these names; the statuses."""
    return [client.generic("POST", address, body(name, size), FORM).status_code for name in sorted(names)]


@pytest.mark.slow
@pytest.mark.django_db
def test_three_megabytes_anywhere_cost_little_and_leave_nothing(written: StringIO) -> None:
    before = rows()
    for name, address in addresses().items():
        # Where anybody may come, each header alone; elsewhere, all at once.
        headers: list[tuple[str, ...]] = [(one,) for one in HEADERS] if name in PUBLIC else [HEADERS]
        sent = partial(too_long, Client(raise_request_exception=False), address, headers)

        def send(size: int, name: str = name, sent: Callable[[int], list[int]] = sent) -> None:
            written.truncate(written.seek(0))
            statuses = sent(size)
            assert set(statuses) <= {408, 413, 414, 431}, name
            assert len(written.getvalue()) < 500 * len(statuses), name

        check_doubling(partial(send, MEGABYTES // 2), partial(send, MEGABYTES), name)
    assert rows() == before


@pytest.mark.slow
@pytest.mark.django_db
def test_the_longest_text_that_is_read_costs_little_and_leaves_nothing(
    written: StringIO, settings: LazySettings
) -> None:
    settings.EMAIL_CONFIG = {}
    settings.HAS_MAIL_SERVER = True
    before = rows()
    largest = settings.DATA_UPLOAD_MAX_MEMORY_SIZE - 1000
    names = {name.rpartition(": ")[2] for name, _field in all_fields()} | LOOSE
    for name, address in addresses().items():
        client = Client(raise_request_exception=False)
        fields = names if name in PUBLIC else {"username"}

        def send(
            size: int,
            client: Client = client,
            name: str = name,
            address: str = address,
            fields: set[str] = fields,
        ) -> None:
            written.truncate(written.seek(0))
            statuses = just_fits(client, address, fields, size)
            assert set(statuses) <= {200, 302, 404, 405}, name
            assert len(written.getvalue()) < 500 * len(statuses), name

        check_doubling(partial(send, largest // 2), partial(send, largest), name)
    assert rows() == before


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "words", "sent"),
    [
        (
            413,
            "shorten the text",
            {"method": "POST", "data": body("username", MEGABYTES), "content_type": FORM},
        ),
        (414, "Search for fewer words", {"method": "GET", "QUERY_STRING": "q" * (ADDRESS_LENGTH + 1)}),
        (431, "Delete the cookies", {"method": "GET", "HTTP_COOKIE": "a=" + "b" * HEADER_LENGTH}),
        (413, "choose fewer rows", {"method": "POST", "data": b"a=&" * 2_000, "content_type": FORM}),
    ],
)
def test_a_refusal_says_what_to_do(reader: User, status: int, words: str, sent: dict[str, str]) -> None:
    for language, said in (("en", words), ("ja", "エラー")):
        client = Client(headers={"accept-language": language})
        if "a=&" in str(sent):
            client.force_login(reader)
        answer = client.generic(path="/accounts/language/", **sent)  # type: ignore[arg-type]
        assert answer.status_code == status
        assert said in answer.content.decode()
        assert "default-src 'none'" in answer["Content-Security-Policy"]
        assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_a_name_that_is_too_long_is_told_in_the_form(client: Client) -> None:
    page = client.post("/accounts/login/", {"username": "a" * 1000, "password": "b" * 10_000})
    assert page.status_code == 200
    assert set(page.context["form"].errors) == {"username", "password"}


@pytest.mark.django_db
def test_a_search_in_the_administration_has_a_longest_text(client: Client, administrator: User) -> None:
    client.force_login(administrator)
    page = client.get(reverse("admin:accounts_user_changelist"), {"q": "a " * 1500})
    assert page.status_code == 200


class Gunicorn:
    """gunicorn with one thread, as the portal starts it otherwise."""

    def __init__(self, application: str, folder: Path) -> None:
        self.port, self.log = free_port(), folder / "log"
        command = [sys.executable, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{self.port}"]
        command += ["--workers", "1", "--threads", "1", "--worker-class", "gthread", "--no-control-socket"]
        command += WEB_LIMITS
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment(folder, **KEYS, DEMO="1"), stdout=log, stderr=log
            )
        wait_until(lambda: self._is_up() or self.process.poll() is not None, 60)

    def _is_up(self) -> bool:
        try:
            return b"ok" in self.ask(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        except OSError:
            return False

    def begin(self, request: bytes) -> socket.socket:
        """Send (the beginning of) a request."""
        line = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        with contextlib.suppress(OSError):  # It has heard enough.
            line.sendall(request)
        return line

    def ask(self, request: bytes) -> bytes:
        """Send a request and read until the end of the answer."""
        return rest_of(self.begin(request))


def rest_of(line: socket.socket) -> bytes:
    found = b""
    with line, contextlib.suppress(ConnectionResetError):
        while piece := line.recv(65_536):
            found += piece
    return found


@pytest.fixture(scope="module")
def gunicorn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gunicorn]:
    folder = tmp_path_factory.mktemp("server")
    assert manage("collectstatic", "--no-input", settings=environment(folder, **KEYS)).returncode == 0
    server = Gunicorn("tests.input.slow_app", folder)
    yield server
    server.process.terminate()
    server.process.wait(30)


HEAD = (
    b"POST /accounts/login/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: "
    + FORM.encode()
)


def test_a_body_that_never_ends_gives_the_thread_back(gunicorn: Gunicorn) -> None:
    slow = gunicorn.begin(HEAD + b"\r\nContent-Length: 1000\r\n\r\nusername=a")
    for _piece in range(3):
        time.sleep(0.3)  # Longer in all than the deadline between two pieces would ever find.
        slow.sendall(b"a")
    assert b"200 OK" in gunicorn.ask(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    answer = rest_of(slow)
    assert b" 408 " in answer.partition(b"\r\n")[0]
    assert b"took too long" in answer
    assert b"Traceback" not in gunicorn.log.read_bytes()


@pytest.mark.parametrize("place", ["address", "header"])
def test_the_web_server_leaves_the_limits_to_the_page_that_says_what_to_do(
    gunicorn: Gunicorn, place: str
) -> None:
    def ask(length: int) -> bytes:
        text = b"x" * length
        line, header = (b"?q=" + text, b"") if place == "address" else (b"", b"A: " + text + b"\r\n")
        return gunicorn.ask(
            b"GET /livez" + line + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + header + b"\r\n"
        )

    assert b" 200 " in ask(ADDRESS_LENGTH - 100).partition(b"\r\n")[0]
    refused = ask(ADDRESS_LENGTH + 50)
    assert (b" 414 " if place == "address" else b" 431 ") in refused.partition(b"\r\n")[0]
    assert b"Go to the home page" in refused


def test_a_body_that_comes_in_pieces_arrives(gunicorn: Gunicorn) -> None:
    content = urlencode({"language": "xx"}).encode()
    line = gunicorn.begin(
        HEAD.replace(b"login", b"language") + f"\r\nContent-Length: {len(content)}\r\n\r\n".encode()
    )
    for letter in content:
        line.sendall(bytes([letter]))
    assert b" 403 " in rest_of(line).partition(b"\r\n")[0]  # Read, and found to have no token.


@pytest.mark.parametrize(
    "request_",
    [
        HEAD + b"\r\nContent-Length: 3000000\r\n\r\n" + body("username", MEGABYTES),
        b"GET /?q=" + b"x" * MEGABYTES + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: " + b"x" * MEGABYTES + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"A: b\r\n" * 500_000 + b"\r\n",
        b"\x16\x03\x01" * 1_000_000,
        HEAD + b"\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n" + b"x" * MEGABYTES,
        HEAD + b"\r\nContent-Length: 5\r\n\r\n",
    ],
    ids=["body", "address", "host", "headers", "no request", "chunks", "half"],
)
def test_the_server_itself_says_little_about_what_it_refuses(gunicorn: Gunicorn, request_: bytes) -> None:
    before = gunicorn.log.stat().st_size
    with gunicorn.begin(request_) as line:
        with contextlib.suppress(OSError):
            line.shutdown(socket.SHUT_WR)
        rest_of(line)
    assert b"200 OK" in gunicorn.ask(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    said = gunicorn.log.read_bytes()[before:]
    assert len(said) < 3_000
    assert b"Traceback" not in said


def test_the_limits_fit_each_other() -> None:
    # A letter takes up to twelve bytes in a form.
    assert settings.DATA_UPLOAD_MAX_MEMORY_SIZE > 2 * 12 * (NAME_LENGTH + TEXT_LENGTH)
    assert HEADERS_LENGTH >= HEADER_LENGTH
