"""System OAuth > Manage Tokens: `/oauth_credential_list.do`. People see and revoke their own, administrators all."""

import hashlib
import hmac

from werkzeug import Response
from werkzeug.exceptions import Forbidden
from werkzeug.utils import redirect

from sandbox.servicenow import accounts, grants
from sandbox.servicenow.access import Rights
from sandbox.servicenow.accounts import Session
from sandbox.servicenow.clock import local
from sandbox.servicenow.incoming import Incoming
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.page import page, to_sign_in
from sandbox.servicenow.store import Row

KINDS = {"access": "Access Token", "refresh": "Refresh Token"}
ADDRESS = "/oauth_credential_list.do"


def listed(instance: Instance, request: Incoming) -> Response:
    """GET lists the live tokens, never their values; POST revokes one."""
    session = accounts.signed_in(instance, request)
    if session is None:
        return to_sign_in(request)
    if request.method == "POST":
        return _revoke(instance, request, session)
    zone = session.user["time_zone"] or instance.switches.time_zone
    shown = [
        {
            "name": instance.client.name,
            "kind": KINDS[row["kind"]],
            "user": row["user"],
            "scope": row["scope"],
            "expires": local(row["expires_at"], zone),
            "mark": _mark(row),
        }
        for row in _visible(instance, session)
    ]
    revoked = "revoked" in request.args
    return page("tokens.html", session=session, tokens=shown, time_zone=zone, revoked=revoked)


def _revoke(instance: Instance, request: Incoming, session: Session) -> Response:
    if not hmac.compare_digest(request.form.get("sysparm_ck", ""), session.csrf):
        raise Forbidden("The form is too old. Go back, reload it and try again.")
    for row in _visible(instance, session):
        if _mark(row) == request.form.get("mark"):
            grants.revoke(instance, row["sys_id"])
    return redirect(f"{ADDRESS}?revoked=1", 303)


def _visible(instance: Instance, session: Session) -> list[Row]:
    if Rights(session.user, instance.switches).is_admin:
        return grants.live_tokens(instance)
    return grants.live_tokens(instance, user=session.user["user_name"])


def _mark(row: Row) -> str:
    """Stands for a token on the page, from which the token cannot be told."""
    return hashlib.sha256(row["sys_id"].encode()).hexdigest()[:16]
