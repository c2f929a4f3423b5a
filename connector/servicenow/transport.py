"""One call over HTTP, and nothing it was not asked for: no redirect, no retry, no cookie, no answer without end.

requests knows a time limit for each read of the socket only; here the whole call has one, kept by hanging up.
Each call has a connection of its own, made to an address that `resolve` has checked, so that "could not
connect" and "no answer" are never mixed up: after the first, nothing was sent.
"""

import contextlib
import io
import logging
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

from connector.servicenow import responses
from connector.servicenow.certificates import refusal_in
from connector.servicenow.errors import NoAnswer, ServiceNowError, TooLarge, Unreachable, Unreadable

logger = logging.getLogger("connector.servicenow")
# These write whole addresses, bodies and headers at DEBUG, tokens among them.
for _name in ("urllib3", "requests_oauthlib", "oauthlib"):
    logging.getLogger(_name).setLevel(logging.INFO)

LARGEST_BODY = 5 * 1024 * 1024
PIECE = 64 * 1024


@dataclass(frozen=True)
class Timeouts:
    """Limits in seconds: to connect (TLS included), between two pieces of an answer, and for the whole
    call.
    """

    connect: float = 10.0
    read: float = 30.0
    total: float = 30.0


@dataclass(frozen=True)
class Call:
    """What to send: a path below the origin, its parameters, a JSON body or none. `check` is asked each time just
    before it is sent, after all waiting, and forbids it by raising. `only_reads` says that to repeat it does no harm.
    """

    method: str
    path: str
    parameters: Mapping[str, str]
    body: bytes | None = None
    check: Callable[[], None] | None = None
    only_reads: bool = False


class Transport:
    """The way to one instance. `admit` is entered around every call and forbids it by raising; it is told whether that
    is one of the API, or one for a token. `on_response` is told of every call once it is over: its answer, or None
    where none came. `has_answered` says whether any call of the API brought one.
    """

    def __init__(
        self,
        origin: str,
        resolve: Callable[[], Sequence[str]],
        timeouts: Timeouts,
        *,
        ca_bundle: str = "",
        proxy: str = "",
        on_response: Callable[[responses.Answer | None], None] | None = None,
        admit: Callable[[bool], AbstractContextManager[None]] = lambda of_the_api: nullcontext(),
    ) -> None:
        self.origin = origin
        self.resolve = resolve
        self.timeouts = timeouts
        self.ca_bundle = ca_bundle
        self.proxy = proxy
        self.on_response = on_response
        self.admit = admit
        self.has_answered = False

    def send(self, call: Call, access_token: str) -> responses.Answer:
        """Send one call. Raises `Unreachable`, `NoAnswer` or `Unreadable` where no whole answer came back."""
        if call.check is not None:
            call.check()
        headers = {"Accept": "application/json", "Authorization": f"Bearer {access_token}"}
        if call.body is not None:
            headers["Content-Type"] = "application/json"
        query = urlencode(call.parameters, quote_via=quote, safe="")
        address = f"{self.origin}{call.path}" + (f"?{query}" if query else "")
        with requests.Session() as session:
            self.carry(session, call)
            response = session.request(call.method, address, data=call.body, headers=headers)
            return answer_of(response)

    def carry(self, session: requests.Session, call: Call | None = None) -> None:
        """Make every request of a session go this way, and none any other. `call` is the one of the API that it is
        for; without one, it is for a token.
        """
        session.trust_env = False
        session.get_redirect_target = lambda resp: None  # type: ignore[method-assign]
        session.headers.update(
            {"Accept-Encoding": "identity", "Connection": "close", "User-Agent": "Scoredesk"}
        )
        session.verify = self.ca_bundle or True
        session.proxies = {"https": self.proxy} if self.proxy else {}
        session.adapters.clear()
        session.mount(self.origin + "/", InstanceAdapter(self, call))


