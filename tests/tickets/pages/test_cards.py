"""What the ticket cards ask of the database."""

from datetime import timedelta

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from connector.models import Connection
from tests.factories import ConnectionFactory, TicketFactory
from tickets.models import Ticket, new_sys_id
from tickets.models.choices import Delivery, Kind
from tickets.models.querysets import Counts
from tickets.records.dates import today

pytestmark = pytest.mark.django_db
MOST = 12


def test_what_cards_show_all_of_is_counted_as_the_database_counts_and_asked_in_few_queries(
    client: Client, reader: User
) -> None:
    now = timezone.now()
    day = today(now)
    late, later = day - timedelta(days=1), day + timedelta(days=1)
    instance = ConnectionFactory.create(status=Connection.Status.CONNECTED, is_current=True).instance
    record = {"delivery": Delivery.DELIVERED, "number": "INC0000001"}
    for kind in Kind:
        for fields in (
            {"delivery": Delivery.ATTENTION, "due_on": late},
            {"delivery": Delivery.WAITING, "due_on": later},
            {**record, "sys_id": new_sys_id(), "due_on": late},
            {**record, "sys_id": new_sys_id(), "twin_since": now},
            {**record, "sys_id": new_sys_id(), "is_open": False, "due_on": late},
        ):
            TicketFactory.create(instance=instance, kind=kind, **fields)

    for kind in Kind:
        open_tickets = Ticket.objects.filter(instance=instance, kind=kind, is_open=True)
        counted = Counts.of_open(list(open_tickets), day)
        assert (kind.value, 4, 2, 2) in Ticket.objects.filter(instance=instance).open_by_kind(day)
        assert counted == Counts(open=4, overdue=2, attention=2)

    client.force_login(reader)
    client.get("/")
    with CaptureQueriesContext(database) as asked:
        page = client.get("/").content.decode()
    assert page.count("2 in need of attention") == len(Kind)
    assert len(asked) <= MOST
