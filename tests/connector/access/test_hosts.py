"""Which host may be talked to."""

import ipaddress
import socket
from collections.abc import Callable
from html import unescape

import pytest
from django.conf import LazySettings
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from connector import hosts
from connector.hosts import HostRefused, host_from, is_public, origin_of, resolver
from connector.models import Instance
from connector.servicenow import responses
from connector.servicenow.errors import AddressRefused, ServiceNowError, Unreachable
from connector.servicenow.transport import Call, Timeouts, Transport
from tests.connector.peer import Peer

ALLOWED = ["tickets.example.com", "tickets.example.com:8443", "127.0.0.1:8800", "10.0.0.8"]


@pytest.mark.parametrize(
    ("typed", "host"),
    [
        ("acme", "acme.service-now.com"),
        ("  Acme ", "acme.service-now.com"),
        ("dev-12345", "dev-12345.service-now.com"),
        ("acme.service-now.com", "acme.service-now.com"),
        ("acme.servicenowservices.com", "acme.servicenowservices.com"),
        ("acme.service-now.com/", "acme.service-now.com"),
        ("https://acme.service-now.com/now/nav/ui/classic/params/target/home.do?x=1", "acme.service-now.com"),
        ("https://acme.service-now.com:443/", "acme.service-now.com"),
        ("ACME.service-now.com:443", "acme.service-now.com"),
        ("acme.service-now.com:443/nav_to.do", "acme.service-now.com"),
        ("tickets.example.com:443", "tickets.example.com"),
        ("https://Tickets.Example.com:443/", "tickets.example.com"),
        ("tickets.example.com", "tickets.example.com"),
        ("https://TICKETS.example.com/nav_to.do", "tickets.example.com"),
        ("http://127.0.0.1:8800/", "127.0.0.1:8800"),
    ],
)
def test_instances_are_understood_in_every_form_that_people_paste(typed: str, host: str) -> None:
    assert host_from(typed, ALLOWED, loopback=True) == host


HOSTILE = [
    "127.0.0.1",
    "127.0.0.1:80",
    "127.1",
    "2130706433",
    "0x7f000001",
    "localhost",
    "localhost:8000",
    "[::1]",
    "[::1]:80",
    "0.0.0.0",
    "::1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "http://169.254.169.254/latest/meta-data",
    "metadata.google.internal",
    "[::ffff:127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[fec0::1]",
    "[fe80::1%25eth0]",
    "acme.service-now.com.evil.example",
    "evil.example/acme.service-now.com",
    "evil.example#.service-now.com",
    "evil.example?.service-now.com",
    "https://evil.example\\\\.service-now.com",
    "https://acme.service-now.com@evil.example",
    "https://user:pass@acme.service-now.com",
    "user@acme.service-now.com",
    "acme.service-now.com.",
    "acme..service-now.com",
    ".service-now.com",
    "service-now.com",
    "a.b.service-now.com",
    "acme.service-now.com:8443",
    "https://acme.service-now.com:22",
    "http://acme.service-now.com",
    "ftp://acme.service-now.com",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "//acme.service-now.com",
    "-acme",
    "acme-.service-now.com",
    "acme_1.service-now.com",
    "xn--.service-now.com/../",
    "аcme.service-now.com",
    "acme.service‐now.com",
    "acme.service-now.com%00.evil.example",
    "acme.service-now.com%2eevil.example",
    "https://[acme.service-now.com",
    "tickets.example.com:8443",
]


