"""The Microsoft port as one WSGI application: Entra, Graph, and the `/_sandbox/` controls."""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Request, Response

from sandbox.faults import BadFault, Fault, FaultBook
from sandbox.microsoft.answers import Call, graph_error, json_answer
from sandbox.microsoft.credentials import BadCredentials, Credentials
from sandbox.microsoft.entra import REFUSALS, TokenStore, answer_token_request
from sandbox.microsoft.entra import refusal as token_refusal
from sandbox.microsoft.graph import PAGE_SIZES, Graph
from sandbox.microsoft.switches import BadSwitch, Switches
from sandbox.microsoft.tenant import APPLICATIONS, CLIENT_ID, NAME, TENANT_ID
from sandbox.requestlog import RequestLog
from sandbox.server import HungUp

CONTROLS = "/_sandbox/"

# What Graph answers under a fault, whatever it was asked.
ERRORS = {
    "server_error": (503, "ServiceUnavailable", "The service cannot answer at the moment."),
    "forbidden": (403, "Forbidden", "The application lacks SecurityEvents.Read.All."),
    "gone": (410, "Gone", "This version of the resource is no longer supported."),
}
# `seconds` is the delay of latency and the Retry-After of rate_limit, `share` how much of a page comes with partial.
# After lose_answer everything is done. Routes: token, secureScores, secureScoreControlProfiles, any.
FAULTS = frozenset(
    (
        *ERRORS,
        *REFUSALS,
        "latency",
        "lose_answer",
        "partial",
        "rate_limit",
        "rate_limit_bare",
        "repeat_next_link",
        "truncated",
        "unauthorized",
    )
)


def create_app(
    now: Callable[[], datetime] | None = None, switches: Switches | None = None
) -> "MicrosoftSandbox":
    """A fresh sandbox without tokens, faults or log; `now` gives aware moments, by default the system's."""
    return MicrosoftSandbox(now or (lambda: datetime.now(UTC)), switches or Switches())


class MicrosoftSandbox:
    """Answers as login.microsoftonline.com and graph.microsoft.com would, both on one address."""

    def __init__(self, now: Callable[[], datetime], switches: Switches) -> None:
        self._clock = now
        self._graph = Graph(switches=switches)
        self._tokens = TokenStore()
        self._credentials = {name: Credentials(each) for name, each in APPLICATIONS.items()}
        self._faults = FaultBook(FAULTS)
        self._log = RequestLog()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        if request.path.startswith(CONTROLS):
            return self._control(request)(environ, start_response)
        route = _route(request.path)
        fault = self._faults.take(route, request.method)
        response = self._answer_and_log(request, route, fault)
        blocks = response(environ, start_response)
        match fault.kind if fault is not None else "":
            case "truncated":
                return _cut_short(blocks)
            case "lose_answer":
                raise HungUp
        return blocks

    def _answer_and_log(self, request: Request, route: str, fault: Fault | None) -> Response:
        began, now = time.monotonic(), self._now()
        response = self._answer(request, route, fault)
        self._log.add(
            at=now,
            route=route,
            method=request.method,
            path=request.path,
            query=request.query_string.decode("latin-1"),
            status=response.status_code,
            bytes_out=len(response.get_data()),
            ms=(time.monotonic() - began) * 1000,
        )
        return response

    def _answer(self, request: Request, route: str, fault: Fault | None) -> Response:
        call = Call.of(request, self._now())
        if fault is not None and fault.kind == "latency":
            time.sleep(fault.pause(1))
        if route == "home":
            return Response(f"Microsoft sandbox: the tenant {NAME}, {TENANT_ID}. Nothing here is real.\n")
        refusal = _refusal(fault, call) if fault is not None else None
        if route == "token":
            tenant = request.path.split("/")[1]
            return refusal or answer_token_request(request, tenant, self._tokens, self._credentials, call.at)
        response = refusal or self._of_graph(request, call, fault)
        response.headers.update(call.ids)
        return response

    def _of_graph(self, request: Request, call: Call, fault: Fault | None) -> Response:
        version, _, path = request.path.lstrip("/").partition("/")
        if version != "v1.0":
            return graph_error(400, "BadRequest", f"The sandbox has no version '{version}' of Graph.", call)
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        token = self._tokens.find(value.strip(), call.at) if scheme.lower() == "bearer" else None
        if token is None:
            return _unauthorized(call)
        kind = fault.kind if fault is not None else ""
        response = self._graph.answer(request, path, token, call, repeat_next_link=kind == "repeat_next_link")
        return _partial(response, fault) if fault is not None and kind == "partial" else response

    def _control(self, request: Request) -> Response:
        match request.method, request.path.removeprefix(CONTROLS):
            case "GET", ("requests" | "faults" | "settings") as name:
                books: dict[str, RequestLog | FaultBook | Switches] = {
                    "requests": self._log,
                    "faults": self._faults,
                    "settings": self._graph.switches,
                }
                return json_answer(books[name].as_json())
            case "DELETE", "requests":
                self._log.clear()
            case "POST", "faults":
                return self._add_fault(request)
            case "POST", "credentials":
                return self._change_credentials(request)
            case "DELETE", "faults":
                self._faults.clear()
            case "POST", "settings":
                return self._change_settings(request)
            case "POST", "reset":
                self._graph.states.clear()
            case _:
                return json_answer(
                    {"error": "The controls are requests, faults, credentials, settings and reset."}, 404
                )
        return Response(status=204)

    def _add_fault(self, request: Request) -> Response:
        try:
            asked = request.get_json(force=True)
            fault = self._faults.add(asked if isinstance(asked, dict) else {})
        except (BadFault, BadRequest) as error:
            return json_answer({"error": str(error)}, 400)
        return json_answer(fault.as_json(), 201)

    def _change_credentials(self, request: Request) -> Response:
        """Those of the application that reads, in place of the ones it had."""
        try:
            asked = request.get_json(force=True)
            self._credentials[CLIENT_ID].change(asked if isinstance(asked, dict) else {})
        except (BadCredentials, BadRequest) as error:
            return json_answer({"error": str(error)}, 400)
        return Response(status=204)

    def _change_settings(self, request: Request) -> Response:
        try:
            asked = request.get_json(force=True)
            self._graph.switches = self._graph.switches.changed(
                asked if isinstance(asked, dict) else {"": ""}
            )
        except (BadSwitch, BadRequest) as error:
            return json_answer({"error": str(error)}, 400)
        return json_answer(self._graph.switches.as_json())

    def _now(self) -> datetime:
        return self._clock().astimezone(UTC)


