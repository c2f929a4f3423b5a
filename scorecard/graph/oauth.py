"""An access token for the portal itself: OAuth 2.0 client credentials at Microsoft Entra.

Source: Microsoft identity platform, "OAuth 2.0 client credentials flow".
"""

from datetime import datetime
from urllib.parse import quote

from oauthlib.oauth2 import BackendApplicationClient

from scorecard.graph import responses
from scorecard.graph.credentials import Credential
from scorecard.graph.transport import Transport


def fetch_token(
    transport: Transport,
    *,
    tenant_id: str,
    client_id: str,
    credential: Credential,
    resource: str,
    now: datetime,
) -> str:
    """Return an access token for everything that the app registration may do at `resource` (an origin).

    `transport` leads to Entra. Raises `GraphError`. The token lives about an hour: ask anew for every import.
    """
    path = f"/{quote(tenant_id, safe='')}/oauth2/v2.0/token"
    proof = credential.proof(client_id=client_id, audience=transport.origin + path, now=now)
    body = BackendApplicationClient(client_id).prepare_request_body(
        scope=[f"{resource}/.default"], include_client_id=True, **proof
    )
    return responses.read_token(transport.post_form(path, body), now=now)
