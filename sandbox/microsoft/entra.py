"""Microsoft Entra's token endpoint, as far as an application without a user needs it.

Source: Microsoft identity platform, "OAuth 2.0 client credentials flow"; the numbers of errors are from
"Microsoft Entra authentication and authorization error codes".
"""

import secrets
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from werkzeug.wrappers import Request, Response

from sandbox.microsoft.answers import json_answer
from sandbox.microsoft.credentials import ASSERTION_TYPE, Credentials, TokenRequestError
from sandbox.microsoft.tenant import APPLICATIONS, Application, is_tenant_id

TOKEN_LIFETIME = timedelta(seconds=3599)


# What Entra says of the application or the resource, whatever the secret, by the fault that asks for it.
REFUSALS = {
    "no_consent": (
        400, "unauthorized_client", 7000229, "The application has no service principal in this tenant.",
    ),
    "disabled_application": (400, "unauthorized_client", 7000112, "The application is disabled."),
    "unknown_resource": (
        400, "invalid_resource", 500011, "The resource principal was not found in the tenant.",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class AccessToken:
    """Whose data a bearer token opens, to which application, and until when."""

    tenant_id: str
    application: Application
    expires_at: datetime


@dataclass
class TokenStore:
    """The access tokens given out since the sandbox started; a restart forgets them, as real ones expire."""

    _tokens: dict[str, AccessToken] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def issue(self, tenant_id: str, application: Application, now: datetime) -> str:
        """A new opaque token for the tenant."""
        value = secrets.token_urlsafe(48)
        with self._lock:
            self._tokens[value] = AccessToken(tenant_id, application, now + TOKEN_LIFETIME)
        return value

    def find(self, value: str, now: datetime) -> AccessToken | None:
        """The token of that text, or None when it is unknown or its time is over."""
        with self._lock:
            token = self._tokens.get(value)
        return token if token and now < token.expires_at else None


def answer_token_request(
    request: Request, tenant: str, tokens: TokenStore, known: Mapping[str, Credentials], now: datetime
) -> Response:
    """The response of `POST /<tenant>/oauth2/v2.0/token`."""
    try:
        application = _check(request, tenant, known, now)
    except TokenRequestError as refused:
        return json_answer(_error_body(refused, now), refused.status)
    seconds = int(TOKEN_LIFETIME.total_seconds())
    body = {
        "token_type": "Bearer",
        "expires_in": seconds,
        "ext_expires_in": seconds,
        "access_token": tokens.issue(tenant.lower(), application, now),
    }
    return json_answer(body, headers={"Cache-Control": "no-store, no-cache", "Pragma": "no-cache"})


def refusal(kind: str, now: datetime) -> Response:
    """The response to a token request under one of `REFUSALS`."""
    refused = TokenRequestError(*REFUSALS[kind])
    return json_answer(_error_body(refused, now), refused.status)


def _check(request: Request, tenant: str, known: Mapping[str, Credentials], now: datetime) -> Application:
    if request.method != "POST":
        raise TokenRequestError(400, "invalid_request", 900561, "This endpoint takes POST only.")
    if not is_tenant_id(tenant):
        raise TokenRequestError(400, "invalid_request", 90002, f"There is no tenant '{tenant}'.")
    grant_type = request.form.get("grant_type", "")
    if not grant_type:
        raise TokenRequestError(400, "invalid_request", 900144, "The body lacks the parameter 'grant_type'.")
    if grant_type != "client_credentials":
        raise TokenRequestError(
            400, "unsupported_grant_type", 70003, f"The grant type '{grant_type}' is not supported."
        )
    application = _client(request, tenant, known, now)
    scope = request.form.get("scope", "")
    if not scope.endswith("/.default") or " " in scope:
        raise TokenRequestError(
            400, "invalid_scope", 1002012, f"The scope '{scope}' is not one resource with /.default."
        )
    return application


def _client(request: Request, tenant: str, known: Mapping[str, Credentials], now: datetime) -> Application:
    basic = request.authorization
    client_id = request.form.get("client_id") or (basic and basic.username) or ""
    secret = request.form.get("client_secret") or (basic and basic.password) or ""
    application = APPLICATIONS.get(client_id)
    if application is None:
        raise TokenRequestError(
            401, "invalid_client", 700016, f"No application '{client_id}' in the directory '{tenant}'."
        )
    if request.form.get("client_assertion_type") == ASSERTION_TYPE:
        known[client_id].check_assertion(request.form.get("client_assertion", ""), request.base_url, now)
    else:
        known[client_id].check_secret(secret, now)
    return application


def _error_body(refused: TokenRequestError, now: datetime) -> dict[str, object]:
    trace_id, correlation_id = str(uuid.uuid4()), str(uuid.uuid4())
    stamp = now.strftime("%Y-%m-%d %H:%M:%SZ")
    return {
        "error": refused.error,
        "error_description": (
            f"AADSTS{refused.code}: {refused.description} "
            f"Trace ID: {trace_id} Correlation ID: {correlation_id} Timestamp: {stamp}"
        ),
        "error_codes": [refused.code],
        "timestamp": stamp,
        "trace_id": trace_id,
        "correlation_id": correlation_id,
        "error_uri": f"https://login.microsoftonline.com/error?code={refused.code}",
    }
