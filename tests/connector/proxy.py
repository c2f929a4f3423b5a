"""A proxy that leads out of a network: it is asked for hosts by name and passes on what it cannot read."""

import base64
import contextlib
import socket
import threading
from types import TracebackType
from typing import Self


class Proxy:
    """Answers CONNECT for any host with a tunnel to one loopback port; wants `credentials` where there are some."""

    def __init__(self, port: int, credentials: str = "") -> None:
        self.heads: list[str] = []
        self.passed_on = b""
        self._target, self._credentials = port, credentials
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

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
                    self._serve_one(line)

    def _serve_one(self, line: socket.socket) -> None:
        line.settimeout(10)
        head = line.recv(65536).decode("latin-1")
        self.heads.append(head)
        wanted = base64.b64encode(self._credentials.encode()).decode()
        if self._credentials and f"Proxy-Authorization: Basic {wanted}" not in head:
            line.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
        with socket.create_connection(("127.0.0.1", self._target), 5) as onward:
            line.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=self._pump, args=(onward, line), daemon=True)
            back.start()
            self._pump(line, onward)
            back.join(5)

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                self.passed_on += piece
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)
