"""A client of whoever listens at an address, as plain as can be."""

from connector.servicenow.auth import Bearer
from connector.servicenow.client import Client
from connector.servicenow.transport import Timeouts, Transport


def client_of(origin: str, access_token: str = "canary") -> Client:
    """Speaks with a token that is never renewed, for five seconds at most."""
    way = Transport(origin, lambda: ["127.0.0.1"], Timeouts(5, 5, 5))
    return Client(way, Bearer(access_token, lambda refused: refused))