@pytest.mark.parametrize(
    "typed", [*HOSTILE, "", " ", "acme service-now.com", "acme\n.service-now.com", "a" * 64, "acme\x00"]
)
def test_hostile_names_are_refused_and_open_no_socket(typed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_socket(*args: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", no_socket)
    monkeypatch.setattr(socket, "getaddrinfo", no_socket)
    accepted = None
    try:
        accepted = host_from(typed, ALLOWED)
    except HostRefused:
        return
    # What is read as an instance's name may only ever lead to ServiceNow's own domain.
    assert accepted.endswith(".service-now.com")
    assert accepted.count(".") == 2


@given(st.text())
def test_whatever_is_typed_leads_to_servicenow_or_nowhere(typed: str) -> None:
    try:
        host = host_from(typed)
    except HostRefused:
        return
    assert hosts.INSTANCE_HOST.fullmatch(host)
    assert origin_of(host) == f"https://{host}"


def test_loopback_is_for_demonstrations_only(settings: LazySettings) -> None:
    settings.SERVICENOW_ALLOWED_HOSTS = ["127.0.0.1:8800"]
    assert origin_of(hosts.permitted("127.0.0.1:8800")) == "http://127.0.0.1:8800"
    settings.DEMO = False
    with pytest.raises(HostRefused):
        hosts.permitted("127.0.0.1:8800")


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "239.1.1.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "nonsense",
    ],
)
def test_addresses_that_are_not_public_in_some_reading_are_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["149.96.0.1", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses_are_accepted(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses())
def test_no_private_address_passes_in_any_notation(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    assert not (is_public(str(ip)) and ip.is_private)


def answering(*addresses: str) -> Callable[..., list[tuple[object, ...]]]:
    return lambda *args, **kwargs: [(2, 1, 6, "", (address, 0)) for address in addresses]


def test_one_private_answer_among_public_ones_refuses_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", answering("149.96.0.1", "10.0.0.1"))
    with pytest.raises(AddressRefused):
        resolver("acme.service-now.com")()


def test_a_name_that_changes_its_mind_is_looked_up_and_checked_for_each_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolve = resolver("acme.service-now.com")
    monkeypatch.setattr(socket, "getaddrinfo", answering("149.96.0.1"))
    assert resolve() == ["149.96.0.1"]
    monkeypatch.setattr(socket, "getaddrinfo", answering("127.0.0.1"))
    with pytest.raises(AddressRefused):
        resolve()


def test_a_refused_address_is_never_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", answering("169.254.169.254"))
    connected: list[object] = []
    monkeypatch.setattr(socket, "create_connection", lambda *args, **kwargs: connected.append(args))
    way = Transport("https://acme.service-now.com", resolver("acme.service-now.com"), Timeouts(1, 1, 1))
    with pytest.raises(AddressRefused):
        way.send(Call("GET", "/api/now/table/incident", {}), "t")
    assert connected == []


def test_a_name_that_does_not_resolve_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(Unreachable):
        resolver("acme.service-now.com")()


@pytest.mark.django_db
@pytest.mark.parametrize("typed", HOSTILE)
def test_a_hostile_name_in_the_form_opens_no_socket(
    typed: str, client: Client, secadmin: User, monkeypatch: pytest.MonkeyPatch, settings: LazySettings
) -> None:
    settings.DEMO = False
    settings.SERVICENOW_ALLOWED_HOSTS = ["127.0.0.1:8800", "10.0.0.8:8443"]
    opened: list[object] = []
    monkeypatch.setattr(socket, "create_connection", lambda *args, **kwargs: opened.append(args))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: opened.append(args))
    client.force_login(secadmin)
    details = {"grant": "client_credentials", "client_id": "x", "client_secret": "y"}
    answer = client.post("/servicenow/setup/", {"instance": typed, **details})
    kept = [instance.host for instance in Instance.objects.all()]
    assert opened == []
    assert answer.status_code == 422 or all(host.endswith(".service-now.com") for host in kept)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address", ["127.0.0.1", "169.254.169.254", "10.0.0.1", "100.64.0.1", "::ffff:10.0.0.1"]
)
def test_a_permitted_name_that_leads_inside_is_explained_and_never_connected_to(
    address: str, client: Client, secadmin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected: list[object] = []
    monkeypatch.setattr(socket, "getaddrinfo", answering(address))
    monkeypatch.setattr(socket, "create_connection", lambda *args, **kwargs: connected.append(args))
    client.force_login(secadmin)
    details = {"grant": "client_credentials", "client_id": "x", "client_secret": "y"}
    client.post("/servicenow/setup/", {"instance": "acme", **details})
    page = client.post("/servicenow/authorize/", follow=True)
    assert "address inside a private network" in unescape(page.content.decode())
    assert connected == []


@pytest.mark.parametrize(
    "target", ["http://169.254.169.254/latest/meta-data", "https://evil.example/", "//10.0.0.1/"]
)
def test_a_redirect_is_an_answer_and_opens_no_second_socket(target: str) -> None:
    answer = f"HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode()
    looked_up: list[str] = []

    def resolve() -> list[str]:
        looked_up.append("127.0.0.1")
        return ["127.0.0.1"]

    with Peer(answer) as peer:
        way = Transport(peer.origin, resolve, Timeouts(2, 2, 2))
        with pytest.raises(ServiceNowError):
            responses.read_page("incident", way.send(Call("GET", "/api/now/table/incident", {}), "t"))
        assert len(peer.heard) == 1
    assert looked_up == ["127.0.0.1"]
