"""OAuth 2.0 as an authorisation server, the part that a person sees: `/oauth_auth.do` and the consent page.

Source: ServiceNow documentation, "OAuth 2.0" and "OAuth API request parameters".
"""

import hmac
from urllib.parse import urlencode

from werkzeug import Response
from werkzeug.utils import redirect

from sandbox.servicenow import accounts, grants
from sandbox.servicenow.grants import Authorization
from sandbox.servicenow.incoming import Incoming
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.page import page

Asked = dict[str, str]
KEPT = (
    "response_type",
    "client_id",
    "redirect_uri",
    "state",
    "scope",
    "code_challenge",
    "code_challenge_method",
)


def authorize(instance: Instance, request: Incoming) -> Response:
    """GET asks the signed-in user for consent; POST takes the decision and sends the browser back."""
    asked = {name: request.values[name] for name in KEPT if name in request.values}
    if problem := _problem(instance, asked):
        return page("oauth_problem.html", 400, problem=problem)
    here = f"/oauth_auth.do?{urlencode(asked)}"
    session = accounts.signed_in(instance, request)
    if session is None:
        return redirect(f"/login.do?{urlencode({'sysparm_goto_url': here})}", 302)
    user_name = session.user["user_name"]
    if request.method == "POST" and hmac.compare_digest(request.form.get("sysparm_ck", ""), session.csrf):
        return _decided(instance, asked, user_name, allowed=request.form.get("decision") == "allow")
    if instance.switches.remember_grants and grants.is_allowed(instance, user_name):
        return _decided(instance, asked, user_name, allowed=True)
    other = f"/logout.do?{urlencode({'sysparm_goto_url': here})}"
    return page("consent.html", session=session, client=instance.client, asked=asked, not_you=other)


def _problem(instance: Instance, asked: Asked) -> str:
    switches = instance.switches
    if asked.get("client_id") != instance.client.client_id:
        return "Invalid client_id in request"
    if asked.get("response_type") != "code":
        return "Invalid response_type in request"
    if switches.state_required and not asked.get("state"):
        return "Missing State parameter in request"
    if switches.pkce_supported and switches.pkce_required and not asked.get("code_challenge"):
        return "Missing code_challenge parameter in request"
    return ""


def _decided(instance: Instance, asked: Asked, user_name: str, *, allowed: bool) -> Response:
    target = _target(instance, asked)
    if allowed:
        challenge = asked.get("code_challenge", "") if instance.switches.pkce_supported else ""
        authorization = Authorization(user_name, target, challenge, asked.get("scope", ""))
        grants.allow(instance, authorization)
        back = {"code": grants.give_code(instance, authorization)}
    else:
        back = {"error": "access_denied"}
    if "state" in asked:
        back["state"] = asked["state"]
    return redirect(f"{target}{'&' if '?' in target else '?'}{urlencode(back)}", 302)


def _target(instance: Instance, asked: Asked) -> str:
    """An address that is not registered is replaced by the first that is (OAuth documentation, "Redirect URL")."""
    registered = instance.client.redirect_urls
    wanted = asked.get("redirect_uri", "")
    return wanted if wanted in registered else registered[0]
