"""Where a request comes from: its browser, by a cookie that says nothing but itself, and its network."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

REMEMBERED_FOR = timedelta(days=90)
_ID_LENGTH = 32
# Providers give a household or an office a /64 of IPv6 addresses: counting single ones would count nothing.
_IPV6_PREFIX = 64
# What one customer of a provider easily gets: a block of IPv4 addresses, a /48 of IPv6 (RFC 6177).
_NEIGHBORHOOD = {4: 24, 6: 48}


@dataclass(frozen=True)
class Origin:
    """A browser (empty if it has never signed in here) and the network that it is in."""

    browser: str
    network: str

    @property
    def neighborhood(self) -> str:
        """The wider network around it that one party may hold: an IPv4 /24, an IPv6 /48."""
        try:
            network = ip_network(self.network)
        except ValueError:
            return self.network
        return str(network.supernet(new_prefix=_NEIGHBORHOOD[network.version]))


def origin_of(request: HttpRequest) -> Origin:
    """Tell where a request comes from."""
    browser = request.COOKIES.get(settings.BROWSER_COOKIE_NAME, "")
    return Origin(browser if len(browser) == _ID_LENGTH else "", network_of(request))


def network_of(request: HttpRequest) -> str:
    """Return the client's IPv4 address, or the /64 that its IPv6 address is in; `unknown` where there is none."""
    address = _address_of(request)
    if isinstance(address, IPv6Address):
        return str(ip_network((address, _IPV6_PREFIX), strict=False))
    return str(address or "unknown")


def client_address(request: HttpRequest) -> str:
    """Return the client's own address, for the audit log; empty where there is none."""
    return str(_address_of(request) or "")


def _address_of(request: HttpRequest) -> IPv4Address | IPv6Address | None:
    """Return the address that a request came from.

    `X-Forwarded-For` is believed for the last TRUSTED_PROXIES entries only: each proxy appends the address that it saw,
    and whatever stands further left is the client's own claim.
    """
    found = request.META.get("REMOTE_ADDR", "")
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    if 0 < settings.TRUSTED_PROXIES <= len(hops):
        found = hops[-settings.TRUSTED_PROXIES]
    return _parsed(found)


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        # Behind a % an IPv6 address may name a zone, of any length.
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def remember_browser(response: HttpResponseBase, browser: str) -> None:
    """Let the browser show next time that somebody has signed in with it before."""
    response.set_cookie(
        settings.BROWSER_COOKIE_NAME, browser, max_age=REMEMBERED_FOR, secure=settings.SESSION_COOKIE_SECURE,
        httponly=True, samesite="Lax",
    )  # fmt: skip


def new_browser() -> str:
    """Return an identity for a browser that has none: random, so that nobody can guess somebody else's."""
    return secrets.token_hex(_ID_LENGTH // 2)
