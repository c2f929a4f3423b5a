"""What the OAuth functions do beyond what the faults show: odd answers, and which machines they speak to."""

import gzip
import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from connector.servicenow import oauth
from connector.servicenow.errors import TokenUnavailable
from connector.servicenow.oauth import OAuthClient
from connector.servicenow.transport import Timeouts, Transport
from tests.connector.peer import Peer, answer

CLIENT = OAuthClient("scoredesk", "canary-secret", "useraccount")
CALLBACK = "https://portal.example/servicenow/callback/"
GIVEN = {"access_token": "canary-token", "token_type": "Bearer", "expires_in": 1799, "scope": "useraccount"}


def way_to(peer: Peer) -> Transport:
    return Transport(peer.origin, lambda: ["127.0.0.1"], Timeouts(connect=5, read=5, total=5))


def test_the_browser_is_sent_to_the_instance_with_a_state_that_any_release_takes() -> None:
    attempt = oauth.begin("https://acme.service-now.com", CLIENT, CALLBACK)
    parts = urlsplit(attempt.address)
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://acme.service-now.com/oauth_auth.do"
    assert asked["state"] == attempt.state
    assert attempt.state.isalnum()
    assert (asked["code_challenge_method"], asked["scope"]) == ("S256", "useraccount")
    assert attempt.verifier not in attempt.address
    assert attempt.verifier not in repr(attempt)
    assert "canary" not in repr(CLIENT)


@pytest.mark.parametrize("origin", ["http://acme.service-now.com", "http://127.0.0.1.example"])
def test_nothing_but_this_machine_is_spoken_to_without_tls(origin: str) -> None:
    with pytest.raises(ValueError, match="without TLS"):
        oauth.begin(origin, CLIENT, CALLBACK)


@pytest.mark.parametrize(
    "odd",
    [
        {"expires_in": "soon"},
        {"scope": "useraccount email"},
        {"scope": None},
        {"token_type": "mac"},
        {"token_type": None},
        {"expires_at": "never"},
    ],
    ids=str,
)
def test_tokens_are_taken_from_answers_that_a_library_dislikes(odd: dict[str, Any]) -> None:
    with Peer(answer(json.dumps({**GIVEN, **odd}).encode())) as peer:
        tokens = oauth.request_token(way_to(peer), CLIENT)
    assert tokens.access_token == "canary-token"
    assert tokens.expires_in in (timedelta(seconds=1799), timedelta(minutes=30))


def test_a_token_that_no_header_could_carry_is_none() -> None:
    document = {**GIVEN, "access_token": "canary\r\nX-Injected: 1"}
    with Peer(answer(json.dumps(document).encode())) as peer, pytest.raises(TokenUnavailable):
        oauth.request_token(way_to(peer), CLIENT)


def test_an_empty_code_is_nothing_to_ask_with() -> None:
    with Peer() as peer, pytest.raises(ValueError, match="supply either code"):
        oauth.redeem(way_to(peer), CLIENT, "", "verifier", CALLBACK)
    assert peer.heard == []


def test_the_secret_travels_in_the_body_alone() -> None:
    with Peer(answer(json.dumps(GIVEN).encode())) as peer:
        oauth.refresh(way_to(peer), CLIENT, "canary-refresh")
    head, _, body = peer.heard[0].partition(b"\r\n\r\n")
    assert b"canary" not in head
    assert b"client_secret=canary-secret" in body


def test_tokens_that_come_compressed_unasked_are_read() -> None:
    packed = gzip.compress(json.dumps(GIVEN).encode())
    with Peer(answer(packed, "200 OK", "Content-Encoding: gzip")) as peer:
        assert oauth.request_token(way_to(peer), CLIENT).access_token == "canary-token"
