"""The Batch API: `POST /api/now/v1/batch`, several requests in one, each answered as if it had come alone.

Source: ServiceNow documentation, "Batch API": 30 s for all, 10 MB out; what does not fit is left unserviced.
"""

import base64
import binascii
import json
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from wsgiref.types import WSGIEnvironment

from werkzeug import Response
from werkzeug.test import EnvironBuilder

from sandbox.servicenow import refusals
from sandbox.servicenow.accounts import authenticate
from sandbox.servicenow.answers import json_answer
from sandbox.servicenow.incoming import Incoming
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.rest import check_size, rest

LARGEST_ANSWER = 10_485_760
ADDRESS = "/batch"


@rest("Batch API")
def batch(instance: Instance, request: Incoming) -> Response:
    """Do what fits into the time and the size; name the rest."""
    if request.intended_method != "POST":
        raise refusals.method_not_allowed()
    authenticate(instance, request)
    body, wanted = _read(request)
    serviced: list[dict[str, Any]] = []
    unserviced: list[str] = []
    size, ends_at = 0, time.monotonic() + instance.switches.batch_seconds
    for item in wanted:
        if size > LARGEST_ANSWER or time.monotonic() >= ends_at:
            unserviced.append(str(item.get("id", "")))
            continue
        serviced.append(_serviced(request, item))
        size += len(serviced[-1]["body"])
    answer = {"batch_request_id": str(body.get("batch_request_id", "")), "serviced_requests": serviced}
    return json_answer(200, {**answer, "unserviced_requests": unserviced})


def _read(request: Incoming) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    check_size(request)
    try:
        body = json.loads(request.get_data() or b"{}")
    except ValueError as error:
        raise refusals.unreadable(str(error)) from error
    wanted = body.get("rest_requests") if isinstance(body, dict) else None
    if not isinstance(wanted, list) or not all(isinstance(item, dict) for item in wanted):
        raise refusals.unreadable("rest_requests is not a list of objects")
    return body, wanted


def _serviced(outer: Incoming, item: Mapping[str, Any]) -> dict[str, Any]:
    started = time.monotonic()
    done: dict[str, Any] = {"id": str(item.get("id", ""))}
    try:
        answer = outer.dispatch(_environ(outer, item))
    except (TypeError, ValueError, binascii.Error) as error:
        return {
            **done,
            "body": "",
            "status_code": 400,
            "status_text": "Bad Request",
            "error_message": str(error),
        }
    done |= {
        "body": base64.b64encode(answer.get_data()).decode(),
        "status_code": answer.status_code,
        "status_text": HTTPStatus(answer.status_code).phrase,
        "execution_time": round((time.monotonic() - started) * 1000),
    }
    if not item.get("exclude_response_headers"):
        done["headers"] = [{"name": name, "value": value} for name, value in answer.headers]
    if "Location" in answer.headers and answer.status_code in range(300, 400):
        done["redirect_url"] = answer.headers["Location"]
    return done


def _environ(outer: Incoming, item: Mapping[str, Any]) -> WSGIEnvironment:
    """The request inside: relative to this instance and, where it says nothing else, by the same caller."""
    address = str(item.get("url", ""))
    path, _, query = address.partition("?")
    if not path.startswith("/api/") or path.endswith(ADDRESS):
        raise ValueError(f"Invalid url {address}")
    given = {str(header["name"]): str(header["value"]) for header in item.get("headers", ())}
    if "Authorization" in outer.headers:
        given.setdefault("Authorization", outer.headers["Authorization"])
    content = base64.b64decode(item.get("body") or "", validate=True)
    given = {name: value for name, value in given.items() if name.lower() != "content-length"}
    method = str(item.get("method", "GET")).upper()
    return EnvironBuilder(
        path=path,
        query_string=query,
        base_url=outer.host_url,
        method=method,
        headers=[*given.items()],
        data=content,
    ).get_environ()
