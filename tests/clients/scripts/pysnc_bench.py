"""The benchmarks' work done with PySNC, used plainly as its documentation shows, and tuned as far as it goes.

`python -m tests.clients.scripts.pysnc_bench <errand> <url> <tickets> <since>` prints the seconds that it took.
"""

import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pysnc import ServiceNowClient  # type: ignore[import-not-found]
from requests.adapters import HTTPAdapter

from tests.clients.scripts.errands import INTEGRATION

TABLES = ("change_request", "incident")
MARKER = "correlation_displaySTARTSWITHMicrosoft 365 Security and Configuration"
FIELDS = ["sys_id", "number", "state", "active", "sys_mod_count", "sys_updated_on"]
AT_ONCE = 4


def push_plainly(url: str, tickets: int, since: str) -> None:
    """One client, one record after the other."""
    insert(url, range(tickets))


def push_tuned(url: str, tickets: int, since: str) -> None:
    """Four threads, each with a client of its own, which asks for little back."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda start: insert(url, range(start, tickets, AT_ONCE), lean=True), range(AT_ONCE)))


class WithoutTLS(HTTPAdapter):
    """PySNC accepts only https addresses; the portal speaks to this machine without TLS. Both do the same here."""

    def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        request.url = request.url.replace("https://", "http://", 1)
        return super().send(request, *args, **kwargs)


def client_of(url: str) -> Any:
    client = ServiceNowClient(url.replace("http://", "https://", 1), INTEGRATION)
    for prefix in list(client.session.adapters):
        client.session.mount(prefix, WithoutTLS())
    return client


def insert(url: str, numbers: range, *, lean: bool = False) -> None:
    client = client_of(url)
    for number in numbers:
        record = client.GlideRecord("change_request")
        if lean:
            record.display_value, record.fields = False, FIELDS
        record.initialize()
        record.short_description = f"Require protection {number}"
        record.description = "What is to be done."
        record.priority = "3"
        record.insert()


def read_plainly(url: str, tickets: int, since: str) -> None:
    """All of them, as they come."""
    for table in TABLES:
        record = client_of(url).GlideRecord(table)
        record.add_encoded_query(MARKER)
        record.query()
        for _row in record:
            pass


def read_tuned(url: str, tickets: int, since: str) -> None:
    """All of them: large pages, few fields."""
    for table in TABLES:
        read_lean(url, table, MARKER)


def read_changes_tuned(url: str, tickets: int, since: str) -> None:
    """What changed, by the time of the last change."""
    for table in TABLES:
        read_lean(url, table, f"{MARKER}^sys_updated_on>={since}")


def read_lean(url: str, table: str, query: str) -> None:
    record = client_of(url).GlideRecord(table, batch_size=1000)
    record.display_value, record.fields = False, FIELDS
    record.add_encoded_query(query)
    record.query()
    for _row in record:
        pass


ERRANDS: dict[str, Callable[[str, int, str], Any]] = {
    errand.__name__: errand
    for errand in (push_plainly, push_tuned, read_plainly, read_tuned, read_changes_tuned)
}

if __name__ == "__main__":
    _, name, url, tickets, since = sys.argv
    started = time.monotonic()
    ERRANDS[name](url, int(tickets), since)
    json.dump(time.monotonic() - started, sys.stdout)
