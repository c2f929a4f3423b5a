"""One call over HTTP, against peers that misbehave."""

import contextlib
import gzip
import logging
import socket
import time
import tracemalloc
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.servicenow import responses
from connector.servicenow.errors import (
    NoAnswer,
    OutcomeUnknown,
    ServiceNowError,
    TooLarge,
    Unreachable,
    Unreadable,
)
from connector.servicenow.transport import LARGEST_BODY, Call, Timeouts, Transport
from tests.connector.peer import Peer, answer

CALL = Call("POST", "/api/now/table/incident", {"sysparm_query": "number=secret"}, b"{}")


def transport(origin: str, **limits: float) -> Transport:
    return Transport(
        origin, lambda: ["127.0.0.1"], Timeouts(**{"connect": 1, "read": 1, "total": 2, **limits})
    )


def test_refused_connection_is_known_not_to_have_sent_anything() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unreachable):
        transport(f"http://127.0.0.1:{port}").send(CALL, "t")


@pytest.mark.parametrize(
    ("pieces", "hold", "kind"),
    [
        ((), False, NoAnswer),
        ((), True, NoAnswer),
        ((b"HTTP/1.1 201 Created\r\nContent-", b""), False, Unreadable),
        ((b"no HTTP at all\r\n\r\n",), False, NoAnswer),
        ((b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{",), False, Unreadable),
        ((b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{",), True, NoAnswer),
        ((b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",), False, OutcomeUnknown),
    ],
    ids=["closes", "silent", "head cut off", "not HTTP", "body cut off", "body stalls", "chunk cut off"],
)
def test_what_breaks_after_sending_leaves_the_outcome_unknown(
    pieces: tuple[bytes, ...], hold: bool, kind: type[OutcomeUnknown]
) -> None:
    with Peer(*pieces, hold=hold) as peer, pytest.raises(kind):
        responses.read_record("incident", transport(peer.origin).send(CALL, "t"))
    assert len(peer.heard) == 1


@pytest.mark.parametrize(
    "head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"], ids=["head", "body"]
)
def test_a_dripping_answer_ends_at_the_total_limit(head: bytes) -> None:
    drops = [b"H", b"T", b"T", b"P"] + [b"x"] * 60
    began = time.monotonic()
    with Peer(head, *drops, pause=0.1) as peer, pytest.raises(NoAnswer):
        transport(peer.origin, total=0.8).send(CALL, "t")
    assert time.monotonic() - began < 3


def test_a_name_that_takes_all_the_time_leaves_none_to_connect() -> None:
    def slow() -> list[str]:
        time.sleep(0.2)
        return ["127.0.0.1"]

    with Peer(answer(b"{}")) as peer, pytest.raises(Unreachable):
        Transport(peer.origin, slow, Timeouts(1, 1, 0.1)).send(CALL, "t")
    assert peer.heard == []


@given(st.binary(max_size=200), st.booleans())
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_any_bytes_give_a_record_or_an_error_of_the_tree(noise: bytes, after_a_head: bool) -> None:
    head = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n" if after_a_head else b""
    with Peer(head + noise) as peer, contextlib.suppress(ServiceNowError):
        responses.read_record("incident", transport(peer.origin, read=5, total=5).send(CALL, "t"))


def test_an_endless_answer_is_cut_at_the_size_limit() -> None:
    with Peer(b"HTTP/1.1 200 OK\r\n\r\n", b" " * (LARGEST_BODY + 1)) as peer, pytest.raises(Unreadable):
        transport(peer.origin, total=20, read=20).send(CALL, "t")


PACKED = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "gzip, gzip": lambda body: gzip.compress(gzip.compress(body)),
}


@pytest.mark.parametrize("encoding", PACKED)
def test_an_answer_that_is_compressed_unasked_is_read(encoding: str) -> None:
    body = b'{"result": {"sys_id": "1", "number": "INC1"}}'
    packed = answer(PACKED[encoding](body), "201 Created", f"Content-Encoding: {encoding}")
    with Peer(packed) as peer:
        assert responses.read_record("incident", transport(peer.origin).send(CALL, "t")).number == "INC1"
    assert b"Accept-Encoding: identity" in peer.heard[0]


@pytest.mark.parametrize("encoding", ["gzip", "gzip, gzip"])
def test_what_comes_out_of_a_compressed_answer_counts_against_the_limit(encoding: str) -> None:
    packed = PACKED[encoding](b" " * 100_000_000)
    assert len(packed) < LARGEST_BODY
    tracemalloc.start()
    try:
        with Peer(answer(packed, "200 OK", f"Content-Encoding: {encoding}")) as peer, pytest.raises(TooLarge):
            transport(peer.origin, total=20, read=20).send(CALL, "t")
        _now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 8 * LARGEST_BODY


@pytest.mark.parametrize(
    "body", [b"not gzip at all", gzip.compress(b'{"result": {}}')[:-9]], ids=["wrong", "cut off"]
)
def test_an_answer_that_cannot_be_decompressed_leaves_the_outcome_unknown(body: bytes) -> None:
    with (
        Peer(answer(body, "201 Created", "Content-Encoding: gzip")) as peer,
        pytest.raises(Unreadable),
    ):
        responses.read_record("incident", transport(peer.origin).send(CALL, "t"))


def test_redirects_are_answers_and_cookies_are_forgotten() -> None:
    head = answer(
        b"", "302 Found", "Location: http://127.0.0.1:9/elsewhere", "Set-Cookie: JSESSIONID=1; Path=/"
    )
    with Peer(head) as peer:
        way = transport(peer.origin)
        assert way.send(CALL, "t").status == 302
        way.send(CALL, "t")
    assert len(peer.heard) == 2
    assert b"cookie" not in peer.heard[1].lower()


def test_a_server_error_is_not_repeated() -> None:
    with Peer(answer(b"{}", "503 Service Unavailable", "Retry-After: 0")) as peer:
        assert transport(peer.origin).send(CALL, "t").status == 503
    assert len(peer.heard) == 1


def test_environment_proxies_do_not_divert_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with Peer(answer(b"{}")) as peer:
        assert transport(peer.origin).send(CALL, "t").body == b"{}"


def test_every_call_is_reported_with_its_answer_or_none() -> None:
    reports: list[responses.Answer | None] = []
    with Peer(answer(b"{}")) as peer:
        way = Transport(peer.origin, lambda: ["127.0.0.1"], Timeouts(1, 1, 1), on_response=reports.append)
        way.send(CALL, "t")
    with pytest.raises(Unreachable):
        way.send(CALL, "t")
    assert [report.status if report else None for report in reports] == [200, None]


def test_log_lines_hold_neither_token_nor_query_nor_body(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for quiet in ("urllib3", "requests_oauthlib", "oauthlib"):
        logging.getLogger(quiet).setLevel(logging.INFO)
    with Peer(answer(b'{"result": {}}', "201 Created", "X-Transaction-ID: abc123")) as peer:
        transport(peer.origin).send(CALL, "canary-token")
    assert len(caplog.records) == 1
    assert "POST /api/now/table/incident 201" in caplog.text
    assert "abc123" in caplog.text
    assert "canary" not in caplog.text
    assert "number=" not in caplog.text