def _route(path: str) -> str:
    """The name by which faults and the log speak of a path."""
    if path == "/":
        return "home"
    if path.endswith("/oauth2/v2.0/token"):
        return "token"
    names = path.split("/")
    return next((name for name in PAGE_SIZES if name in names), "other")


def _refusal(fault: Fault, call: Call) -> Response | None:
    """The error that stands in for an answer; None when the request goes through."""
    match fault.kind:
        case "rate_limit":
            return _too_many(call, {"Retry-After": f"{fault.pause(1):g}"})
        case "rate_limit_bare":
            return _too_many(call, {})
        case "unauthorized":
            return _unauthorized(call)
        case kind if kind in REFUSALS:
            return token_refusal(kind, call.at)
        case kind if kind in ERRORS:
            return graph_error(*ERRORS[kind], call)
    return None


def _unauthorized(call: Call) -> Response:
    challenge = {"WWW-Authenticate": 'Bearer realm=""'}
    message = "The access token is missing, unknown or expired."
    return graph_error(401, "InvalidAuthenticationToken", message, call, challenge)


def _too_many(call: Call, headers: dict[str, str]) -> Response:
    return graph_error(429, "TooManyRequests", "The tenant's limit of calls is reached.", call, headers)


def _partial(response: Response, fault: Fault) -> Response:
    """206, since a provider gave up after ten seconds: the first `share` of the page, in an envelope that looks whole.

    Source: Microsoft Graph, "Microsoft Graph Security API error responses".
    """
    body = json.loads(response.get_data() or b"{}")
    if response.status_code != 200 or "value" not in body:
        return response
    body["value"] = body["value"][: int(len(body["value"]) * fault.share)]
    return json_answer(body, 206, {"Warning": '199 - "Microsoft/SecureScore/504/10000"'})


def _cut_short(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Half of a body that was announced whole, then the end of the connection."""
    whole = b"".join(blocks)
    yield whole[: len(whole) // 2]
    raise HungUp
