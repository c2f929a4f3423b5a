"""The instance as a WSGI application: routes, faults, the request log."""

import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug import Response
from werkzeug.exceptions import HTTPException
from werkzeug.http import http_date
from werkzeug.routing import Map, Rule

from sandbox import controls
from sandbox.server import LARGEST_BODY
from sandbox.servicenow import answers, oauth, pages, refusals, signin
from sandbox.servicenow.incoming import Incoming
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.misbehaviour import Spoiled
from sandbox.servicenow.page import page, stylesheet
from sandbox.servicenow.table_api import TableCall

Handler = Callable[..., Response]


def table(
    instance: Instance, request: Incoming, table: str, sys_id: str | None = None, version: str = ""
) -> Response:
    """The Table API; every refusal becomes its JSON."""
    signed_in = True
    try:
        answer = TableCall(instance, request, table, version).answer(sys_id)
    except refusals.Refusal as refusal:
        signed_in = not isinstance(refusal, refusals.NotAuthenticated)
        answer = answers.refused(refusal)
    return answers.as_rest(answer, signed_in=signed_in, session=bool(request.cookies))


def unknown_api(instance: Instance, request: Incoming, rest: str) -> Response:
    """Any other address below `/api/`."""
    answer = answers.refused(refusals.no_resource())
    return answers.as_rest(answer, signed_in=False, session=bool(request.cookies))


def style(instance: Instance, request: Incoming) -> Response:
    """The stylesheet."""
    return stylesheet()


# Name of the route (as faults and the log know it), handler, addresses.
ROUTES: tuple[tuple[str, Handler, tuple[str, ...]], ...] = (
    ("authorize", oauth.authorize, ("/oauth_auth.do",)),
    ("token", oauth.token, ("/oauth_token.do",)),
    ("revoke", oauth.revoke, ("/oauth_revoke_token.do",)),
    ("login", signin.login, ("/login.do",)),
    ("login", signin.logout, ("/logout.do",)),
    (
        "table",
        table,
        tuple(
            f"/api/now{version}/table/<table>{record}"
            for version in ("", "/<any(v1, v2):version>")
            for record in ("", "/<sys_id>")
        ),
    ),
    ("api", unknown_api, ("/api/<path:rest>",)),
    ("page", pages.home, ("/",)),
    ("page", pages.nav_to, ("/nav_to.do", "/now/nav/ui/classic/params/target/<path:target>")),
    ("page", pages.record_list, ("/<any(incident, change_request):table_name>_list.do",)),
    ("page", pages.record_form, ("/<any(incident, change_request):table_name>.do",)),
    ("page", style, ("/sandbox.css",)),
)


class Application:
    """Finds the handler of a request, spoils it where a fault says so, and notes what came of it."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self._handlers: dict[str, tuple[str, Handler]] = {}
        rules = []
        for number, (route, handler, addresses) in enumerate(ROUTES):
            self._handlers[str(number)] = (route, handler)
            rules += [Rule(address, endpoint=str(number)) for address in addresses]
        self._map = Map(rules, merge_slashes=False, strict_slashes=False)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Incoming(environ)
        request.received_at = self.instance.now()
        if request.path.startswith(controls.PREFIX):
            answer = controls.handle(self.instance, request)
        else:
            answer = self._logged(request)
        answer.headers["Date"] = http_date(self.instance.now())
        return answer(environ, start_response)

    def _logged(self, request: Incoming) -> Response:
        started = time.monotonic()
        route, handle = self._find(request)
        status, size = 0, 0
        try:
            answer = self._spoiled(request, route, handle)
            status, size = answer.status_code, answer.content_length or 0
            return answer
        finally:
            self.instance.log.add(
                at=request.received_at,
                route=route,
                method=request.method,
                path=request.path,
                query=request.query_string.decode("latin-1"),
                status=status,
                bytes_out=size,
                ms=(time.monotonic() - started) * 1000,
            )

    def _spoiled(self, request: Incoming, route: str, handle: Callable[[], Response]) -> Response:
        fault = self.instance.faults.take(route, request.method, partial(_said, request))
        if fault is None:
            return handle()
        return Spoiled(fault, handle, request, route, self.instance.over).answer()

    def _find(self, request: Incoming) -> tuple[str, Callable[[], Response]]:
        try:
            endpoint, arguments = self._map.bind_to_environ(request.environ).match()
        except HTTPException as error:
            problem = _problem(error)
            return "unknown", lambda: problem
        route, handler = self._handlers[endpoint]
        return route, lambda: self._run(handler, request, arguments)

    def _run(self, handler: Handler, request: Incoming, arguments: Mapping[str, Any]) -> Response:
        if (request.content_length or 0) > LARGEST_BODY and handler is not table:
            return page("problem.html", 413, title="Too large", text="The request is larger than 10 MB.")
        try:
            answer = handler(self.instance, request, **arguments)
        except HTTPException as error:
            return _problem(error)
        # The length must be known before the answer goes out, for the log and for keep-alive.
        answer.make_sequence()
        return answer


def _said(request: Incoming) -> str:
    return f"{request.full_path} {request.get_data(as_text=True)}"


def _problem(error: HTTPException) -> Response:
    return page("problem.html", error.code or 500, title=error.name, text=error.description or "")


def create_app(instance: Instance) -> WSGIApplication:
    """The ServiceNow side of the sandbox."""
    return Application(instance)
