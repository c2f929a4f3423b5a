"""TLS to a checked address: the certificate counts for the host's name, whatever the address."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connector.servicenow.errors import Unreachable
from connector.servicenow.transport import Call, Timeouts, Transport
from tests.connector.peer import Peer, answer

CALL = Call("GET", "/api/now/table/incident", {})


def certificate(folder: Path, host: str) -> Path:
    """A certificate that signs itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "peer.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path


def served(path: Path, names: list[str | None]) -> ssl.SSLContext:
    """A server's side of TLS that notes which name it was asked for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    return context


def test_the_call_goes_to_the_checked_address_under_the_host_name(tmp_path: Path) -> None:
    path = certificate(tmp_path, "acme.service-now.com")
    names: list[str | None] = []
    with Peer(answer(b"{}"), tls=served(path, names)) as peer:
        origin = f"https://acme.service-now.com:{peer.port}"
        way = Transport(origin, lambda: ["127.0.0.1"], Timeouts(2, 2, 2), ca_bundle=str(path))
        assert way.send(CALL, "t").body == b"{}"
    assert names == ["acme.service-now.com"]
    assert f"Host: acme.service-now.com:{peer.port}".encode() in peer.heard[0]


@pytest.mark.parametrize("trusted", [True, False])
def test_a_certificate_of_another_name_or_of_nobody_sends_nothing(tmp_path: Path, trusted: bool) -> None:
    path = certificate(tmp_path, "evil.example" if trusted else "acme.service-now.com")
    with Peer(answer(b"{}"), tls=served(path, [])) as peer:
        origin = f"https://acme.service-now.com:{peer.port}"
        bundle = str(path) if trusted else ""
        way = Transport(origin, lambda: ["127.0.0.1"], Timeouts(2, 2, 2), ca_bundle=bundle)
        with pytest.raises(Unreachable):
            way.send(CALL, "t")
    assert all(b"GET" not in heard for heard in peer.heard)


def test_a_proxy_is_asked_for_the_host_by_name_and_its_refusal_sends_nothing() -> None:
    def never() -> list[str]:
        raise AssertionError("the proxy looks names up")

    with Peer(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n") as proxy:
        way = Transport("https://acme.service-now.com", never, Timeouts(2, 2, 2), proxy=proxy.origin)
        with pytest.raises(Unreachable):
            way.send(CALL, "canary-token")
    assert proxy.heard[0].startswith(b"CONNECT acme.service-now.com:443 ")
    assert b"canary" not in proxy.heard[0]
