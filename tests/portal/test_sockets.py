"""Tests talk to this machine only."""

import contextlib
import socket
from collections.abc import Iterator

import pytest
import requests
from pytest_socket import SocketConnectBlockedError

# TEST-NET-3 (RFC 5737) and its like for IPv6 (RFC 3849): if this ever got out, nobody would be there.
PUBLIC = ["203.0.113.7", "2001:db8::7"]


@contextlib.contextmanager
def refusal_of(address: str) -> Iterator[None]:
    """Expect a refusal, which comes with a warning of its own."""
    with (
        pytest.warns(UserWarning, match="A test tried to use"),
        pytest.raises(SocketConnectBlockedError, match=address),
    ):
        yield


@pytest.mark.parametrize("address", PUBLIC)
def test_a_connection_to_a_public_address_is_refused(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with refusal_of(address), socket.socket(family) as connecting:
        connecting.connect((address, 443))


def test_requests_is_refused_as_well() -> None:
    with refusal_of(PUBLIC[0]), requests.Session() as session:
        session.trust_env = False
        session.get(f"https://{PUBLIC[0]}/", timeout=1)


def test_loopback_is_allowed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=5).close()
