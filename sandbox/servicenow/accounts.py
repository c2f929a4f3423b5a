"""Who somebody is: passwords, bearer tokens, and sessions of people in the browser."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta

from werkzeug import Response

from sandbox.servicenow import grants
from sandbox.servicenow.clock import stamp
from sandbox.servicenow.incoming import Incoming
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.refusals import NotAuthenticated
from sandbox.servicenow.store import Row

COOKIE = "JSESSIONID"
SESSION_LIFE = timedelta(hours=8)
# Published on purpose: the sandbox protects nothing.
PASSWORDS = {"admin": "admin", "m365.integration": "integration"}


@dataclass(frozen=True)
class Session:
    """Somebody signed in to the pages. `csrf` must come back with every form, as `sysparm_ck`."""

    key: str
    user: Row
    csrf: str


def check_password(instance: Instance, user_name: str, password: str) -> Row | None:
    """The user, if name and password fit and the account is usable."""
    known = PASSWORDS.get(user_name.lower())
    if known is None or not hmac.compare_digest(known.encode(), password.encode()):
        return None
    return usable_user(instance, user_name.lower())


def usable_user(instance: Instance, user_name: str) -> Row | None:
    """An active user who is not locked out."""
    found = instance.store.find("sys_user", user_name=user_name)
    return found[0] if found and found[0]["active"] == "true" and found[0]["locked_out"] != "true" else None


def authenticate(instance: Instance, request: Incoming) -> Row:
    """The user of a REST call.

    Raises:
        NotAuthenticated: no credentials, or credentials that are not good (any more).
    """
    given = request.authorization
    if given is None or given.type not in ("bearer", "basic"):
        raise NotAuthenticated(bearer=False)
    if given.type == "basic":
        user = check_password(instance, given.username or "", given.password or "")
    else:
        token = grants.live_token(instance, given.token or "", "access")
        user = usable_user(instance, token["user"]) if token else None
    if user is None:
        raise NotAuthenticated(bearer=given.type == "bearer")
    return user


def sign_in(instance: Instance, user: Row, answer: Response) -> None:
    """Start a session and give its cookie."""
    key = secrets.token_hex(16).upper()
    row = {"sys_id": key, "user": user["user_name"], "csrf": secrets.token_hex(36)}
    instance.store.insert("_session", {**row, "expires_at": stamp(instance.now() + SESSION_LIFE)})
    answer.set_cookie(COOKIE, key, path="/", httponly=True, samesite="Lax")


def signed_in(instance: Instance, request: Incoming) -> Session | None:
    """The session that the browser shows, if it is one and has not run out."""
    row = instance.store.get("_session", request.cookies.get(COOKIE, ""))
    if row is None or row["expires_at"] <= stamp(instance.now()):
        return None
    user = usable_user(instance, row["user"])
    return Session(row["sys_id"], user, row["csrf"]) if user else None


def sign_out(instance: Instance, request: Incoming, answer: Response) -> None:
    """End the session of this browser."""
    instance.store.delete("_session", sys_id=request.cookies.get(COOKIE, ""))
    answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="Lax")
