"""A Microsoft sandbox on a free port, asked over real HTTP."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from sandbox.microsoft.app import create_app
from sandbox.microsoft.tenant import CLIENT_ID, CLIENT_SECRET, TENANT_ID, WRITER
from sandbox.server import Server
from tests.ports import free_port
from tests.sandbox_process import PATIENCE

TODAY = datetime(2026, 3, 10, 14, 30, tzinfo=UTC)
TOKEN_FORM = {
    "grant_type": "client_credentials",
    "client_id": CLIENT_ID,
    "client_secret": CLIENT_SECRET,
    "scope": "https://graph.microsoft.com/.default",
}


class Microsoft:
    """One caller of one sandbox, with a clock that the test moves."""

    def __init__(self) -> None:
        self.now = TODAY
        self._server = Server("127.0.0.1", free_port(), create_app(lambda: self.now))
        self.url = f"http://127.0.0.1:{self._server.port}"
        self._http = requests.Session()
        self._http.trust_env = False
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._http.close()
        self._server.shutdown()
        self._server.server_close()

    def pass_time(self, by: timedelta) -> None:
        self.now += by

    def ask_token(self, tenant: str = TENANT_ID, **changes: str) -> requests.Response:
        form = TOKEN_FORM | changes
        return self._http.post(f"{self.url}/{tenant}/oauth2/v2.0/token", data=form, timeout=PATIENCE)

    def sign_in(self, tenant: str = TENANT_ID, **changes: str) -> None:
        token = self.ask_token(tenant, **changes).json()["access_token"]
        self._http.headers["Authorization"] = f"Bearer {token}"

    def sign_in_to_write(self) -> None:
        self.sign_in(client_id=WRITER.client_id, client_secret=WRITER.secret)

    def get(self, address: str, client_request_id: str = "", **query: str) -> requests.Response:
        url = address if address.startswith("http") else f"{self.url}/v1.0/security/{address}"
        headers = {"client-request-id": client_request_id} if client_request_id else {}
        return self._http.get(url, params=query, headers=headers, timeout=PATIENCE)

    def patch(self, control: str, body: object, **headers: str) -> requests.Response:
        url = f"{self.url}/v1.0/security/secureScoreControlProfiles/{control}"
        return self._http.patch(url, json=body, headers=headers, timeout=PATIENCE)

    def states(self, control: str) -> list[dict[str, Any]]:
        updates = self.get(f"secureScoreControlProfiles/{control}").json()["controlStateUpdates"]
        return [dict(update) for update in updates]

    def pages(self, collection: str, **query: str) -> Iterator[dict[str, Any]]:
        page = self.get(collection, **query).json()
        yield page
        while link := page.get("@odata.nextLink"):
            page = self.get(link).json()
            yield page

    def everything(self, collection: str) -> list[dict[str, Any]]:
        return [item for page in self.pages(collection) for item in page["value"]]

    def control(self, method: str, name: str, body: object = None) -> requests.Response:
        return self._http.request(method, f"{self.url}/_sandbox/{name}", json=body, timeout=PATIENCE)


@pytest.fixture
def stranger() -> Iterator[Microsoft]:
    """A caller without a token."""
    microsoft = Microsoft()
    yield microsoft
    microsoft.close()


@pytest.fixture
def writer(stranger: Microsoft) -> Microsoft:
    """A caller whose token may change the state of controls as well."""
    stranger.sign_in_to_write()
    return stranger


@pytest.fixture
def microsoft(stranger: Microsoft) -> Microsoft:
    """A caller with a valid token."""
    stranger.sign_in()
    return stranger
