"""JSON responses, the envelope in which Graph tells errors, and the two identifiers that every answer carries."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from werkzeug.wrappers import Request, Response

LONGEST_ID = 100


@dataclass(frozen=True)
class Call:
    """One request to Graph: when it came, and what its answer is known by.

    Source: Microsoft Graph, "Microsoft Graph error responses and resource types" and "Best practices for working with
    Microsoft Graph": `client-request-id` is the caller's, or else the same as Graph's own `request-id`.
    """

    at: datetime
    request_id: str
    client_request_id: str

    @classmethod
    def of(cls, request: Request, at: datetime) -> "Call":
        """A call of now, which may bring an identifier along."""
        made = str(uuid.uuid4())
        return cls(at, made, request.headers.get("client-request-id", "")[:LONGEST_ID] or made)

    @property
    def ids(self) -> dict[str, str]:
        """Both identifiers, as headers and in the envelope of errors."""
        return {"request-id": self.request_id, "client-request-id": self.client_request_id}


def json_answer(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON response as compact as Microsoft's."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    response = Response(text, status=status, content_type="application/json; charset=utf-8")
    response.headers.update(headers or {})
    return response


def graph_error(
    status: int, code: str, message: str, call: Call, headers: Mapping[str, str] | None = None
) -> Response:
    """Graph's error envelope; see Microsoft Graph, "Microsoft Graph error responses and resource types"."""
    inner = {"date": call.at.strftime("%Y-%m-%dT%H:%M:%S"), **call.ids}
    return json_answer({"error": {"code": code, "message": message, "innerError": inner}}, status, headers)
