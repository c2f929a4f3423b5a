"""What each page costs, as a multiple of a plain one, in a portal with few tickets and in one with many."""

import gc
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from django.http import HttpResponseBase, StreamingHttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from portal.run import compile_catalogues
from scorecard.models import ImprovementAction
from tickets.models import Ticket
from tickets.models.choices import Delivery
from tickets.pages import bulk_address
from tickets.pages.paging import SIZE
from tools.bench.years_of_use import live_for_years, newest_open
from tools.crash.databases import Databases, use
from tools.crash.processes import run

ROUNDS = 15
# This one is measured beside a plain CSV, and not as often.
AS_CSV = "tickets as CSV, x a plain CSV"
CSV_ROUNDS = 3
# Here what PostgreSQL took counts too, which does the work in a process of its own.
SEARCHED = "searched"
Get = Callable[[Client], HttpResponseBase]


@dataclass
class PageCost:
    """One page in a portal of one size: its cost in each round as a multiple of the plain page's, and its queries."""

    multiples: list[float] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)
    queries: int = 0

    @property
    def multiple(self) -> float:
        """Return the median of all rounds."""
        return statistics.median(self.multiples)

    @property
    def median(self) -> float:
        """Return the milliseconds of the median round."""
        return statistics.median(self.milliseconds)

    def __str__(self) -> str:
        return f"{self.multiple:6.2f} | {self.median:7.1f} | {self.queries:7}"


def measure(
    databases: Databases, sizes: tuple[int, int], rounds: int, folder: Path, named: Sequence[str] = ("",)
) -> Iterator[tuple[str, PageCost, PageCost]]:
    """Yield each page whose name holds one of `named`, with what it costs in the smaller and in the larger portal."""
    compile_catalogues()
    call_command("collectstatic", "--no-input", "--verbosity", "0")
    settings.ROOT_URLCONF = "tools.bench.plain"
    settings.ALLOWED_HOSTS = ["testserver"]
    portals = [_Portal(databases.copy(f"portal{size}"), size, folder, named) for size in sizes]
    for _ in range(rounds):
        for portal in portals:
            portal.go_round()
    for name in portals[0].costs:
        few, many = (portal.costs[name] for portal in portals)
        yield name, few, many


class _Portal:
    """A database with so many tickets, and who looks at its pages."""

    def __init__(self, database: str, tickets: int, folder: Path, named: Sequence[str]) -> None:
        self.database = database
        connections.close_all()
        if run(partial(live_for_years, database, tickets), folder / f"{tickets}.log"):
            raise RuntimeError((folder / f"{tickets}.log").read_text())
        self._enter()
        self.client = Client(headers={"Accept-Encoding": "gzip", "Accept-Language": "en"})
        self.client.force_login(User.objects.get(is_superuser=True))
        self.pages = {
            name: get for name, get in pages(tickets).items() if any(text in name for text in named)
        }
        self.costs = {name: PageCost() for name in self.pages}
        for name, get in self.pages.items():
            get(self.client)  # Templates are read once.
            with CaptureQueriesContext(connection) as asked:
                answer = get(self.client)
            self.costs[name].queries = len(asked)
            if answer.status_code != 200:
                raise RuntimeError(f"{name}: {answer.status_code}")

    def _enter(self) -> None:
        connections.close_all()
        use(self.database)

    def go_round(self) -> None:
        """Open every page once, each beside the plain one."""
        self._enter()
        _cpu_seconds(_plain, self.client)
        for name, get in self.pages.items():
            is_csv, with_database = name == AS_CSV, SEARCHED in name
            if is_csv and len(self.costs[name].multiples) == CSV_ROUNDS:
                continue
            plain = _cpu_seconds(_plain_csv if is_csv else _plain, self.client)
            page = _cpu_seconds(get, self.client, with_database=with_database)
            self.costs[name].multiples.append(page / plain)
            self.costs[name].milliseconds.append(page * 1000)


