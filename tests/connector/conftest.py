import pytest
from django.test import Client

from accounts.models import User


@pytest.fixture
def browser(client: Client, secadmin: User) -> Client:
    """Somebody who may connect, signed in at the portal."""
    client.force_login(secadmin)
    return client
