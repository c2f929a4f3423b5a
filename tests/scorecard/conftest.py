import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType

import pytest
import requests
from django.conf import LazySettings

from sandbox.microsoft.app import create_app
from sandbox.microsoft.tenant import CLIENT_ID, CLIENT_SECRET, TENANT_ID
from sandbox.server import Server
from tests.ports import free_port

TODAY = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Microsoft:
    """A pretend Microsoft, and the controls that tests drive it by."""

    def __init__(self) -> None:
        self.now = TODAY
        self._server = Server("127.0.0.1", free_port(), create_app(lambda: self.now))
        self.url = f"http://127.0.0.1:{self._server.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def fault(self, **fault: object) -> None:
        requests.post(f"{self.url}/_sandbox/faults", json=fault, timeout=5).raise_for_status()

    def has(
        self, *, secrets: Mapping[str, str | None] = MappingProxyType({}), certificates: Sequence[str] = ()
    ) -> None:
        """Let the app registration have these secrets, each with the moment of its end, and these certificates."""
        body = {"secrets": dict(secrets), "certificates": list(certificates)}
        requests.post(f"{self.url}/_sandbox/credentials", json=body, timeout=5).raise_for_status()

    def set(self, **switches: str) -> None:
        requests.post(f"{self.url}/_sandbox/settings", json=switches, timeout=5).raise_for_status()

    def asked(self) -> list[dict[str, object]]:
        log = requests.get(f"{self.url}/_sandbox/requests", timeout=5).json()["requests"]
        return [request for request in log if isinstance(request, dict)]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


@pytest.fixture
def microsoft(settings: LazySettings) -> Iterator[Microsoft]:
    """A Microsoft that the portal's settings lead to."""
    pretend = Microsoft()
    settings.GRAPH_URL = settings.ENTRA_URL = pretend.url
    settings.GRAPH_TENANT_ID, settings.GRAPH_CLIENT_ID = TENANT_ID, CLIENT_ID
    settings.GRAPH_CLIENT_SECRET = CLIENT_SECRET
    yield pretend
    pretend.close()
