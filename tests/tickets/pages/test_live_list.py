"""The list of tickets that is open follows its tickets."""

import re
from html import unescape

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from connector.models import Connection
from tests.factories import TicketFactory
from tickets.models import Ticket
from tickets.models.choices import Delivery

pytestmark = pytest.mark.django_db


def ask(client: Client, page: HttpResponse) -> HttpResponse:
    """Ask as the list does by itself."""
    text = page.content.decode()
    found = re.search(r'id="list" hx-get="([^"]*)".*?hx-headers=\'{"X-Seen": "(\w+)"}\'', text, re.DOTALL)
    assert found
    headers = {"HX-Request": "true", "X-Seen": found.group(2)}
    answer = client.get(unescape(found.group(1)), headers=headers)
    assert isinstance(answer, HttpResponse)
    return answer


@pytest.mark.parametrize(
    "change", [{"delivery": Delivery.ATTENTION}, {"name": "Another"}, {"their_priority": 1}]
)
def test_whatever_the_list_shows_is_noticed_at_the_same_filters(
    client: Client, secadmin: User, connection: Connection, change: dict[str, object]
) -> None:
    client.force_login(secadmin)
    ticket = TicketFactory.create(instance=connection.instance)
    TicketFactory.create(instance=connection.instance, kind="incident", name="Not listed")
    page = client.get("/tickets/?kind=change_request&sort=name")
    assert isinstance(page, HttpResponse)
    assert ask(client, page).status_code == 204
    Ticket.objects.filter(pk=ticket.pk).update(**change)
    answer = ask(client, page)
    assert answer.status_code == 200
    assert "Not listed" not in answer.content.decode()
    assert "HX-Replace-Url" not in answer
    assert ask(client, answer).status_code == 204
