import pytest

from connector.clock import watch
from connector.models import Connection
from tests.factories import TicketFactory
from tests.sandbox_process import SandboxProcess
from tests.tickets.clock import Clock
from tickets.delivery.push import push
from tickets.models import Ticket
from tickets.models.choices import Delivery


@pytest.fixture(autouse=True)
def _started_now() -> None:
    """Every test is a process that has just begun to read the time."""
    watch.restart()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ticket(connection: Connection) -> Ticket:
    return TicketFactory.create(instance=connection.instance)


@pytest.fixture
def stuck(connection: Connection) -> Ticket:
    """A ticket that ServiceNow refused."""
    return TicketFactory.create(instance=connection.instance, delivery=Delivery.ATTENTION)


@pytest.fixture
def delivered(sandbox: SandboxProcess, ticket: Ticket) -> Ticket:
    push(ticket.pk)
    ticket.refresh_from_db()
    return ticket
