"""Out of an organisation's network: through its proxy, to an instance whose certificate its own authority signed."""

import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.utils import timezone

from connector.access import client_factory
from connector.models import Connection, Instance
from connector.servicenow.errors import TokenUnavailable, Unreachable
from connector.servicenow.transport import Call, Timeouts, Transport
from tests import factories
from tests.connector.authority import Authority
from tests.connector.canaries import leaks_of
from tests.connector.peer import Peer
from tests.connector.proxy import Proxy
from tests.sandbox_process import CLIENT, SandboxProcess

HOST = "acme.service-now.com"
CALL = Call("GET", "/api/now/table/incident", {})


def never() -> list[str]:
    raise AssertionError("the proxy looks names up")


def way_through(proxy: str, ca_bundle: str = "") -> Transport:
    return Transport(f"https://{HOST}", never, Timeouts(5, 5, 5), proxy=proxy, ca_bundle=ca_bundle)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def secure_sandbox(authority: Authority) -> Iterator[SandboxProcess]:
    certificate: Path = authority.issue(HOST)
    with SandboxProcess(tls_cert=certificate, tls_key=certificate) as process:
        yield process


@pytest.fixture
def behind_a_proxy(secure_sandbox: SandboxProcess, db: None) -> Connection:
    """A connection to an instance under a name that only the proxy can look up."""
    connection = factories.connected(secure_sandbox)
    Instance.objects.filter(pk=connection.instance_id).update(host=HOST)
    connection.refresh_from_db()
    client_factory.keep_client_secret(connection, CLIENT[1])
    return connection


def test_the_operators_proxy_and_authority_lead_to_the_instance(
    behind_a_proxy: Connection, secure_sandbox: SandboxProcess, authority: Authority, settings: LazySettings
) -> None:
    with Proxy(secure_sandbox.port) as proxy:
        settings.HTTPS_PROXY = f"http://127.0.0.1:{proxy.port}"
        settings.CA_BUNDLE = str(authority.bundle)
        key = str(uuid4())
        client = client_factory.open_client(behind_a_proxy, now=timezone.now())
        client.create("incident", {"short_description": "canary", "correlation_id": key})
    assert len(secure_sandbox.records("incident", correlation_id=key)) == 1
    assert [head.split(" HTTP/")[0] for head in proxy.heads] == [f"CONNECT {HOST}:443"] * 2
    # The proxy carries what it cannot read.
    assert b"Bearer" not in proxy.passed_on
    assert b"canary" not in proxy.passed_on


def test_an_authority_that_the_operator_does_not_trust_gets_no_secret(
    behind_a_proxy: Connection, secure_sandbox: SandboxProcess, settings: LazySettings
) -> None:
    secure_sandbox.clear()
    with Proxy(secure_sandbox.port) as proxy:
        settings.HTTPS_PROXY = f"http://127.0.0.1:{proxy.port}"
        with pytest.raises(Unreachable, match="certificate is refused") as caught:
            client_factory.open_client(behind_a_proxy, now=timezone.now())
    assert secure_sandbox.requests()["total"] == 0
    assert not isinstance(caught.value, TokenUnavailable)


def test_the_proxys_password_is_for_the_proxy_alone(
    secure_sandbox: SandboxProcess, authority: Authority
) -> None:
    with Proxy(secure_sandbox.port, "portal:canary-password") as proxy:
        address = f"http://portal:canary-password@127.0.0.1:{proxy.port}"
        answer = way_through(address, str(authority.bundle)).send(CALL, "t")
        assert answer.status == 401
        refused = way_through(address.replace("password", "mistaken"), str(authority.bundle))
        with pytest.raises(Unreachable) as caught:
            refused.send(CALL, "t")
    assert leaks_of(caught.value) == []


def test_a_proxy_that_refuses_has_sent_nothing() -> None:
    with Peer(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n") as proxy, pytest.raises(Unreachable):
        way_through(proxy.origin).send(CALL, "canary-token")
    assert proxy.heard[0].startswith(b"CONNECT acme.service-now.com:443 ")
    assert b"canary" not in proxy.heard[0]


def test_a_proxy_that_says_nothing_is_given_up_and_has_sent_nothing() -> None:
    began = time.monotonic()
    with Peer(hold=True) as proxy, pytest.raises(Unreachable):
        Transport(f"https://{HOST}", never, Timeouts(5, 5, 0.3), proxy=proxy.origin).send(CALL, "t")
    assert time.monotonic() - began < 4


def test_no_proxy_at_all_has_sent_nothing() -> None:
    with Peer() as gone:
        pass
    with pytest.raises(Unreachable):
        way_through(gone.origin).send(CALL, "t")
