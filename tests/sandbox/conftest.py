"""Callers of the sandbox's ServiceNow, over real HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.sandbox_process import INTEGRATION_USER, SandboxProcess


class Caller:
    """A REST client of one user, as plain as can be."""

    def __init__(self, url: str, token: str = "") -> None:
        self.url = url
        self.http = requests.Session()
        self.http.trust_env = False
        if token:
            self.http.headers["Authorization"] = f"Bearer {token}"

    def ask(self, method: str, address: str, timeout: float = 10, **options: Any) -> requests.Response:
        """Call an address below `/api/now/`."""
        return self.http.request(method, f"{self.url}/api/now/{address}", timeout=timeout, **options)

    def create(self, table: str, **fields: Any) -> dict[str, Any]:
        answer = self.ask("POST", f"table/{table}", json=fields)
        assert answer.status_code == 201, answer.text
        row: dict[str, Any] = answer.json()["result"]
        return row

    def rows(self, table: str, query: str = "", **parameters: Any) -> list[dict[str, Any]]:
        answer = self.ask("GET", f"table/{table}", params={"sysparm_query": query, **parameters})
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()["result"]
        return rows

    def numbers(self, table: str, query: str) -> list[str]:
        return [row["number"] for row in self.rows(table, query)]


@pytest.fixture
def integration(sandbox: SandboxProcess) -> Iterator[Caller]:
    """The integration user with a valid token."""
    caller = Caller(sandbox.url, sandbox.token(INTEGRATION_USER))
    yield caller
    caller.http.close()


@pytest.fixture
def admin(sandbox: SandboxProcess) -> Iterator[Caller]:
    caller = Caller(sandbox.url)
    caller.http.auth = ("admin", "admin")
    yield caller
    caller.http.close()


@pytest.fixture
def stranger(sandbox: SandboxProcess) -> Iterator[Caller]:
    """Somebody without credentials."""
    caller = Caller(sandbox.url)
    yield caller
    caller.http.close()


@pytest.fixture
def browser() -> Iterator[requests.Session]:
    """A browser in which nobody is signed in."""
    with requests.Session() as session:
        session.trust_env = False
        yield session
