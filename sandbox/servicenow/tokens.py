"""OAuth 2.0 as an authorisation server, the part that programs call: `/oauth_token.do`, `/oauth_revoke_token.do`.

Source: ServiceNow documentation, "OAuth API request parameters". Whatever is wrong, the answer is nearly always the
same 401; the true cause is told to the system log alone.
"""

import base64
import hashlib
import hmac

from werkzeug import Response

from sandbox.servicenow import accounts, grants, syslog
from sandbox.servicenow.answers import json_answer
from sandbox.servicenow.incoming import Incoming
from sandbox.servicenow.instance import Instance


class TokenRefused(Exception):
    """The token address says no. `cause` goes to the log, `error` and `description` to the caller."""

    def __init__(self, cause: str, error: str = "server_error", description: str = "access_denied") -> None:
        super().__init__(cause)
        self.error, self.description = error, description


def token(instance: Instance, request: Incoming) -> Response:
    """Exchange a code, a refresh token, a password or the client's own credentials for an access token."""
    try:
        if request.method != "POST":
            raise TokenRefused("method is not POST")
        _check_client(instance, request)
        grant = GRANTS.get(request.form.get("grant_type", ""))
        if grant is None:
            raise TokenRefused("unsupported grant_type")
        with instance.store.transaction():
            return grant(instance, request)
    except TokenRefused as refusal:
        syslog.note(instance, f"Exception on token flow - {refusal}")
        return json_answer(401, {"error_description": refusal.description, "error": refusal.error})


def _check_client(instance: Instance, request: Incoming) -> None:
    """Client id and secret from the body or from Basic; a public client proves itself by PKCE alone."""
    basic = request.authorization
    if basic is not None and basic.type == "basic":
        given = (basic.username or "", basic.password or "")
    else:
        given = (request.form.get("client_id", ""), request.form.get("client_secret", ""))
    client = instance.client
    public = instance.switches.public_client and "code_verifier" in request.form and not given[1]
    if given[0] != client.client_id:
        raise TokenRefused("unknown client_id")
    if not public and not hmac.compare_digest(given[1].encode(), client.client_secret.encode()):
        raise TokenRefused("wrong client_secret")


def _by_code(instance: Instance, request: Incoming) -> Response:
    code = request.form.get("code", "")
    row = grants.live_code(instance, code)
    if row is None:
        raise TokenRefused("unknown, used or expired code")
    if request.form.get("redirect_uri", "") != row["redirect_uri"]:
        raise TokenRefused("redirect_uri differs from that of the code")
    if row["challenge"] and not _verifies(request.form.get("code_verifier", ""), row["challenge"]):
        raise TokenRefused("code_verifier does not fit", "invalid_request", "can't verify code challenge")
    scope = _scope(instance, row["scope"])
    _check_user(instance, row["user"])
    if not grants.use_code(instance, code):
        raise TokenRefused("unknown, used or expired code")
    return _pair(instance, row["user"], scope)


def _verifies(verifier: str, challenge: str) -> bool:
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    return hmac.compare_digest(digest, challenge.encode())


def _by_refresh(instance: Instance, request: Incoming) -> Response:
    refresh = request.form.get("refresh_token", "")
    row = grants.live_token(instance, refresh, "refresh")
    if row is None:
        raise TokenRefused("unknown, expired or revoked refresh_token")
    _check_user(instance, row["user"])
    if instance.switches.rotate_refresh_token:
        instance.store.delete("_token", sys_id=refresh)
        return _pair(instance, row["user"], row["scope"])
    access = grants.give_token(instance, "access", row["user"], row["scope"], refresh)
    return _given(instance, access, refresh, row["scope"])


def _by_password(instance: Instance, request: Incoming) -> Response:
    """Asked again while the token is good, the same tokens come back with their lives extended (KB2132135)."""
    user_name = request.form.get("username", "").lower()
    user = accounts.check_password(instance, user_name, request.form.get("password", ""))
    if user is None:
        raise TokenRefused("wrong user name or password")
    _check_user(instance, user_name)
    scope = _scope(instance, request.form.get("scope", ""))
    for row in reversed(grants.live_tokens(instance, kind="access", user=user_name, scope=scope)):
        if grants.live_token(instance, row["refresh"], "refresh"):
            grants.extend(instance, row["sys_id"], "access")
            grants.extend(instance, row["refresh"], "refresh")
            return _given(instance, row["sys_id"], row["refresh"], scope)
    return _pair(instance, user_name, scope)


def _by_client(instance: Instance, request: Incoming) -> Response:
    user_name = instance.client.application_user
    if not instance.switches.client_credentials_enabled:
        raise TokenRefused("client_credentials is not enabled")
    _check_user(instance, user_name)
    scope = _scope(instance, request.form.get("scope", ""))
    return _given(instance, grants.give_token(instance, "access", user_name, scope), "", scope)


def _check_user(instance: Instance, user_name: str) -> None:
    user = accounts.usable_user(instance, user_name)
    if user is None:
        raise TokenRefused(f"user {user_name} is inactive or locked out")
    if accounts.must_change_password(user):
        raise TokenRefused(f"user {user_name} must change the password first")


def _scope(instance: Instance, wanted: str) -> str:
    """The scopes that a token gets: those of the entity, all of them whatever part was asked for."""
    owned = [name.strip() for name in instance.switches.auth_scopes.split(",") if name.strip()]
    if set(wanted.replace(",", " ").split()) - set(owned):
        raise TokenRefused("invalid_scope")
    return " ".join(owned)


def _pair(instance: Instance, user_name: str, scope: str) -> Response:
    refresh = grants.give_token(instance, "refresh", user_name, scope)
    return _given(instance, grants.give_token(instance, "access", user_name, scope, refresh), refresh, scope)


def _given(instance: Instance, access: str, refresh: str, scope: str) -> Response:
    life = max(instance.switches.access_token_seconds - 1, 0)
    body: dict[str, str | int] = {"access_token": access, "refresh_token": refresh}
    if not refresh:
        del body["refresh_token"]
    return json_answer(200, {**body, "scope": scope, "token_type": "Bearer", "expires_in": life})


GRANTS = {
    "authorization_code": _by_code,
    "refresh_token": _by_refresh,
    "password": _by_password,
    "client_credentials": _by_client,
}


def revoke(instance: Instance, request: Incoming) -> Response:
    """End an access or refresh token. Needs no authentication; says nothing about whether there was one."""
    grants.revoke(instance, request.values.get("token", ""))
    return Response(status=200)
