"""OAuth 2.0 as an authorisation server: consent, token and revocation addresses.

Source: ServiceNow documentation, "OAuth 2.0" and "OAuth API request parameters". Whatever is wrong at the token
address, the answer is nearly always the same 401; the true cause stays in the instance's log.
"""

import base64
import hashlib
import hmac
from urllib.parse import urlencode

from werkzeug import Response
from werkzeug.utils import redirect

from sandbox.servicenow import accounts, grants
from sandbox.servicenow.answers import json_answer
from sandbox.servicenow.incoming import Incoming
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.page import page

SCOPE = "useraccount"
KEPT = (
    "response_type",
    "client_id",
    "redirect_uri",
    "state",
    "scope",
    "code_challenge",
    "code_challenge_method",
)


class TokenRefused(Exception):
    """The token address says no; `error` and `description` are what it says."""

    def __init__(self, error: str = "server_error", description: str = "access_denied") -> None:
        super().__init__(description)
        self.error, self.description = error, description


def authorize(instance: Instance, request: Incoming) -> Response:
    """GET asks the signed-in user for consent; POST takes the decision and sends the browser back."""
    asked = {name: request.values[name] for name in KEPT if name in request.values}
    if problem := _problem(instance, asked):
        return page("oauth_problem.html", 400, problem=problem)
    here = f"/oauth_auth.do?{urlencode(asked)}"
    session = accounts.signed_in(instance, request)
    if session is None:
        return redirect(f"/login.do?{urlencode({'sysparm_goto_url': here})}", 302)
    if request.method == "POST" and hmac.compare_digest(request.form.get("sysparm_ck", ""), session.csrf):
        return _decided(
            instance, asked, session.user["user_name"], allowed=request.form.get("decision") == "allow"
        )
    other = f"/logout.do?{urlencode({'sysparm_goto_url': here})}"
    return page("consent.html", session=session, client=instance.client, asked=asked, not_you=other)


def _problem(instance: Instance, asked: dict[str, str]) -> str:
    if asked.get("client_id") != instance.client.client_id:
        return "Invalid client_id in request"
    if asked.get("response_type") != "code":
        return "Invalid response_type in request"
    if instance.switches.state_required and not asked.get("state"):
        return "Missing State parameter in request"
    return ""


def _decided(instance: Instance, asked: dict[str, str], user_name: str, *, allowed: bool) -> Response:
    # An address that is not registered is replaced by the first that is (OAuth documentation, "Redirect URL").
    registered = instance.client.redirect_urls
    wanted = asked.get("redirect_uri", "")
    target = wanted if wanted in registered else registered[0]
    if allowed:
        challenge = asked.get("code_challenge", "") if instance.switches.pkce_supported else ""
        code = grants.give_code(instance, user_name, target, challenge, asked.get("scope", ""))
        back = {"code": code}
    else:
        back = {"error": "access_denied"}
    if "state" in asked:
        back["state"] = asked["state"]
    return redirect(f"{target}{'&' if '?' in target else '?'}{urlencode(back)}", 302)


def token(instance: Instance, request: Incoming) -> Response:
    """Exchange a code, a refresh token or the client's own credentials for an access token."""
    try:
        _check_client(instance, request)
        grant = GRANTS.get(request.form.get("grant_type", ""))
        if grant is None:
            raise TokenRefused
        with instance.store.transaction():
            return grant(instance, request)
    except TokenRefused as refusal:
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
    secret_fits = public or hmac.compare_digest(given[1].encode(), client.client_secret.encode())
    if given[0] != client.client_id or not secret_fits:
        raise TokenRefused


def _by_code(instance: Instance, request: Incoming) -> Response:
    code = request.form.get("code", "")
    row = grants.live_code(instance, code)
    if row is None or request.form.get("redirect_uri", "") != row["redirect_uri"]:
        raise TokenRefused
    if row["challenge"] and not _verifies(request.form.get("code_verifier", ""), row["challenge"]):
        raise TokenRefused("invalid_request", "can't verify code challenge")
    if not grants.use_code(instance, code) or accounts.usable_user(instance, row["user"]) is None:
        raise TokenRefused
    refresh = grants.give_token(instance, "refresh", row["user"], row["scope"])
    return _tokens(instance, row["user"], row["scope"], refresh)


def _verifies(verifier: str, challenge: str) -> bool:
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    return hmac.compare_digest(digest, challenge.encode())


def _by_refresh(instance: Instance, request: Incoming) -> Response:
    refresh = request.form.get("refresh_token", "")
    row = grants.live_token(instance, refresh, "refresh")
    if row is None or accounts.usable_user(instance, row["user"]) is None:
        raise TokenRefused
    if instance.switches.rotate_refresh_token:
        instance.store.delete("_token", sys_id=refresh)
        refresh = grants.give_token(instance, "refresh", row["user"], row["scope"])
    return _tokens(instance, row["user"], row["scope"], refresh)


def _by_client(instance: Instance, request: Incoming) -> Response:
    user_name = instance.client.application_user
    if not instance.switches.client_credentials_enabled or accounts.usable_user(instance, user_name) is None:
        raise TokenRefused
    return _tokens(instance, user_name, request.form.get("scope", ""), "")


def _tokens(instance: Instance, user_name: str, scope: str, refresh: str) -> Response:
    body: dict[str, str | int] = {
        "access_token": grants.give_token(instance, "access", user_name, scope, refresh)
    }
    if refresh:
        body["refresh_token"] = refresh
    life = instance.switches.access_token_seconds
    return json_answer(
        200, {**body, "scope": scope or SCOPE, "token_type": "Bearer", "expires_in": max(life - 1, 0)}
    )


GRANTS = {"authorization_code": _by_code, "refresh_token": _by_refresh, "client_credentials": _by_client}


def revoke(instance: Instance, request: Incoming) -> Response:
    """End an access or refresh token. Needs no authentication; says nothing about whether there was one."""
    grants.revoke(instance, request.values.get("token", ""))
    return Response(status=200)
