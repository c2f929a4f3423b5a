"""The Microsoft port as one WSGI application: Entra, Graph, and the `/_sandbox/` controls."""

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Request, Response

from sandbox.faults import BadFault, Fault, FaultBook
from sandbox.microsoft.answers import graph_error, json_answer
from sandbox.microsoft.entra import TokenStore, answer_token_request
from sandbox.microsoft.graph import PAGE_SIZES, answer_graph_request
from sandbox.microsoft.tenant import NAME, TENANT_ID
from sandbox.requestlog import RequestLog
from sandbox.server import HungUp

CONTROLS = "/_sandbox/"

# `seconds` is the delay of latency and the Retry-After of rate_limit. Routes: token, secureScores,
# secureScoreControlProfiles, any.
FAULTS = frozenset(
    (
        "forbidden",
        "latency",
        "rate_limit",
        "rate_limit_bare",
        "repeat_next_link",
        "server_error",
        "truncated",
        "unauthorized",
    )
)


def create_app(now: Callable[[], datetime] | None = None) -> "MicrosoftSandbox":
    """A fresh sandbox without tokens, faults or log; `now` gives aware moments, by default the system's."""
    return MicrosoftSandbox(now or (lambda: datetime.now(UTC)))


class MicrosoftSandbox:
    """Answers as login.microsoftonline.com and graph.microsoft.com would, both on one address."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._clock = now
        self._tokens = TokenStore()
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
        return _cut_short(blocks) if fault is not None and fault.kind == "truncated" else blocks

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
        if fault is not None and fault.kind == "latency":
            time.sleep(fault.pause(1))
        if fault is not None and (refusal := _refusal(fault, self._now())):
            return refusal
        if route == "home":
            return Response(f"Microsoft sandbox: the tenant {NAME}, {TENANT_ID}. Nothing here is real.\n")
        if route == "token":
            return answer_token_request(request, request.path.split("/")[1], self._tokens, self._now())
        return self._graph(request, repeat_next_link=fault is not None and fault.kind == "repeat_next_link")

    def _graph(self, request: Request, *, repeat_next_link: bool) -> Response:
        now = self._now()
        version, _, path = request.path.lstrip("/").partition("/")
        if version != "v1.0":
            return graph_error(400, "BadRequest", f"The sandbox has no version '{version}' of Graph.", now)
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        tenant_id = self._tokens.tenant_of(token.strip(), now) if scheme.lower() == "bearer" else None
        if tenant_id is None:
            return _unauthorized(now)
        return answer_graph_request(request, path, tenant_id, now, repeat_next_link=repeat_next_link)

    def _control(self, request: Request) -> Response:
        match request.method, request.path.removeprefix(CONTROLS):
            case "GET", "requests":
                return json_answer(self._log.as_json())
            case "DELETE", "requests":
                self._log.clear()
            case "GET", "faults":
                return json_answer(self._faults.as_json())
            case "POST", "faults":
                return self._add_fault(request)
            case "DELETE", "faults":
                self._faults.clear()
            case _:
                return json_answer({"error": "The controls are requests and faults."}, 404)
        return Response(status=204)

    def _add_fault(self, request: Request) -> Response:
        try:
            asked = request.get_json(force=True)
            fault = self._faults.add(asked if isinstance(asked, dict) else {})
        except (BadFault, BadRequest) as error:
            return json_answer({"error": str(error)}, 400)
        return json_answer(fault.as_json(), 201)

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


def _refusal(fault: Fault, now: datetime) -> Response | None:
    """The error that stands in for an answer; None when the request goes through."""
    match fault.kind:
        case "rate_limit":
            return _too_many(now, {"Retry-After": f"{fault.pause(1):g}"})
        case "rate_limit_bare":
            return _too_many(now, {})
        case "server_error":
            return graph_error(503, "ServiceUnavailable", "The service cannot answer at the moment.", now)
        case "unauthorized":
            return _unauthorized(now)
        case "forbidden":
            return graph_error(403, "Forbidden", "The application lacks SecurityEvents.Read.All.", now)
    return None


def _unauthorized(now: datetime) -> Response:
    challenge = {"WWW-Authenticate": 'Bearer realm=""'}
    message = "The access token is missing, unknown or expired."
    return graph_error(401, "InvalidAuthenticationToken", message, now, challenge)


def _too_many(now: datetime, headers: dict[str, str]) -> Response:
    return graph_error(429, "TooManyRequests", "The tenant's limit of calls is reached.", now, headers)


def _cut_short(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Half of a body that was announced whole, then the end of the connection."""
    whole = b"".join(blocks)
    yield whole[: len(whole) // 2]
    raise HungUp
