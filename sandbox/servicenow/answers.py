"""Answers of the REST APIs with the headers of a real instance (taken from recordings of live ones)."""

import json
import secrets
from collections.abc import Mapping
from typing import Any

from werkzeug import Response

from sandbox.servicenow.refusals import Refusal

JSON_TYPE = "application/json;charset=UTF-8"
NOT_CACHED = {
    "Pragma": "no-store,no-cache",
    "Cache-Control": "no-cache,no-store,must-revalidate,max-age=-1",
    "Expires": "0",
}


def json_answer(status: int, body: object, headers: Mapping[str, str] | None = None) -> Response:
    """Compact JSON, never cached."""
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    return Response(text, status, {**NOT_CACHED, **(headers or {})}, content_type=JSON_TYPE)


def result(status: int, body: object, headers: Mapping[str, str] | None = None) -> Response:
    """`{"result": ...}`."""
    return json_answer(status, {"result": body}, headers)


def refused(refusal: Refusal) -> Response:
    """`{"error": {"message", "detail"}, "status": "failure"}`."""
    body: dict[str, Any] = {
        "error": {"message": refusal.message, "detail": refusal.detail},
        "status": "failure",
    }
    return json_answer(refusal.status, body, refusal.headers)


def as_rest(answer: Response, *, signed_in: bool, session: bool) -> Response:
    """Add what every answer of the REST APIs carries; a session cookie where the caller brought none."""
    transaction = secrets.token_hex(6)
    answer.headers["Server"] = "ServiceNow"
    answer.headers["X-Is-Logged-In"] = "true" if signed_in else "false"
    answer.headers["X-Transaction-ID"] = transaction
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Server-Timing"] = f'sem_wait;dur=0, sesh_wait;dur=0, t;desc="{transaction}"'
    if not session:
        _start_session(answer)
    return answer


def _start_session(answer: Response) -> None:
    answer.set_cookie("JSESSIONID", secrets.token_hex(16).upper(), path="/", httponly=True)
    for name in ("glide_user", "glide_user_session"):
        answer.delete_cookie(name, path="/", httponly=True)
    answer.set_cookie("glide_user_route", f"glide.{secrets.token_hex(16)}", path="/", httponly=True)
    store = secrets.token_hex(16).upper()
    answer.set_cookie("glide_session_store", store, max_age=1800, path="/", httponly=True)
    answer.set_cookie("BIGipServerpool_sandbox", secrets.token_hex(8), path="/", httponly=True)
