"""TLS to a checked address: the certificate counts for the host's name, whatever the address."""

import contextlib
import ssl
import sys
from pathlib import Path

import pytest
import requests
from urllib3.exceptions import MaxRetryError
from urllib3.exceptions import SSLError as UrllibSSLError

from connector.health.error_help import EXPLANATIONS
from connector.servicenow.certificates import refusal_in
from connector.servicenow.errors import CertificateRefused
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
        with pytest.raises(CertificateRefused) as caught:
            way.send(CALL, "t")
    assert caught.value.code == "certificate_refused"
    assert all(b"GET" not in heard for heard in peer.heard)


LACKS = {
    "key usage": "no_key_usage",
    "subject key identifier": "no_subject_key_identifier",
    "authority key identifier": "no_authority_key_identifier",
    "critical": "basic_constraints_not_critical",
}


@pytest.mark.parametrize("lacks", LACKS)
def test_an_authority_that_strict_checks_refuse_is_told_by_what_its_certificate_lacks(
    tmp_path: Path, lacks: str
) -> None:
    authority = Authority(tmp_path, lacks=lacks)
    server = served(authority.issue("acme.service-now.com"), [])
    client = ssl.create_default_context(cafile=str(authority.bundle))
    client.verify_flags |= ssl.VerifyFlags.VERIFY_X509_STRICT
    with pytest.raises(ssl.SSLCertVerificationError) as caught:
        shake_hands(client, server)
    # As the libraries hand it on.
    wrapped = requests.exceptions.SSLError(MaxRetryError(None, "/", UrllibSSLError(caught.value)))  # type: ignore[arg-type]
    refusal = refusal_in(wrapped)
    assert refusal is not None
    assert refusal.code == LACKS[lacks]
    assert "missing" in str(EXPLANATIONS[refusal.code].next_step)


def test_this_python_accepts_or_names_what_is_not_strict(tmp_path: Path) -> None:
    authority = Authority(tmp_path, lacks="key usage")
    with Peer(answer(b"{}"), tls=served(authority.issue("acme.service-now.com"), [])) as peer:
        origin = f"https://acme.service-now.com:{peer.port}"
        way = Transport(origin, lambda: ["127.0.0.1"], Timeouts(5, 5, 5), ca_bundle=str(authority.bundle))
        try:
            way.send(CALL, "t")
            code = "accepted"
        except CertificateRefused as refusal:
            code = refusal.code
    assert code == ("no_key_usage" if sys.version_info >= (3, 13) else "accepted")


def shake_hands(client: ssl.SSLContext, server: ssl.SSLContext) -> None:
    """Do what a client and a server do first, without a network."""
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(back, there, server_hostname="acme.service-now.com"),
        server.wrap_bio(there, back, server_side=True),
    ]
    for _ in range(4):
        for end in ends:
            with contextlib.suppress(ssl.SSLWantReadError):
                end.do_handshake()
