"""Which host may be talked to, and at which address.

Somebody types the instance's name, and the portal then sends secrets there from inside the organisation's
network: the name is held to ServiceNow's own domains and to what the operator has listed, and every address
it resolves to must be a public one. The check happens for each connection and the connection goes to the
checked address, so that a name which changes its mind gains nothing.
"""

import ipaddress
import re
import socket
from collections.abc import Callable, Collection, Sequence
from urllib.parse import urlsplit

from django.conf import settings

from connector.servicenow.errors import AddressRefused, Unreachable

DOMAINS = ("service-now.com", "servicenowservices.com")
LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
BARE_NAME = re.compile(LABEL)
INSTANCE_HOST = re.compile(rf"{LABEL}\.(?:service-now\.com|servicenowservices\.com)")
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")

# Networks that carry an IPv4 address inside an IPv6 one, or that `ipaddress` calls global though nobody
# should be sent there.
NEVER = [
    ipaddress.ip_network(network)
    for network in (
        "100.64.0.0/10",  # shared by carriers (RFC 6598)
        "192.0.0.0/24",  # protocol assignments (RFC 6890)
        "192.88.99.0/24",  # 6to4 relays (RFC 7526)
        "::/96",  # IPv4-compatible (RFC 4291)
        "64:ff9b::/96",  # NAT64 (RFC 6052)
        "64:ff9b:1::/48",  # local NAT64 (RFC 8215)
        "2001::/32",  # Teredo (RFC 4380)
        "2002::/16",  # 6to4 (RFC 3056)
        "fec0::/10",  # site-local (RFC 3879)
    )
]


class HostRefused(ValueError):
    """What was typed is not a ServiceNow instance that the portal may talk to."""


def host_from(typed: str, allowed: Collection[str] = (), *, loopback: bool = False) -> str:
    """The host of an instance from whatever a person pastes: its name, its host, or an address of one of its pages.

    `allowed` are the operator's own "host" or "host:port"; those on loopback count only where `loopback` says
    so. Raises `HostRefused`.
    """
    host = canonical(_host_part(typed.strip().lower()))
    if BARE_NAME.fullmatch(host) and host not in LOOPBACK:
        host = f"{host}.{DOMAINS[0]}"
    if INSTANCE_HOST.fullmatch(host):
        return host
    if host in {canonical(entry.lower()) for entry in allowed} and (
        loopback if is_loopback(host) else ":" not in host
    ):
        return host
    raise HostRefused(host)


def permitted(typed: str) -> str:
    """`host_from`, by this deployment's settings. Raises `HostRefused`."""
    return host_from(typed, settings.SERVICENOW_ALLOWED_HOSTS, loopback=settings.DEMO)


def _host_part(typed: str) -> str:
    if not typed.isascii() or not typed.isprintable() or any(letter in typed for letter in " \\@%"):
        raise HostRefused(typed)
    if "://" not in typed:
        return typed.partition("/")[0]
    try:
        parts = urlsplit(typed)
    except ValueError:
        raise HostRefused(typed) from None
    if parts.scheme not in ("https", "http") or (parts.scheme == "http" and not is_loopback(parts.netloc)):
        raise HostRefused(typed)
    return parts.netloc


def canonical(host: str) -> str:
    """A host without the port that its origin has anyway, so that one origin has one name."""
    return host.removesuffix(":80" if is_loopback(host) else ":443")


def is_loopback(host: str) -> bool:
    """Whether a host, with or without a port, is this machine by name."""
    return host in LOOPBACK or host.rpartition(":")[0] in LOOPBACK


def origin_of(host: str) -> str:
    """The address of an instance. Only this machine is ever spoken to without TLS."""
    return f"http://{host}" if is_loopback(host) else f"https://{host}"


def is_public(address: str) -> bool:
    """Whether an address belongs to the public internet in every reading of it, tunnels and translations
    included.
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        return is_public(str(ip.ipv4_mapped))
    if (
        not ip.is_global
        or ip.is_multicast
        or ip.is_reserved
        or ip.is_unspecified
        or ip.is_loopback
        or ip.is_link_local
    ):
        return False
    return not any(ip.version == network.version and ip in network for network in NEVER)


def resolver(host: str) -> Callable[[], Sequence[str]]:
    """What looks up the addresses to connect to, afresh each time it is called.

    It raises `Unreachable` when the name does not resolve and `AddressRefused` when any answer is not public.
    Loopback hosts, which only an operator's list can have let in, resolve to loopback and nothing else.
    """
    name = host.rpartition(":")[0] if is_loopback(host) and ":" in host else host
    loopback = is_loopback(host)

    def resolve() -> Sequence[str]:
        addresses = _look_up(name.strip("[]"))
        if not all(
            ipaddress.ip_address(address).is_loopback if loopback else is_public(address)
            for address in addresses
        ):
            raise AddressRefused("The name of the instance leads to an address that is not public.")
        return addresses

    return resolve


def _look_up(name: str) -> Sequence[str]:
    try:
        answers = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unreachable("The name of the instance does not resolve.") from None
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))
