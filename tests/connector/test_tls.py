"""TLS to a checked address: the certificate counts for the host's name, whatever the address."""

import ssl
from pathlib import Path

import pytest

from connector.servicenow.errors import Unreachable
from connector.servicenow.transport import Call, Timeouts, Transport
from tests.connector.authority import Authority
from tests.connector.peer import Peer, answer

CALL = Call("GET", "/api/now/table/incident", {})


def served(path: Path, names: list[str | None]) -> ssl.SSLContext:
    """A server's side of TLS that notes which name it was asked for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    return context


def test_the_call_goes_to_the_checked_address_under_the_host_name(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    path = authority.issue("acme.service-now.com")
    names: list[str | None] = []
    with Peer(answer(b"{}"), tls=served(path, names)) as peer:
        origin = f"https://acme.service-now.com:{peer.port}"
        way = Transport(origin, lambda: ["127.0.0.1"], Timeouts(2, 2, 2), ca_bundle=str(authority.bundle))
        assert way.send(CALL, "t").body == b"{}"
    assert names == ["acme.service-now.com"]
    assert f"Host: acme.service-now.com:{peer.port}".encode() in peer.heard[0]


@pytest.mark.parametrize("trusted", [True, False])
def test_a_certificate_of_another_name_or_of_nobody_sends_nothing(tmp_path: Path, trusted: bool) -> None:
    authority = Authority(tmp_path)
    path = authority.issue("evil.example" if trusted else "acme.service-now.com")
    with Peer(answer(b"{}"), tls=served(path, [])) as peer:
        origin = f"https://acme.service-now.com:{peer.port}"
        bundle = str(authority.bundle) if trusted else ""
        way = Transport(origin, lambda: ["127.0.0.1"], Timeouts(2, 2, 2), ca_bundle=bundle)
        with pytest.raises(Unreachable):
            way.send(CALL, "t")
    assert all(b"GET" not in heard for heard in peer.heard)
