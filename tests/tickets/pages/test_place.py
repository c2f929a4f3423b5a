"""Previous and next on a ticket's page, within the list that one came from."""

import re
from datetime import UTC, date, datetime
from html import unescape

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from scorecard.models import ScoreDay
from tests.factories import ActionFactory, ConnectionFactory, TicketFactory
from tickets.models import Ticket
from tickets.models.choices import Delivery

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client: Client, secadmin: User) -> Client:
    client.force_login(secadmin)
    return client


def link(page: str, rel: str) -> str:
    """Where the page's link to the previous or next one leads; empty without one."""
    found = re.search(rf'<a class="button button--quiet" href="([^"]*)" rel="{rel}"', page)
    return unescape(found[1]) if found else ""


def first_link(page: str) -> str:
    """Where the first row of a list leads."""
    found = re.search(r'<th scope="row"[^>]*>\s*<a href="([^"]*)"', page)
    assert found
    return unescape(found[1])


@pytest.mark.parametrize("address", ["/tickets/?kind=incident&sort=name", "/tickets/?sort=-name&q=t&page=1"])
def test_one_walks_the_list_as_it_was_filtered_and_sorted(browser: Client, address: str) -> None:
    for name in ("Ticket C", "Ticket A", "Ticket B"):
        TicketFactory.create(name=name, kind="incident")
        if "kind" in address:
            TicketFactory.create(name=f"{name} of another kind")
    listed = browser.get(address)
    names = [ticket.name for ticket in listed.context["page"]]
    assert len(names) == 3
    seen, page = [], first_link(listed.content.decode())
    while page:
        shown = browser.get(page)
        seen.append(shown.context["ticket"].name)
        html = shown.content.decode()
        assert f'<a href="{address.replace("&", "&amp;")}">Tickets</a>' in html
        page = link(html, "next")
    assert seen == names
    back = browser.get(link(html, "prev"))
    assert back.context["ticket"].name == names[1]


def test_without_a_list_there_is_neither_and_a_list_costs_at_most_two_questions_more(browser: Client) -> None:
    actions = ActionFactory.create_batch(3)
    tickets = TicketFactory.create_batch(3)
    for one in (actions[1], tickets[1]):
        browser.get(one.get_absolute_url())
        asked = []
        for query in ("", "?list=q%3Dt"):
            with CaptureQueriesContext(database) as questions:
                page = browser.get(one.get_absolute_url() + query).content.decode()
            asked.append(len(questions))
            assert bool(link(page, "prev")) == bool(link(page, "next")) == bool(query)
        assert asked[1] <= asked[0] + 2


def test_what_left_the_list_by_being_dealt_with_still_leads_on(browser: Client) -> None:
    instance = ConnectionFactory.create(status="connected", is_current=True).instance
    stuck = {"instance": instance, "delivery": Delivery.ATTENTION, "next_attempt_at": None}
    tickets: list[Ticket] = TicketFactory.create_batch(3, **stuck)
    page = browser.get("/tickets/?attention=on&sort=created").content.decode()
    address = first_link(page)
    assert address.startswith(tickets[0].get_absolute_url())
    answer = browser.post(
        f"{tickets[0].get_absolute_url()}retry/",
        headers={"referer": f"http://testserver{address}"},
        follow=True,
    )
    assert Ticket.objects.get(pk=tickets[0].pk).delivery != Delivery.ATTENTION
    assert link(answer.content.decode(), "next").startswith(tickets[1].get_absolute_url())


def test_actions_have_it_as_well(browser: Client) -> None:
    at = datetime(2026, 11, 20, 5, tzinfo=UTC)
    ScoreDay.objects.create(scored_on=date(2026, 11, 20), calculated_at=at, current_score=1, max_score=20)
    actions = [ActionFactory.create(title=title) for title in "ABC"]
    page = browser.get("/secure-score/actions/?sort=-title").content.decode()
    first = browser.get(first_link(page))
    assert first.context["action"] == actions[2]
    assert link(first.content.decode(), "next").startswith(actions[1].get_absolute_url())
    assert not link(first.content.decode(), "prev")


@pytest.mark.parametrize(
    "nonsense", ["%00", "sort=;drop", "q=" + "x" * 900, "&&&=", "instance=z&priority=high"]
)
def test_nonsense_in_place_of_a_list_is_no_error(browser: Client, nonsense: str) -> None:
    ticket = TicketFactory.create()
    assert browser.get(ticket.get_absolute_url(), {"list": nonsense}).status_code == 200
