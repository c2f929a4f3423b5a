"""Signing in and out of the pages: `/login.do`, `/logout.do`."""

from urllib.parse import urlencode

from werkzeug import Response
from werkzeug.utils import redirect

from sandbox.servicenow import accounts
from sandbox.servicenow.incoming import Incoming
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.page import page


def local_address(wanted: str) -> str:
    """An address on this instance: what was wanted if it is one, the home page otherwise."""
    is_local = (
        wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted and wanted.isprintable()
    )
    return wanted if is_local else "/"


def login(instance: Instance, request: Incoming) -> Response:
    """The sign-in form; on success on to where the person was going."""
    goto = local_address(request.values.get("sysparm_goto_url", "/"))
    if request.method != "POST":
        return page("login.html", goto=goto, problem="", user_name="")
    user_name = request.form.get("user_name", "").strip()
    user = accounts.check_password(instance, user_name, request.form.get("user_password", ""))
    if user is None or user["web_service_access_only"] == "true":
        return page(
            "login.html", 401, goto=goto, problem="User name or password invalid", user_name=user_name
        )
    answer = redirect(goto, 302)
    accounts.sign_in(instance, user, answer)
    return answer


def logout(instance: Instance, request: Incoming) -> Response:
    """End the session and show the sign-in form, keeping where the person was going."""
    goto = local_address(request.args.get("sysparm_goto_url", "/"))
    answer = redirect(f"/login.do?{urlencode({'sysparm_goto_url': goto})}", 302)
    accounts.sign_out(instance, request, answer)
    return answer