def answer_of(response: requests.Response) -> responses.Answer:
    """A response of requests as the pure functions of `responses` want it."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    return responses.Answer(response.status_code, headers, response.content)


class InstanceAdapter(HTTPAdapter):
    """Sends a request over a `Channel` of its own and reads the whole answer before it gives it back."""

    def __init__(self, transport: Transport, call: Call | None = None) -> None:
        self.transport = transport
        self.call = call
        self.channel = Channel(transport)
        super().__init__(max_retries=0)

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """A pool of connections (urllib3's) that all go over the channel of this call."""
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        kind = (
            ChannelHTTPSConnection if isinstance(pool, urllib3.HTTPSConnectionPool) else ChannelHTTPConnection
        )
        pool.ConnectionCls = partial(kind, channel=self.channel)
        return pool

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Raises `Unreachable`, `NoAnswer` or `Unreadable`, and what `admit` and the call's check raise. Writes one log
        line for what was sent, without query or body.
        """
        with self.transport.admit(self.call is not None):
            # Once more, for to be admitted takes time.
            if self.call is not None and self.call.check is not None:
                self.call.check()
            return self._send(request, **kwargs)

    def _send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        started = time.monotonic()
        self.channel = Channel(self.transport)
        answer: responses.Answer | None = None
        error: ServiceNowError | None = None
        try:
            response = self._exchange(request, **kwargs)
            answer = answer_of(response)
        except ServiceNowError as caught:
            error = caught
            raise
        finally:
            self.close()
            _log(request, answer, error, started)
            self.transport.has_answered |= answer is not None and self.call is not None
            if self.transport.on_response is not None:
                self.transport.on_response(answer)
        return response

    def _exchange(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        limits = self.transport.timeouts
        kwargs |= {"stream": True, "timeout": (limits.connect, limits.read)}
        with self.channel:
            try:
                response = super().send(request, **kwargs)
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                raise self.channel.failure(error) from None
            raw = response.raw
            try:
                response.raw = io.BytesIO(_read(raw))
            except urllib3.exceptions.ReadTimeoutError as error:
                raise self.channel.failure(error) from None
            except (urllib3.exceptions.HTTPError, OSError) as error:
                raise self.channel.failure(error, began=True) from None
            finally:
                raw.close()
        return response


class Channel:
    """One connection: where it may go, how long it may take, and whether it stood before it broke."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.ends_at = time.monotonic() + transport.timeouts.total
        self.stood = False
        self.hung_up = False
        self.kept = contextlib.ExitStack()

    def __enter__(self) -> "Channel":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.kept.close()

    def dial(self, host: str, port: int) -> socket.socket:
        """Connect to a checked address; through a proxy, which looks names up itself, to the proxy."""
        addresses = [host] if self.transport.proxy else self.transport.resolve()
        for address in addresses:
            left = self.ends_at - time.monotonic()
            if left <= 0:
                break
            try:
                line = socket.create_connection((address, port), min(self.transport.timeouts.connect, left))
            except OSError:
                continue
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._watch(line)
            return line
        raise Unreachable("The instance could not be reached.")

    def _watch(self, line: socket.socket) -> None:
        # A second handle, because TLS takes the first one away.
        handle = self.kept.enter_context(line.dup())
        watch = threading.Timer(max(self.ends_at - time.monotonic(), 0), self.hang_up, [handle])
        watch.daemon = True
        watch.start()
        self.kept.callback(watch.cancel)

    def hang_up(self, handle: socket.socket) -> None:
        """End the call where it stands; whoever waits on the socket wakes up."""
        self.hung_up = True
        # It may have ended by itself just now.
        with contextlib.suppress(OSError):
            handle.shutdown(socket.SHUT_RDWR)

    def failure(self, error: Exception, *, began: bool = False) -> ServiceNowError:
        """What a broken connection means. Before it stood, nothing was sent; `began` says that an answer had begun."""
        if not self.stood:
            insecure = isinstance(error, requests.exceptions.SSLError) and not self.hung_up
            refusal = refusal_in(error) if insecure else None
            return refusal or Unreachable("TLS failed." if insecure else "The instance could not be reached.")
        if self.hung_up or isinstance(error, requests.Timeout | urllib3.exceptions.ReadTimeoutError):
            return NoAnswer("The instance did not answer in time.")
        return (
            Unreadable("The answer broke off.")
            if began
            else NoAnswer("The connection ended without an answer.")
        )


class ChannelHTTPConnection(HTTPConnection):
    """An unencrypted connection over a `Channel`; for loopback alone."""

    def __init__(self, *args: Any, channel: Channel, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.channel = channel

    def _new_conn(self) -> socket.socket:
        return self.channel.dial(self.host, self.port)

    def connect(self) -> None:
        super().connect()
        self.channel.stood = True


class ChannelHTTPSConnection(HTTPSConnection):
    """A TLS connection over a `Channel`; certificate and SNI are those of the host's name, whatever the
    address.
    """

    def __init__(self, *args: Any, channel: Channel, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.channel = channel

    def _new_conn(self) -> socket.socket:
        return self.channel.dial(self.host, self.port or 443)

    def connect(self) -> None:
        super().connect()
        self.channel.stood = True


def _read(raw: Any) -> bytes:
    """A whole body. Machines in between compress unasked (RFC 9110, "Content-Encoding"): what counts against the limit
    is what comes out of that, and no more than a piece comes out at once.
    """
    body = bytearray()
    while piece := raw.read(PIECE, decode_content=True):
        body += piece
        if len(body) > LARGEST_BODY:
            raise TooLarge("The answer is too large.")
    return bytes(body)


def _log(
    request: requests.PreparedRequest,
    answer: responses.Answer | None,
    error: ServiceNowError | None,
    started: float,
) -> None:
    logger.info(
        "%s %s %s in %d ms, transaction %s",
        request.method,
        urlsplit(request.url or "").path,
        answer.status if answer else (error.code if error else "failed"),
        (time.monotonic() - started) * 1000,
        (answer.transaction_id if answer else "") or "-",
    )
