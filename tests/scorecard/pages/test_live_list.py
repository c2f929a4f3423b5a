"""The list of actions that is open follows what becomes of its actions and tickets."""

import re
from html import unescape

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from scorecard.models import ActionPlan, ScoreDay
from scorecard.models.choices import Status
from tests.factories import NOON, ActionFactory, TicketFactory

pytestmark = pytest.mark.django_db
QUERY = "?q=protection&sort=rank&page=2"


@pytest.fixture
def browser(client: Client, secadmin: User) -> Client:
    client.force_login(secadmin)
    ScoreDay.objects.create(scored_on=NOON.date(), calculated_at=NOON, current_score=1, max_score=2)
    return client


def asks(page: HttpResponse) -> tuple[str, str]:
    """What the list asks for by itself, and what it says that it shows."""
    found = re.search(
        r'id="list" hx-get="([^"]*)".*?hx-headers=\'{"X-Seen": "(\w+)"}\'', page.content.decode(), re.DOTALL
    )
    assert found
    return unescape(found.group(1)), found.group(2)


def ask(browser: Client, page: HttpResponse) -> HttpResponse:
    address, seen = asks(page)
    answer = browser.get(address, headers={"HX-Request": "true", "X-Seen": seen})
    assert isinstance(answer, HttpResponse)
    return answer


@pytest.mark.parametrize("what", ["ticket", "plan", "score", "fewer"])
def test_whatever_the_list_shows_is_noticed_at_the_same_filters_and_page(browser: Client, what: str) -> None:
    actions = [ActionFactory.create(rank=rank) for rank in range(60)]
    page = browser.get(f"/secure-score/actions/{QUERY}")
    assert isinstance(page, HttpResponse)
    assert ask(browser, page).status_code == 204
    last = actions[-1]
    if what == "ticket":
        TicketFactory.create(action=last)
    elif what == "plan":
        ActionPlan.objects.create(action=last, status=Status.PLANNED)
    elif what == "score":
        type(last).objects.filter(pk=last.pk).update(score=3)
    else:
        actions[0].delete()
    answer = ask(browser, page)
    told = answer.content.decode()
    assert answer.status_code == 200
    assert "HX-Replace-Url" not in answer
    assert last.title in told
    assert actions[1].title not in told
    assert asks(answer)[0] == asks(page)[0]
    assert ask(browser, answer).status_code == 204
