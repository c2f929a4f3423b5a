import gzip
import logging
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings

from sandbox.microsoft.tenant import CLIENT_ID, CLIENT_SECRET, TENANT_ID
from scorecard.graph import errors, oauth
from scorecard.graph.client import PROFILES, Client
from scorecard.graph.credentials import ClientSecret
from scorecard.graph.transport import Timeouts, Transport, check_origin
from scorecard.importing import graph_client
from tests.connector.peer import Peer
from tests.scorecard.conftest import Microsoft

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ROOT = Path(__file__).parents[3]


@contextmanager
def raw_server(*pieces: bytes, pause: float = 0) -> Iterator[str]:
    """An address that reads one request, writes these pieces and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            line, _ = listener.accept()
            with line:
                line.recv(65536)
                for piece in pieces:
                    try:
                        line.sendall(piece)
                    except OSError:
                        return
                    time.sleep(pause)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(10)


@contextmanager
def page_server(body: bytes, *headers: str) -> Iterator[str]:
    with raw_server(whole(body, *headers)) as url:
        yield url


def whole(body: bytes, *headers: str) -> bytes:
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def token(microsoft: Microsoft) -> str:
    return oauth.fetch_token(
        Transport(microsoft.url),
        tenant_id=TENANT_ID,
        client_id=CLIENT_ID,
        credential=ClientSecret(CLIENT_SECRET),
        resource="https://graph.microsoft.com",
        now=NOW,
    )


def signed_in(
    microsoft: Microsoft, sleeps: list[float], patience: timedelta = timedelta(minutes=5)
) -> Client:
    return Client(Transport(microsoft.url), token(microsoft), sleep=sleeps.append, patience=patience)


def test_all_pages_are_followed(microsoft: Microsoft) -> None:
    pages = graph_client.open_client(now=NOW).control_profiles()
    assert len(pages) > 1
    assert sum(len(page["value"]) for page in pages) >= 240


def test_as_many_days_come_as_were_asked_for(microsoft: Microsoft) -> None:
    pages = graph_client.open_client(now=NOW).secure_scores(days=3)
    assert sum(len(page["value"]) for page in pages) == 3


def test_asked_to_slow_down_it_waits_as_long_as_it_was_told(microsoft: Microsoft) -> None:
    sleeps: list[float] = []
    client = signed_in(microsoft, sleeps)
    microsoft.fault(kind="rate_limit", route="secureScores", times=2, seconds=2.5)
    assert client.secure_scores(days=1)
    assert sleeps == [2.5, 2.5]


def test_not_told_how_long_it_waits_longer_each_time(microsoft: Microsoft) -> None:
    sleeps: list[float] = []
    client = signed_in(microsoft, sleeps)
    microsoft.fault(kind="rate_limit_bare", route="secureScores", times=3)
    assert client.secure_scores(days=1)
    assert sleeps == [1, 2, 4]


def test_patience_ends(microsoft: Microsoft) -> None:
    sleeps: list[float] = []
    client = signed_in(microsoft, sleeps, patience=timedelta(seconds=5))
    microsoft.fault(kind="rate_limit", route="secureScores", times=9, seconds=2)
    with pytest.raises(errors.RateLimited) as caught:
        client.secure_scores(days=1)
    assert caught.value.retry_after == timedelta(seconds=2)
    assert sleeps == [2, 2]


def test_a_repeated_link_to_the_next_page_is_an_error(microsoft: Microsoft) -> None:
    client = graph_client.open_client(now=NOW)
    microsoft.fault(kind="repeat_next_link", route="secureScoreControlProfiles", times=9)
    with pytest.raises(errors.EndlessPaging, match=r"repeated a link to the next page \(@odata.nextLink\)"):
        client.control_profiles()


@pytest.mark.parametrize(
    "link", ["https://evil.example/v1.0/x", "http://evil.example/", "//evil.example/", "x"]
)
def test_a_link_elsewhere_is_not_followed(link: str) -> None:
    body = f'{{"value": [], "@odata.nextLink": "{link}"}}'.encode()
    with page_server(body) as url, pytest.raises(errors.EndlessPaging, match="another address"):
        Client(Transport(url), "token").control_profiles()


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://Graph.Microsoft.com:443/v1.0/x?$skip=1", "https://graph.microsoft.com"),
        ("HTTPS://graph.microsoft.com/v1.0", "https://graph.microsoft.com"),
        ("https://graph.microsoft.com:8443/", "https://graph.microsoft.com:8443"),
        ("http://LOCALHOST:80/", "http://localhost"),
        ("http://[::1]:8801/", "http://[::1]:8801"),
    ],
)
def test_one_origin_is_written_in_one_way(address: str, origin: str) -> None:
    assert check_origin(address) == origin


@pytest.mark.parametrize(
    "address",
    [
        "http://graph.microsoft.com/",
        "https://graph.microsoft.com@evil.example/",
        "https://:443/",
        "https://a:b/",
    ],
)
def test_what_is_no_origin_to_talk_to_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        check_origin(address)


def test_a_link_of_the_same_origin_is_followed_however_it_is_written() -> None:
    with Peer() as peer:
        link = f"HTTP://LocalHost:{peer.port}/v1.0/next"
        body = f'{{"value": [], "@odata.nextLink": "{link}"}}'.encode()
        peer.pieces = [whole(body)]
        with pytest.raises(errors.EndlessPaging, match="repeated"):
            Client(Transport(f"http://localhost:{peer.port}"), "token").control_profiles()
    # Followed once, and found to lead back to itself.
    assert [heard.split(b" ")[1] for heard in peer.heard] == [PROFILES.encode(), b"/v1.0/next"]


def test_a_compressed_answer_is_read_within_the_limit_of_what_it_holds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    packed = gzip.compress(b'{"value": []}')
    with page_server(packed, "Content-Encoding: gzip") as url:
        assert Client(Transport(url), "token").control_profiles() == [{"value": []}]
    monkeypatch.setattr("scorecard.graph.transport.LARGEST_BODY", 1024 * 1024)
    bomb = gzip.compress(b" " * 50_000_000)
    with (
        page_server(bomb, "Content-Encoding: gzip") as url,
        pytest.raises(errors.Unreadable, match="too large"),
    ):
        Client(Transport(url), "token").control_profiles()


def test_a_wrong_secret_is_refused_with_words(microsoft: Microsoft, settings: LazySettings) -> None:
    settings.GRAPH_CLIENT_SECRET = "not-it"
    with pytest.raises(errors.TokenRefused, match="GRAPH_CLIENT_SECRET") as caught:
        graph_client.open_client(now=NOW)
    assert "not-it" not in str(caught.value)


def test_missing_settings_are_named(settings: LazySettings) -> None:
    settings.GRAPH_TENANT_ID, settings.GRAPH_CLIENT_ID, settings.GRAPH_CLIENT_SECRET = "tenant", "", ""
    with pytest.raises(graph_client.NotConfigured, match="GRAPH_CLIENT_ID, GRAPH_CLIENT_SECRET"):
        graph_client.open_client(now=NOW)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("server_error", errors.ServerError),
        ("truncated", errors.GraphError),
        ("unauthorized", errors.NotAuthenticated),
        ("forbidden", errors.Forbidden),
    ],
)
def test_what_goes_wrong_is_told_by_type(
    kind: str, error: type[errors.GraphError], microsoft: Microsoft
) -> None:
    client = graph_client.open_client(now=NOW)
    microsoft.fault(kind=kind, route="secureScores", times=1)
    with pytest.raises(error):
        client.secure_scores(days=1)


def test_nobody_there_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(errors.Unreachable):
        Transport(f"http://127.0.0.1:{port}").get("/", access_token="t")


@pytest.mark.parametrize(
    "pieces",
    [(), (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",), (b"nonsense\r\n\r\n",)],
)
def test_a_broken_connection_is_no_answer(pieces: tuple[bytes, ...]) -> None:
    with raw_server(*pieces) as url, pytest.raises(errors.NoAnswer):
        Transport(url).get("/", access_token="t")


def test_silence_has_an_end() -> None:
    with raw_server(b"HTTP/1.1 200 OK\r\n", pause=1) as url, pytest.raises(errors.NoAnswer):
        Transport(url, timeouts=Timeouts(read=0.2)).get("/", access_token="t")


def test_an_answer_that_drips_has_an_end() -> None:
    drip = [b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", *[b" "] * 20]
    with raw_server(*drip, pause=0.1) as url, pytest.raises(errors.NoAnswer, match="too long"):
        Transport(url, timeouts=Timeouts(total=0.5)).get("/", access_token="t")


def test_an_endless_answer_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scorecard.graph.transport.LARGEST_BODY", 1000)
    with page_server(b" " * 200_000) as url, pytest.raises(errors.Unreadable, match="too large"):
        Transport(url).get("/", access_token="t")


def test_a_redirect_is_not_followed() -> None:
    answer = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    with raw_server(answer) as url:
        assert Transport(url).get("/", access_token="t").status == 302


def test_token_and_query_reach_neither_log_nor_error(
    microsoft: Microsoft, caplog: pytest.LogCaptureFixture
) -> None:
    transport = Transport(microsoft.url)
    with caplog.at_level(logging.INFO), pytest.raises(errors.NotAuthenticated) as caught:
        Client(transport, "very-secret-token").secure_scores(days=77)
    assert "/v1.0/security/secureScores 401" in caplog.text
    for secret in ("very-secret-token", "77"):
        assert secret not in caplog.text.replace(microsoft.url, "")
        assert secret not in f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}"


@pytest.mark.parametrize(
    "address", ["http://graph.microsoft.com", "ftp://127.0.0.1", "graph.microsoft.com", ""]
)
def test_a_token_never_crosses_a_network_in_the_clear(address: str) -> None:
    with pytest.raises(ValueError, match="not an https address"):
        check_origin(address)


def test_the_client_needs_no_framework() -> None:
    code = "import sys, scorecard.graph.client; sys.exit('django' in sys.modules or 'celery' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=30).returncode == 0
