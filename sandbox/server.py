"""A threaded WSGI server over HTTP/1.1 with keep-alive that can also hang up on a caller, as networks do."""

import io
import socket
import ssl
import struct
import sys
from pathlib import Path
from typing import Any
from wsgiref.types import WSGIApplication, WSGIEnvironment

from werkzeug.serving import DechunkedInput, ThreadedWSGIServer, WSGIRequestHandler

# ServiceNow's own limit for a REST body.
LARGEST_BODY = 10_485_760
# How much of a body above the limit is read and thrown away, so that the caller lives to see the answer.
LARGEST_DRAINED = 8 * LARGEST_BODY
BLOCK = 65_536


class HungUp(ConnectionError):
    """Raised by an application to close the connection; what it has not yielded yet is never sent."""

    def __init__(self, *, reset: bool = False) -> None:
        super().__init__("connection dropped on purpose")
        self.reset = reset


class PortTaken(OSError):
    """Somebody else listens on the port."""


class Handler(WSGIRequestHandler):
    """One connection. Reads each body whole before the application runs, which is what makes keep-alive safe."""

    protocol_version = "HTTP/1.1"
    timeout = 120
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        self.environ = environ = self.make_environ()
        body = self._read_body(environ)
        environ["wsgi.input"] = io.BytesIO(body)
        if environ.pop("HTTP_TRANSFER_ENCODING", None):
            environ["CONTENT_LENGTH"] = str(len(body))
        try:
            self._answer(self.server.app, environ)
        except HungUp as hung_up:
            self._hang_up(hung_up)
        except OSError:
            self.close_connection = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: the request log of the sandbox keeps what happened, without query secrets."""

    def _answer(self, app: WSGIApplication, environ: WSGIEnvironment) -> None:
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            started[:] = [(status, headers)]
            return self.wfile.write

        blocks = app(environ, start_response)
        try:
            waiting = self._head(*started[0])
            for block in blocks:
                self.wfile.write(waiting + block)
                waiting = b""
            if waiting:
                self.wfile.write(waiting)
        finally:
            close = getattr(blocks, "close", None)
            if close is not None:
                close()

    def _head(self, status: str, headers: list[tuple[str, str]]) -> bytes:
        names = {name.lower(): value for name, value in headers}
        if "content-length" not in names and not status.startswith(("1", "204", "304")):
            self.close_connection = True
        if self.close_connection or names.get("connection", "").lower() == "close":
            self.close_connection = True
            headers = [
                *(pair for pair in headers if pair[0].lower() != "connection"),
                ("Connection", "close"),
            ]
        if "date" not in names:
            headers = [*headers, ("Date", self.date_time_string())]
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def _read_body(self, environ: WSGIEnvironment) -> bytes:
        if isinstance(environ["wsgi.input"], DechunkedInput):
            return self._read_chunked(environ["wsgi.input"])
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length <= LARGEST_BODY:
            return self.rfile.read(length)
        self.close_connection = True
        left = min(length, LARGEST_DRAINED)
        while left > 0 and (block := self.rfile.read(min(left, BLOCK))):
            left -= len(block)
        return b""

    def _read_chunked(self, stream: DechunkedInput) -> bytes:
        body = bytearray()
        while block := stream.read(BLOCK):
            body += block
            if len(body) > LARGEST_BODY:
                self.close_connection = True
                break
        return bytes(body)

    def _hang_up(self, hung_up: HungUp) -> None:
        self.close_connection = True
        if hung_up.reset:
            # Lingering for zero seconds turns the close into a reset.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Server(ThreadedWSGIServer):
    """One port. Threads are daemons: a call that sleeps on purpose never delays the end of the process."""

    def __init__(
        self, host: str, port: int, app: WSGIApplication, certificate: tuple[Path, Path] | None = None
    ) -> None:
        """Listen on `host`:`port` with TLS if a certificate and its key are given.

        Raises:
            PortTaken: the address cannot be bound.
        """
        with _listen(host, port) as listening:
            super().__init__(host, port, app, Handler, fd=listening.fileno())
        if certificate is not None:
            self._use_tls(*certificate)

    def shutdown_request(self, request: Any) -> None:
        """Close without the polite half-close when a reset was asked for."""
        try:
            lingers = struct.unpack("ii", request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8))[0]
        except OSError:
            lingers = 0
        if lingers:
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Callers that vanish are an ordinary part of the tests; anything else is reported."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def _use_tls(self, certificate: Path, key: Path) -> None:
        self.ssl_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ssl_context.load_cert_chain(certificate, key)
        # The handshake happens in the thread of the connection: a silent caller must not stop the others.
        self.socket = self.ssl_context.wrap_socket(
            self.socket, server_side=True, do_handshake_on_connect=False
        )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise PortTaken(f"Cannot listen on {host} port {port}: {error.strerror}.") from error
    return listening
