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
from sandbox.servicenow.refusals import NotAuthenticated, scope_missing, second_factor_missing
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


def is_interactive(user: Row) -> bool:
    """Whether the user may sign in to the pages."""
    return user["web_service_access_only"] != "true"


def must_change_password(user: Row) -> bool:
    """Whether the password is one that only lets the user choose another."""
    return user["password_needs_reset"] == "true"  # noqa: S105 - the name of a field


def authenticate(instance: Instance, request: Incoming) -> Row:
    """The user of a REST call: by Basic, by bearer token, or by a token in `access_token`.

    Raises:
        NotAuthenticated: no credentials, or credentials that are not good (any more).
        Refusal: the token carries no scope that lets it call an API.
    """
    given = request.authorization
    if given is not None and given.type == "basic":
        return _by_password(instance, given.username or "", given.password or "")
    token = given.token if given is not None and given.type == "bearer" else request.args.get("access_token")
    if token is None:
        raise NotAuthenticated(bearer=False)
    return _by_token(instance, token)


def _by_password(instance: Instance, user_name: str, password: str) -> Row:
    user = check_password(instance, user_name, password)
    if user is None or must_change_password(user):
        raise NotAuthenticated(bearer=False)
    if instance.switches.sign_in == "mfa" and is_interactive(user):
        raise second_factor_missing()
    return user


def _by_token(instance: Instance, token: str) -> Row:
    row = grants.live_token(instance, token, "access")
    user = usable_user(instance, row["user"]) if row else None
    if row is None or user is None:
        raise NotAuthenticated(bearer=True)
    if not row["scope"]:
        raise scope_missing()
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
