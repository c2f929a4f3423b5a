"""From the settings to a signed-in client of Microsoft Graph."""

from collections.abc import Callable
from datetime import datetime

from django.conf import settings

from scorecard.graph import oauth
from scorecard.graph.client import Client
from scorecard.graph.transport import Transport

REQUIRED = ("GRAPH_TENANT_ID", "GRAPH_CLIENT_ID", "GRAPH_CLIENT_SECRET")


class NotConfigured(Exception):
    """The settings do not say how to sign in to Microsoft Graph."""


def missing_settings() -> list[str]:
    """Name the settings without which Microsoft Graph cannot be asked."""
    return [name for name in REQUIRED if not getattr(settings, name)]


def open_client(*, now: datetime, before_call: Callable[[], None] = lambda: None) -> Client:
    """Sign in with client credentials and return a client for one import, which calls `before_call` before each call.

    Raises `NotConfigured` naming the settings that are missing or wrong, or `GraphError`.
    """
    if missing := missing_settings():
        raise NotConfigured(f"Set {', '.join(missing)} to read Secure Score from Microsoft Graph.")
    graph = _transport("GRAPH_URL")
    token = oauth.fetch_token(
        _transport("ENTRA_URL"),
        tenant_id=settings.GRAPH_TENANT_ID,
        client_id=settings.GRAPH_CLIENT_ID,
        client_secret=settings.GRAPH_CLIENT_SECRET,
        resource=graph.origin,
        now=now,
    )
    return Client(graph, token, before_call=before_call)


def _transport(name: str) -> Transport:
    address = getattr(settings, name)
    try:
        return Transport(address, ca_bundle=settings.CA_BUNDLE, proxy=settings.HTTPS_PROXY)
    except ValueError as error:
        raise NotConfigured(f"{name}: {error}.") from None
