"""How often a page asks the database, however much is in it."""

from datetime import UTC, date, datetime

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from portal.demo import add_actions, add_tickets
from scorecard.models import ScoreDay
from tests.factories import ConnectionFactory
from tickets.models import Ticket

pytestmark = pytest.mark.django_db
# The home page asks most: the score and how reading it goes, the connection, and both ticket cards.
MOST = 12
PAGES = ["/", "/cards/", "/secure-score/actions/", "/tickets/"]


@pytest.fixture
def browser(client: Client, secadmin: User) -> Client:
    """Somebody who may do most, so that pages show most, at a connected portal."""
    User.objects.filter(pk=secadmin.pk).update(username="secadmin")
    client.force_login(secadmin)
    at = datetime(2026, 11, 20, 5, tzinfo=UTC)
    ScoreDay.objects.create(scored_on=date(2026, 11, 20), calculated_at=at, current_score=1, max_score=2)
    return client


def queries(browser: Client, page: str) -> int:
    """Count what a page asks, at the dearest: once a minute a deed is noted in the session."""
    session = browser.session
    session["seen_at"] -= 120
    session.save()
    with CaptureQueriesContext(database) as asked:
        assert browser.get(page).status_code == 200
    notes = [query["sql"] for query in asked if query["sql"].startswith('UPDATE "django_session"')]
    assert len(notes) == (page != "/cards/")  # Which pages ask for by themselves.
    return len(asked)


def test_lists_ask_few_questions_and_no_more_when_there_is_more(browser: Client) -> None:
    counts = []
    for rows in (50, 5000):
        add_actions(rows)
        add_tickets(rows - Ticket.objects.count())
        if rows == 50:
            instance = Ticket.objects.select_related("instance")[0].instance
            ConnectionFactory.create(instance=instance, status="connected", is_current=True)
        counts.append({page: queries(browser, page) for page in PAGES})
    assert counts[0] == counts[1]
    assert max(counts[0].values()) <= MOST, counts[0]
