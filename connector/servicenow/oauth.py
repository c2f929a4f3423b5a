"""OAuth 2.0 with ServiceNow: authorization address, code to tokens, refresh, client credentials, revoke.

Endpoints: ServiceNow documentation, "OAuth inbound and outbound authentication". The client's id and secret
travel in the body, because instances refuse parameters of the token endpoint anywhere else
(`glide.oauth.allow.parameters.in.post.body.only`). Every function that asks for tokens raises `TokenRefused`
for a no and `Unreachable` (`TokenUnavailable` among them) when there was no telling.
"""

import logging
import os
import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from urllib.parse import urlsplit

import requests
from oauthlib.oauth2 import BackendApplicationClient, OAuth2Error, WebApplicationClient
from requests_oauthlib import OAuth2Session

from connector.servicenow import responses
from connector.servicenow.errors import OutcomeUnknown, TokenUnavailable
from connector.servicenow.records import Tokens
from connector.servicenow.transport import Transport, answer_of

logger = logging.getLogger(__name__)
ALPHANUMERIC = string.ascii_letters + string.digits
# The "Refresh Token Lifespan" that the set-up page asks for. ServiceNow's default is 100 days (documentation, "OAuth
# API endpoint"); nobody is told which it is, and a warning may come early, never late. A renewal does not extend it.
REFRESH_TOKEN_LIFE = timedelta(days=90)


@dataclass(frozen=True)
class OAuthClient:
    """The portal as the instance knows it: its OAuth entity there."""

    client_id: str
    client_secret: str = field(repr=False)
    scope: str = ""


@dataclass(frozen=True)
class Attempt:
    """One sign-in attempt: what goes to the browser, and what stays here until it comes back."""

    state: str
    verifier: str = field(repr=False)
    address: str


def begin(origin: str, client: OAuthClient, redirect_uri: str) -> Attempt:
    """Where to send the browser so that the integration user may allow the portal in.

    The state is alphanumeric: instances refuse others (`glide.oauth.state.parameter.required`). The verifier
    is for PKCE, S256.
    """
    _allow_loopback(origin)
    state = "".join(secrets.choice(ALPHANUMERIC) for _ in range(40))
    web = WebApplicationClient(client.client_id)
    verifier = web.create_code_verifier(64)
    session = OAuth2Session(client=web, redirect_uri=redirect_uri, scope=client.scope or None, state=state)
    address, _state = session.authorization_url(
        f"{origin}/oauth_auth.do",
        code_challenge=web.create_code_challenge(verifier, "S256"),
        code_challenge_method="S256",
    )
    return Attempt(state, verifier, address)


def redeem(transport: Transport, client: OAuthClient, code: str, verifier: str, redirect_uri: str) -> Tokens:
    """Turn the code of the callback into tokens. A code works once."""
    session = OAuth2Session(client=WebApplicationClient(client.client_id), redirect_uri=redirect_uri)
    return _ask(
        transport,
        session,
        lambda address: session.fetch_token(
            address,
            code=code,
            code_verifier=verifier,
            include_client_id=True,
            client_secret=client.client_secret,
        ),
    )


def request_token(transport: Transport, client: OAuthClient) -> Tokens:
    """Sign in by client credentials. There is no refresh token; ask again instead."""
    session = OAuth2Session(client=BackendApplicationClient(client.client_id))
    extra = {"scope": client.scope} if client.scope else {}
    return _ask(
        transport,
        session,
        lambda address: session.fetch_token(
            address, include_client_id=True, client_secret=client.client_secret, **extra
        ),
    )


def refresh(transport: Transport, client: OAuthClient, refresh_token: str) -> Tokens:
    """A new access token. The refresh token comes back as it was, or new where the instance rotates them."""
    session = OAuth2Session(client=WebApplicationClient(client.client_id))
    tokens = _ask(
        transport,
        session,
        lambda address: session.refresh_token(
            address, refresh_token, client_id=client.client_id, client_secret=client.client_secret
        ),
    )
    return tokens if tokens.refresh_token else replace(tokens, refresh_token=refresh_token)


def revoke(transport: Transport, token: str) -> None:
    """Make a token worthless at the instance. Raises a `ServiceNowError` when the instance does not
    confirm.
    """
    with requests.Session() as session:
        transport.carry(session)
        answer = answer_of(session.post(f"{transport.origin}/oauth_revoke_token.do", params={"token": token}))
    responses.check_revoked(answer)


def _ask(transport: Transport, session: OAuth2Session, fetch: Callable[[str], object]) -> Tokens:
    """Let `fetch` call the token endpoint, and read the answer ourselves: a library would take a sleeping
    instance for a no.
    """
    _allow_loopback(transport.origin)
    found: list[Tokens] = []

    def keep(response: requests.Response) -> requests.Response:
        found.append(responses.read_tokens(answer_of(response)))
        return response

    session.register_compliance_hook("access_token_response", keep)
    session.register_compliance_hook("refresh_token_response", keep)
    transport.carry(session)
    with session:
        try:
            fetch(f"{transport.origin}/oauth_token.do")
        except OutcomeUnknown as error:
            raise TokenUnavailable.because(error) from error
        except (OAuth2Error, ValueError, TypeError):
            if not found:
                raise
            # The library may dislike what `responses` could read; whatever is in such an error stays here.
            logger.debug("The token endpoint's answer is not quite that of RFC 6749.")
    return found[0]


def _allow_loopback(origin: str) -> None:
    """Let oauthlib speak to this machine without TLS. It knows only one switch for everything, so all else
    is refused here.
    """
    parts = urlsplit(origin)
    if parts.scheme == "https":
        return
    if parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise ValueError("Only this machine may be spoken to without TLS.")
    os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
