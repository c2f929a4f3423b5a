"""The home page, what machines ask of the portal, and the error pages."""

import re
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import connection as database
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone

from accounts.models import User
from connector.budget import slot_of
from connector.models import Connection, Instance
from scorecard.models import ScoreDay
from tests.factories import ConnectionFactory, InstanceFactory, TicketFactory
from tickets.models import Ticket
from tickets.models.choices import Delivery, Kind, NormalizedState, Priority

pytestmark = pytest.mark.django_db
SETUP = 'href="/servicenow/setup/"'
CREATE = "/tickets/new/?kind="
CONFIGURE = 'href="/servicenow/configuration/"'


@pytest.fixture
def connected() -> Instance:
    """The portal connected to an instance that nobody talks to."""
    instance = InstanceFactory.create(host="acme.service-now.com")
    ConnectionFactory.create(instance=instance, status=Connection.Status.CONNECTED, is_current=True)
    return instance


def home(client: Client, person: User) -> str:
    client.force_login(person)
    page = client.get("/")
    assert page.status_code == 200
    return unescape(page.content.decode())


class _Texts(HTMLParser):
    """The text of each table row by its id."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, str] = {}
        self._row = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self._row = dict(attrs).get("id") or ""

    def handle_data(self, data: str) -> None:
        if self._row:
            self.rows[self._row] = " ".join([self.rows.get(self._row, ""), *data.split()]).strip()


def rows(page: str) -> dict[str, str]:
    texts = _Texts()
    texts.feed(page)
    return texts.rows


def delivered(instance: Instance, *, number: str = "CHG0000001", **fields: Any) -> Ticket:
    known = {"normalized_state": NormalizedState.NEW, "number": number, "sys_id": f"{number:0>32}"}
    return TicketFactory.create(instance=instance, delivery=Delivery.DELIVERED, **known | fields)


def test_before_the_connection_a_security_administrator_is_led_to_set_it_up(
    client: Client, secadmin: User
) -> None:
    page = home(client, secadmin)
    assert "Do you use ServiceNow?" in page
    assert SETUP in page
    assert CREATE not in page
    assert "ask a Security Administrator" not in page


def test_before_the_connection_a_reader_is_told_whom_to_ask(client: Client, reader: User) -> None:
    page = home(client, reader)
    assert "ask a Security Administrator" in page
    assert SETUP not in page


def test_after_the_connection_both_ticket_cards_are_there(
    client: Client, secadmin: User, connected: Instance
) -> None:
    page = home(client, secadmin)
    assert "Do you use ServiceNow?" not in page
    assert "ServiceNow change management tickets" in page
    assert "ServiceNow incident management tickets" in page
    assert page.count("No tickets yet") == len(Kind)
    assert {f"{CREATE}{kind}" in page for kind in Kind.values} == {True}
    assert CONFIGURE in page
    assert "https://acme.service-now.com/nav_to.do?uri=change_request_list.do" in page


def test_a_reader_sees_the_cards_without_what_a_reader_may_not_do(
    client: Client, reader: User, connected: Instance
) -> None:
    page = home(client, reader)
    assert "ServiceNow incident management tickets" in page
    assert CREATE not in page
    assert CONFIGURE not in page
    assert client.get("/tickets/new/?kind=incident").status_code == 403


def test_a_card_says_in_words_how_each_ticket_stands(
    client: Client, reader: User, connected: Instance
) -> None:
    past = timezone.now().date() - timedelta(days=2)
    late = delivered(connected, due_on=past)
    done = delivered(
        connected, due_on=past, is_open=False, normalized_state=NormalizedState.CLOSED, number="CHG0000002"
    )
    stuck = TicketFactory.create(instance=connected, delivery=Delivery.ATTENTION)
    waiting = TicketFactory.create(instance=connected)
    said = rows(home(client, reader))
    assert "Overdue" in said[f"ticket-{late.pk}"]
    assert "CHG0000001" in said[f"ticket-{late.pk}"]
    assert "Needs attention" in said[f"ticket-{stuck.pk}"]
    assert "Waiting to be sent" in said[f"ticket-{waiting.pk}"]
    assert "Closed" in said[f"ticket-{done.pk}"]
    assert not any("Overdue" in said[f"ticket-{ticket.pk}"] for ticket in (done, stuck, waiting))


def test_a_card_holds_its_own_kind_of_the_connected_instance(
    client: Client, reader: User, connected: Instance
) -> None:
    change = TicketFactory.create(instance=connected)
    incident = TicketFactory.create(instance=connected, kind=Kind.INCIDENT)
    elsewhere = TicketFactory.create()
    page = home(client, reader)
    changes, incidents = page.split('id="card-incident"')
    assert f"ticket-{change.pk}" in changes
    assert f"ticket-{incident.pk}" in incidents
    assert f"ticket-{elsewhere.pk}" not in page


def test_a_card_shows_what_matters_first(client: Client, reader: User, connected: Instance) -> None:
    past = timezone.now().date() - timedelta(days=2)
    attention = TicketFactory.create(instance=connected, delivery=Delivery.ATTENTION)
    late = delivered(connected, due_on=past)
    high = delivered(connected, priority=Priority.HIGH, number="CHG0000002")
    done = delivered(
        connected, is_open=False, normalized_state=NormalizedState.CLOSED, number="CHG0000003", due_on=past
    )
    usual = [TicketFactory.create(instance=connected) for _ in range(2)]
    expected = [attention, late, high, *reversed(usual), done]
    assert list(rows(home(client, reader))) == [f"ticket-{ticket.pk}" for ticket in expected]
    usual += [TicketFactory.create(instance=connected) for _ in range(6)]
    expected = [attention, late, high, *reversed(usual[1:])]
    assert list(rows(home(client, reader))) == [f"ticket-{ticket.pk}" for ticket in expected]


def test_the_first_steps_say_how_far_each_is_and_who_takes_it_until_all_are_done(
    client: Client, reader: User, secadmin: User
) -> None:
    page = home(client, reader)
    assert page.count("Not complete") == 3
    assert "Who: Administrator" in page
    assert page.count("Who: Security Administrator") == 2
    assert 'id="first-run-2"' not in page
    assert 'id="first-run-2"' in home(client, secadmin)
    instance = InstanceFactory.create()
    ConnectionFactory.create(instance=instance, status=Connection.Status.CONNECTED, is_current=True)
    ticket = TicketFactory.create(instance=instance)
    page = home(client, reader)
    assert (page.count("Not complete"), page.count("Completed"), page.count("In progress")) == (1, 1, 1)
    Ticket.objects.filter(pk=ticket.pk).update(delivery=Delivery.ATTENTION)
    assert "Its page says what can be done." in home(client, reader)
    delivered(instance)
    assert "First steps" in home(client, reader)
    at = timezone.now()
    ScoreDay.objects.create(scored_on=at.date(), calculated_at=at, current_score=1, max_score=2)
    assert "First steps" not in home(client, reader)
    Connection.objects.update(is_current=False)
    page = home(client, reader)
    assert "First steps" not in page
    assert "Do you use ServiceNow?" in page


@pytest.mark.parametrize(
    ("connection", "instance", "words"),
    [
        ({"status": "needs_reauthorization"}, {}, "ServiceNow no longer accepts our sign-in"),
        (
            {},
            {"last_error": "no_answer", "last_error_at": timezone.now()},
            "ServiceNow does not answer as it should",
        ),
        (
            {"refresh_expires_at": timezone.now() + timedelta(days=3)},
            {},
            "The sign-in to ServiceNow ends soon",
        ),
        (
            {},
            {"calls_slot_at": slot_of(timezone.now()), "calls_in_hour": 1_000_000},
            "This hour's calls to ServiceNow are used up",
        ),
    ],
    ids=["sign-in refused", "no answer", "ends soon", "no calls left"],
)
def test_trouble_is_told_on_the_cards(
    client: Client,
    reader: User,
    connected: Instance,
    connection: dict[str, Any],
    instance: dict[str, Any],
    words: str,
) -> None:
    assert words not in home(client, reader)
    if connection:
        Connection.objects.update(**connection)
    if instance:
        Instance.objects.update(**instance)
    assert words in home(client, reader)


def test_the_cards_refresh_themselves_without_the_rest_of_the_page(
    client: Client, reader: User, connected: Instance
) -> None:
    asks = re.search(r'hx-get="(/cards/\?seen=\w+)"', home(client, reader))
    assert asks
    assert client.get(asks[1]).status_code == 204
    TicketFactory.create(instance=connected)
    fragment = client.get(asks[1]).content.decode()
    assert fragment.lstrip().startswith('<div class="grid grid--home" id="cards"')
    assert "<html" not in fragment
    assert asks[1] not in fragment


def test_livez_touches_no_database_and_readyz_says_that_all_is_well(client: Client) -> None:
    with database.execute_wrapper(_refuse):
        assert client.get("/livez").content == b"ok\n"
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"ready": True})
    assert "no-store" in ready["Cache-Control"]


def _refuse(*arguments: Any) -> Any:
    raise AssertionError("the database was asked")


@pytest.mark.django_db(transaction=True)
def test_readyz_says_that_migrations_are_missing(client: Client) -> None:
    [newest] = MigrationExecutor(database).loader.graph.leaf_nodes("scorecard")
    recorder = MigrationRecorder(database)
    # Stored, because the look has a thread and so a connection of its own.
    recorder.record_unapplied(*newest)
    try:
        answer = client.get("/readyz")
    finally:
        recorder.record_applied(*newest)
    assert (answer.status_code, answer.json()["reason"]) == (503, "migrations are missing")


@pytest.mark.parametrize(("address", "status"), [("/nothing/", 404), ("/servicenow/setup/", 403)])
def test_error_pages_are_pages_of_the_portal(client: Client, reader: User, address: str, status: int) -> None:
    client.force_login(reader)
    page = client.get(address)
    assert page.status_code == status
    assert 'href="/"' in page.content.decode()


def test_demonstration_data_is_refused_outside_demonstrations(settings: LazySettings) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError, match="DEMO=1"):
        call_command("seed_demo")
    assert not User.objects.exists()
