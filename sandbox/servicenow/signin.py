"""Signing in and out of the pages, by password, with a second factor, or at an identity provider."""

import secrets
from datetime import timedelta
from urllib.parse import urlencode

from werkzeug import Response
from werkzeug.utils import redirect

from sandbox.servicenow import accounts
from sandbox.servicenow.clock import stamp
from sandbox.servicenow.incoming import Incoming
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.page import page
from sandbox.servicenow.store import Row

WRONG = "User name or password invalid"
# A time-based code would need a clock and a secret in every test; this one is printed on the page that asks for it.
SECOND_FACTOR = "123456"
SECOND_FACTOR_LIFE = timedelta(minutes=5)
IDENTITY_PROVIDER = "/sandbox-identity-provider"


def local_address(wanted: str) -> str:
    """An address on this instance: what was wanted if it is one, the home page otherwise."""
    is_local = (
        wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted and wanted.isprintable()
    )
    return wanted if is_local else "/"


def login(instance: Instance, request: Incoming) -> Response:
    """`/login.do`: the sign-in form; on success on to where the person was going."""
    goto = local_address(request.values.get("sysparm_goto_url", "/"))
    if instance.switches.sign_in == "sso":
        return redirect(f"{IDENTITY_PROVIDER}?{urlencode({'RelayState': goto})}", 303)
    if request.method != "POST":
        return page("login.html", goto=goto, problem="", user_name="")
    user_name, user = _named(instance, request)
    problem = _problem(user)
    if user is None or problem:
        return page("login.html", 401, goto=goto, problem=problem, user_name=user_name)
    if instance.switches.sign_in == "mfa":
        return _ask_second_factor(instance, user, goto)
    return _welcome(instance, user, goto)


def _named(instance: Instance, request: Incoming) -> tuple[str, Row | None]:
    user_name = request.form.get("user_name", "").strip()
    return user_name, accounts.check_password(instance, user_name, request.form.get("user_password", ""))


def _problem(user: Row | None) -> str:
    if user is None or not accounts.is_interactive(user):
        return WRONG
    return "Your password must be changed first" if accounts.must_change_password(user) else ""


def _welcome(instance: Instance, user: Row, goto: str) -> Response:
    answer = redirect(goto, 302)
    accounts.sign_in(instance, user, answer)
    return answer


def _ask_second_factor(instance: Instance, user: Row, goto: str) -> Response:
    key = secrets.token_hex(16)
    ends_at = stamp(instance.now() + SECOND_FACTOR_LIFE)
    row = {"sys_id": key, "user": user["user_name"], "goto": goto, "expires_at": ends_at}
    instance.store.insert("_second_factor", row)
    return page("second_factor.html", key=key, code=SECOND_FACTOR, problem="")


def second_factor(instance: Instance, request: Incoming) -> Response:
    """`/validate_multifactor_auth_code.do`: takes the code that the second page asks for."""
    key = request.form.get("key", "")
    row = instance.store.get("_second_factor", key)
    user = accounts.usable_user(instance, row["user"]) if row else None
    if row is None or user is None or row["expires_at"] <= stamp(instance.now()):
        return redirect("/login.do", 303)
    if request.form.get("code", "").strip() != SECOND_FACTOR:
        problem = "Invalid multi-factor authentication code"
        return page("second_factor.html", 401, key=key, code=SECOND_FACTOR, problem=problem)
    instance.store.delete("_second_factor", sys_id=key)
    return _welcome(instance, user, row["goto"])


def identity_provider(instance: Instance, request: Incoming) -> Response:
    """The pretend identity provider: signs in whom it knows, whatever ServiceNow knows of them."""
    goto = local_address(request.values.get("RelayState", "/"))
    if request.method != "POST":
        return page("identity_provider.html", goto=goto, problem="", user_name="")
    user_name, user = _named(instance, request)
    known = [name.strip() for name in instance.switches.identity_provider_users.split(",")]
    problem = WRONG if user_name.lower() in known else "This account does not exist in this directory"
    if user is None or user["user_name"] not in known or not accounts.is_interactive(user):
        return page("identity_provider.html", 401, goto=goto, problem=problem, user_name=user_name)
    return _welcome(instance, user, goto)


def logout(instance: Instance, request: Incoming) -> Response:
    """`/logout.do`: end the session and show the sign-in form, keeping where the person was going."""
    goto = local_address(request.args.get("sysparm_goto_url", "/"))
    answer = redirect(f"/login.do?{urlencode({'sysparm_goto_url': goto})}", 302)
    accounts.sign_out(instance, request, answer)
    return answer
