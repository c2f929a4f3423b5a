import pytest

from connector.models import Connection
from tests.factories import TicketFactory
from tests.tickets.clock import Clock
from tickets.models import Ticket


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ticket(connection: Connection) -> Ticket:
    return TicketFactory.create(instance=connection.instance)
