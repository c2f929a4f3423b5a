"""A peer that speaks bytes, for what a well-behaved server cannot do: break off, drip, never end."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self


class Peer:
    """Answers each connection with the given pieces, `pause` seconds apart, then hangs up (or stays, if `hold`)."""

    def __init__(
        self, *pieces: bytes, pause: float = 0.0, hold: bool = False, tls: ssl.SSLContext | None = None
    ) -> None:
        self.pieces: Sequence[bytes] = pieces
        self.tls = tls
        self.pause, self.hold = pause, hold
        self.heard: list[bytes] = []
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        # Closing does not wake accept(); a connection does.
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            pass
        self._thread.join(5)
        self._listener.close()

    def _serve(self) -> None:
        while not self._over.is_set():
            line, _address = self._listener.accept()
            with line, contextlib.suppress(OSError):
                if not self._over.is_set():
                    self._serve_one(self.tls.wrap_socket(line, server_side=True) if self.tls else line)

    def _serve_one(self, line: socket.socket) -> None:
        with line:
            self.heard.append(line.recv(65536))
            self._answer(line)

    def _answer(self, line: socket.socket) -> None:
        for piece in self.pieces:
            line.sendall(piece)
            time.sleep(self.pause)
        if self.hold:
            self._over.wait(10)
        # Closing with something unread would reset the connection and take back what was sent.
        line.shutdown(socket.SHUT_WR)
        line.settimeout(1)
        while more := line.recv(65536):
            self.heard[-1] += more


def answer(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """A whole HTTP answer with a JSON content type."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