def _cpu_seconds(get: Get, client: Client, *, with_database: bool = False) -> float:
    """Return what one request took of the processor, with all middleware, and SQLite where that is the database;
    PostgreSQL only `with_database`.
    """
    gc.collect()
    began, began_there = time.process_time(), _of_database() if with_database else 0.0
    answer = get(client)
    if isinstance(answer, StreamingHttpResponse):
        for _ in answer:
            pass
    seconds = time.process_time() - began
    if with_database:
        seconds += _of_database() - began_there
    if answer.status_code != 200:
        raise RuntimeError(f"{answer.status_code}")
    return seconds


def _of_database() -> float:
    """Return what this connection's process of a PostgreSQL server on this machine has taken so far, by Linux's account
    (Documentation/scheduler/sched-stats).
    """
    if connection.vendor != "postgresql":
        return 0.0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [process] = cursor.fetchone()
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e9


def _plain(client: Client) -> HttpResponseBase:
    return client.get("/plain/")


def _plain_csv(client: Client) -> HttpResponseBase:
    return client.get("/plain.csv")


def pages(tickets: int) -> Mapping[str, Get]:
    """Return what people open, each with how; the database tells the addresses."""
    listed = reverse("tickets:list")
    opened = newest_open()
    closed = Ticket.objects.filter(is_open=False, action__isnull=False).order_by("-created_at")[0]
    # Its tickets are closed, so there is something to share.
    action = closed.action or ImprovementAction()
    stuck = Ticket.objects.filter(delivery=Delivery.ATTENTION).order_by("-created_at").first() or opened
    chosen = ImprovementAction.objects.order_by("rank")[:SIZE]
    addresses = {
        "home": reverse("home"),
        "home, refreshing itself": reverse("cards"),
        "Secure Score overview": reverse("scorecard:overview"),
        "actions": reverse("scorecard:actions"),
        "actions, searched": f"{reverse('scorecard:actions')}?q=sign-in",
        "action with its Share menu": action.get_absolute_url(),
        "share dialog": (reverse("tickets:share", args=[action.control_id]), {"HX-Request": "true"}),
        "tickets, first page": listed,
        "tickets, page in the middle": f"{listed}?page={tickets // SIZE // 2}",
        "tickets, last page": f"{listed}?page={tickets // SIZE}",
        "tickets, sorted by due date": f"{listed}?sort=due",
        "tickets, sorted by name": f"{listed}?sort=name",
        "tickets, of one assignee": f"{listed}?assignee=Person+3",
        "tickets, one kind, open": f"{listed}?kind=incident&open=on",
        "tickets, overdue": f"{listed}?overdue=on",
        "tickets, of one outcome": f"{listed}?outcome=not_effective",
        "tickets, searched": f"{listed}?q=legacy",
        "tickets, searched by two words": f"{listed}?q=block+legacy",
        AS_CSV: reverse("tickets:export"),
        "tickets, searched for one": f"{listed}?q={opened.number}",
        "ticket": opened.get_absolute_url(),
        "ticket, closed": closed.get_absolute_url(),
        "ticket, needs attention": stuck.get_absolute_url(),
        "configuration": reverse("connector:configuration"),
        "field mapping": reverse("tickets:fields", args=["change_request"]),
        "states": reverse("state_names"),
        "connection": reverse("connector:connection"),
        "setup": reverse("connector:setup"),
        "reconciliation": reverse("tickets:reconciliation"),
        "bulk, 50 actions": bulk_address.address(chosen),
        "administration": reverse("admin:index"),
        "administration: audit entries": reverse("admin:accounts_auditentry_changelist"),
        "administration: tickets": reverse("admin:tickets_ticket_changelist"),
    }  # fmt: skip
    return {name: _getting(address) for name, address in addresses.items()}


def _getting(address: str | tuple[str, dict[str, str]]) -> Get:
    path, headers = (address, {}) if isinstance(address, str) else address
    return lambda client: client.get(path, headers=headers)
