"""JSON responses, and the envelope in which Graph tells errors."""

import json
import uuid
from collections.abc import Mapping
from datetime import datetime

from werkzeug.wrappers import Response


def json_answer(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON response as compact as Microsoft's."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    response = Response(text, status=status, content_type="application/json; charset=utf-8")
    response.headers.update(headers or {})
    return response


def graph_error(
    status: int, code: str, message: str, now: datetime, headers: Mapping[str, str] | None = None
) -> Response:
    """Graph's error envelope; see Microsoft Graph, "Microsoft Graph error responses and resource types"."""
    request_id = str(uuid.uuid4())
    date = now.strftime("%Y-%m-%dT%H:%M:%S")
    inner = {"date": date, "request-id": request_id, "client-request-id": request_id}
    body = {"error": {"code": code, "message": message, "innerError": inner}}
    return json_answer(body, status, {"request-id": request_id} | dict(headers or {}))
