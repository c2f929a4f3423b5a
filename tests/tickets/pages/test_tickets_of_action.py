"""The tickets on the page of an improvement action, after years."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from tests.factories import ActionFactory, TicketFactory
from tickets.models import Ticket, new_sys_id
from tickets.models.choices import Delivery
from tickets.pages.action_tickets import FEW

pytestmark = pytest.mark.django_db


def test_an_action_shows_a_few_of_its_tickets_the_open_ones_first_and_all_if_asked(
    client: Client, reader: User
) -> None:
    action = ActionFactory.create()
    for number in range(FEW + 3):
        ticket = TicketFactory.create(
            action=action,
            is_open=number == 0,
            delivery=Delivery.DELIVERED,
            sys_id=new_sys_id(),
            number=f"CHG000000{number}",
        )
        created = timezone.now() - timedelta(days=100 - number)
        Ticket.objects.filter(pk=ticket.pk).update(created_at=created)
    client.force_login(reader)

    def shown(address: str) -> list[str]:
        page = client.get(address).content.decode()
        return re.findall(r"CHG000000\d", page.split('id="tickets-of-action"')[1])

    few = client.get(action.get_absolute_url()).content.decode()
    assert f"Show all {FEW + 3} tickets" in few
    assert shown(action.get_absolute_url()) == [f"CHG000000{number}" for number in (0, 7, 6, 5, 4)]
    everything = re.search(r'href="([^"]+\?tickets=all)#tickets"', few)
    assert everything
    assert len(shown(everything[1])) == FEW + 3
    assert "Show all" not in client.get(everything[1]).content.decode().split('id="tickets-of-action"')[1]
