"""Where there is nothing to show, a page offers what helps there, and only what this person may do."""

import re
from datetime import UTC, datetime

import pytest
from django.test import Client

from accounts.models import User
from scorecard.models import ScoreDay
from tests.factories import ActionFactory, ConnectionFactory

pytestmark = pytest.mark.django_db
CONNECT = 'href="/servicenow/setup/"'


def main(client: Client, person: User, address: str) -> str:
    """What stands between header and footer: the navigation offers everything everywhere."""
    client.force_login(person)
    page = client.get(address, follow=True).content.decode()
    found = re.search(r"<main.*</main>", page, re.DOTALL)
    assert found
    return found[0]


@pytest.mark.parametrize(
    "address", ["/", "/tickets/", "/tickets/reconcile/", "/tickets/new/", "/servicenow/"]
)
def test_without_a_connection_whoever_may_connect_is_led_to_the_set_up(
    client: Client, secadmin: User, address: str
) -> None:
    assert CONNECT in main(client, secadmin, address)


def test_whoever_may_not_is_told_whom_to_ask(client: Client, reader: User) -> None:
    for address in ("/", "/tickets/", "/servicenow/"):
        page = main(client, reader, address)
        assert CONNECT not in page
        assert "Security Administrator" in page


def test_nothing_to_reconcile_is_not_offered_to_be_reconciled(client: Client, secadmin: User) -> None:
    assert "Reconcile" not in main(client, secadmin, "/tickets/")
    ConnectionFactory.create(is_current=True, status="connected")
    assert "Reconcile" in main(client, secadmin, "/tickets/")


def test_readers_are_not_asked_to_do_what_they_may_not(client: Client, reader: User, secadmin: User) -> None:
    ConnectionFactory.create(is_current=True, status="connected")
    for address in ("/", "/tickets/"):
        page = main(client, reader, address)
        assert "create a ticket" not in page
        assert "choose Share" not in page
        assert "Tickets appear here as soon as somebody shares an improvement action." in page
    assert "or create a ticket" in main(client, secadmin, "/")
    assert "choose Share" in main(client, secadmin, "/tickets/")


def test_an_action_without_tickets_says_how_to_get_one(client: Client, reader: User, secadmin: User) -> None:
    address = ActionFactory.create(control_id="mfa").get_absolute_url()
    assert CONNECT in main(client, secadmin, address)
    ConnectionFactory.create(is_current=True, status="connected")
    assert "Choose Share, then ServiceNow, to create one." in main(client, secadmin, address)
    assert "to create one" not in main(client, reader, address)
    assert CONNECT not in main(client, secadmin, address)


def test_a_list_that_nobody_filtered_offers_no_clearing_of_filters(client: Client, reader: User) -> None:
    at = datetime(2026, 11, 20, 5, tzinfo=UTC)
    ScoreDay.objects.create(scored_on=at.date(), calculated_at=at, current_score=1, max_score=2)
    address = "/secure-score/actions/"
    assert "Clear filters" not in main(client, reader, address)
    assert "Clear filters" in main(client, reader, f"{address}?q=nothing-like-it")
