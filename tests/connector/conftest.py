import logging
from collections.abc import Iterator

import pytest
from django.test import Client

from accounts.models import User
from tests.connector.canaries import Listener
from tests.connector.keyring import OLD, Keys


@pytest.fixture
def browser(client: Client, secadmin: User) -> Client:
    """Somebody who may connect, signed in at the portal."""
    client.force_login(secadmin)
    return client


@pytest.fixture(scope="package", autouse=True)
def listener() -> Iterator[Listener]:
    """Listens to every logger from the first test of the connector to the last, at the finest level."""
    listening, root = Listener(), logging.getLogger()
    level = root.level
    root.addHandler(listening)
    root.setLevel(logging.DEBUG)
    yield listening
    root.setLevel(level)
    root.removeHandler(listening)


@pytest.fixture(autouse=True)
def no_secret_is_logged(listener: Listener) -> Iterator[None]:
    """Fails the test in which a secret reached a log."""
    listener.leaks.clear()
    yield
    assert listener.leaks == []


@pytest.fixture
def keyring() -> Iterator[Keys]:
    """The keys of this process, which end as they began."""
    ring = Keys()
    yield ring
    ring.use(OLD)
