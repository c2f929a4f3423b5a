"""One call over HTTP and nothing beside it: no redirect, no retry, no cookie, no answer without end.

The access token is handed over for each call and kept nowhere; neither it nor a query reaches a log or an
exception.
"""

import logging
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
import urllib3

from scorecard.graph.errors import NoAnswer, NotTrusted, ProxyFailed, Unreachable, Unreadable
from scorecard.graph.responses import Answer

logger = logging.getLogger("scorecard.graph")

# A large tenant's 90 days are some 20 MB.
LARGEST_BODY = 64 * 1024 * 1024
PIECE = 64 * 1024
OWN_PORTS = {"https": 443, "http": 80}
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Limits in seconds: to connect, between two pieces of an answer, and for one whole call."""

    connect: float = 10.0
    read: float = 60.0
    total: float = 180.0


class Transport:
    """The way to one origin (scheme, host and port)."""

    def __init__(
        self,
        origin: str,
        *,
        timeouts: Timeouts = Timeouts(),
        ca_bundle: str = "",
        proxy: str = "",
    ) -> None:
        """Raises ValueError for an origin over plain HTTP that is not on this machine."""
        self.origin = check_origin(origin)
        self._timeouts = timeouts
        self._verify: bool | str = ca_bundle or True
        self._proxies = {"https": proxy} if proxy else {}

    def get(self, target: str, *, access_token: str) -> Answer:
        """Ask for a path of this origin, its query included.

        Raises `Unreachable`, `NoAnswer` or `Unreadable`.
        """
        return self._send("GET", target, {"Authorization": f"Bearer {access_token}"}, None)

    def post_form(self, path: str, body: str) -> Answer:
        """Post an encoded form. Raises as `get` does."""
        return self._send("POST", path, {"Content-Type": "application/x-www-form-urlencoded"}, body)

    def _send(self, method: str, target: str, headers: Mapping[str, str], body: str | None) -> Answer:
        started = time.monotonic()
        status = 0
        try:
            with requests.Session() as session:
                # Otherwise ~/.netrc and proxy variables would have their say.
                session.trust_env = False
                response = session.request(
                    method,
                    self.origin + target,
                    data=body,
                    headers={"Accept": "application/json", "User-Agent": "Scoredesk", **headers},
                    timeout=(self._timeouts.connect, self._timeouts.read),
                    allow_redirects=False,
                    stream=True,
                    verify=self._verify,
                    proxies=self._proxies,
                )
                status = response.status_code
                whole = self._read(response, ends_at=started + self._timeouts.total)
                return Answer(
                    status, {name.lower(): value for name, value in response.headers.items()}, whole
                )
        except requests.exceptions.SSLError as error:
            raise NotTrusted(_insecure(self.origin, error)) from None
        except requests.exceptions.ProxyError:
            raise ProxyFailed(f"The proxy does not lead to {self.origin}.") from None
        except requests.ConnectTimeout:
            raise Unreachable(f"{self.origin} cannot be reached.") from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise _broken(self.origin, error) from None
        finally:
            path, took = urlsplit(target).path, (time.monotonic() - started) * 1000
            logger.info("%s %s%s %s in %d ms", method, self.origin, path, status or "no answer", took)

    def _read(self, response: requests.Response, *, ends_at: float) -> bytes:
        body = bytearray()
        while piece := response.raw.read1(PIECE, decode_content=True):
            body += piece
            if len(body) > LARGEST_BODY:
                raise Unreadable(f"The answer of {self.origin} is too large.", status=response.status_code)
            if time.monotonic() > ends_at:
                raise NoAnswer(f"{self.origin} took too long to answer.", status=response.status_code)
        return bytes(body)


def check_origin(address: str) -> str:
    """Return the origin of an address: scheme, host in lower case, and the port unless it is the scheme's own, so that
    one origin is one text (RFC 6454, "The Web Origin Concept", section 6).

    Raises ValueError unless that is HTTPS, or HTTP on this machine: a token must not cross a network in the
    clear. Nor is an address taken that names a user.
    """
    parts = urlsplit(address)
    host = parts.hostname or ""
    if "@" in parts.netloc or not (
        (parts.scheme == "https" and host) or (parts.scheme == "http" and host in LOOPBACK)
    ):
        raise ValueError(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]} is not an https address")
    bare = f"[{host}]" if ":" in host else host
    has_own_port = parts.port in (None, OWN_PORTS[parts.scheme])
    return f"{parts.scheme}://{bare}" if has_own_port else f"{parts.scheme}://{bare}:{parts.port}"


def _insecure(origin: str, error: requests.exceptions.SSLError) -> str:
    """Say why TLS failed: in OpenSSL's words where it is for a certificate."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    cause = reason.args[0] if reason is not None and reason.args else None
    if not isinstance(cause, ssl.SSLCertVerificationError):
        return f"No connection to {origin} that can be trusted."
    return (
        f"No connection to {origin} that can be trusted: its certificate is refused ({cause.verify_message}). "
        "If a private authority signed it, CA_BUNDLE must name that authority; Python 3.13 and later check it strictly "
        "(RFC 5280)."
    )


def _broken(origin: str, error: Exception) -> Unreachable | NoAnswer:
    """Tell a connection that never stood (nothing was sent) from one that broke."""
    reason = error.args[0] if error.args else None
    cause = getattr(reason, "reason", None)
    if isinstance(cause, urllib3.exceptions.NewConnectionError):
        return Unreachable(f"{origin} cannot be reached.")
    return NoAnswer(f"{origin} gave no whole answer.")
