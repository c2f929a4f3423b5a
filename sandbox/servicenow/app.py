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
from sandbox.servicenow import tiny
from sandbox.servicenow.compression import compress_if_asked
from sandbox.servicenow.incoming import Incoming
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.misbehaviour import Spoiled
from sandbox.servicenow.page import page
from sandbox.servicenow.rest import Handler
from sandbox.servicenow.routes import ROUTES


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
        return self._dispatch(environ)(environ, start_response)

    def _dispatch(self, environ: WSGIEnvironment, *, batched: bool = False) -> Response:
        sent = Incoming(environ)
        request = tiny.expand(self.instance, sent)
        request.address_length = 0 if batched else len(sent.full_path)
        request.received_at = self.instance.now()
        request.dispatch = partial(self._dispatch, batched=True)
        if request.path.startswith(controls.PREFIX):
            answer = controls.handle(self.instance, request)
        else:
            answer = self._logged(request, batched)
        answer.headers.setdefault("Date", http_date(self.instance.now()))
        return answer

    def _logged(self, request: Incoming, batched: bool) -> Response:
        started = time.monotonic()
        route, handle = self._find(request)
        status, size = 0, 0
        try:
            answer = self._spoiled(request, route, handle)
            if request.path.startswith("/api/") and not batched:
                compress_if_asked(answer, request.accept_encodings)
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
                batched=batched,
            )

    def _spoiled(self, request: Incoming, route: str, handle: Callable[[], Response]) -> Response:
        instance, said = self.instance, partial(_said, request)
        fault = instance.faults.take(route, request.method, said) or instance.magic_words.take(request, route)
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
        if (request.content_length or 0) > LARGEST_BODY and not request.path.startswith("/api/"):
            return page("problem.html", 413, title="Too large", text="The request is larger than 10 MB.")
        if request.address_length > self.instance.switches.longest_url:
            return page("problem.html", 414, title="URI too long", text="The address is too long.")
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
