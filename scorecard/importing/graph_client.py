"""From the settings to a signed-in client of Microsoft Graph."""

from collections.abc import Callable, Iterable
from datetime import datetime

from django.conf import settings

from scorecard.graph import oauth
from scorecard.graph.client import Client
from scorecard.graph.errors import TokenRefused
from scorecard.graph.transport import Timeouts, Transport
from scorecard.importing import credentials
from scorecard.importing.credentials import StoredCredential

REQUIRED = ("GRAPH_TENANT_ID", "GRAPH_CLIENT_ID", "GRAPH_CLIENT_SECRET")
# Entra's numbers for a secret or a certificate that it does not take, or no longer: another one may be good.
_TRY_ANOTHER = frozenset({7000215, 7000222, 700027})
_USUAL = Timeouts()


class NotConfigured(Exception):
    """The settings do not say how to sign in to Microsoft Graph."""


def missing_settings() -> list[str]:
    """Name the settings without which Microsoft Graph cannot be asked. Any credential will do for a client secret."""
    missing = [name for name in REQUIRED[:2] if not getattr(settings, name)]
    held = (*credentials.CERTIFICATES, *credentials.SECRETS)
    return missing if any(getattr(settings, name) for name in held) else [*missing, REQUIRED[2]]


def open_client(*, now: datetime, before_call: Callable[[], None] = lambda: None) -> Client:
    """Sign in with client credentials and return a client for one import, which calls `before_call` before each call.

    Raises `NotConfigured` naming the settings that are missing or wrong, or `GraphError`.
    """
    if missing := missing_settings():
        raise NotConfigured(f"Set {', '.join(missing)} to read Secure Score from Microsoft Graph.")
    graph, entra = transport("GRAPH_URL"), transport("ENTRA_URL")
    return Client(graph, _token(credentials.stored(), entra, graph, now), before_call=before_call)


def sign_in(stored: StoredCredential, entra: Transport, graph: Transport, now: datetime) -> str:
    """Return an access token for Graph, by this credential alone. Raises `GraphError`."""
    return oauth.fetch_token(
        entra,
        tenant_id=settings.GRAPH_TENANT_ID,
        client_id=settings.GRAPH_CLIENT_ID,
        credential=stored.credential,
        resource=graph.origin,
        now=now,
    )


def transport(name: str, timeouts: Timeouts = _USUAL) -> Transport:
    """Return the way to the address of a setting. Raises `NotConfigured`."""
    address = getattr(settings, name)
    try:
        return Transport(address, timeouts=timeouts, ca_bundle=settings.CA_BUNDLE, proxy=settings.HTTPS_PROXY)
    except ValueError as error:
        raise NotConfigured(f"{name}: {error}.") from None


def _token(stored: Iterable[StoredCredential], entra: Transport, graph: Transport, now: datetime) -> str:
    """Try one credential after the other: while one takes another's place, both are there."""
    refusal: TokenRefused | None = None
    for each in stored:
        try:
            return sign_in(each, entra, graph, now)
        except TokenRefused as error:
            if error.code not in _TRY_ANOTHER:
                raise
            # What the one in use ended with says more than that its successor is not good yet.
            refusal = refusal or error
    raise refusal or NotConfigured("No client secret and no certificate is set.")
