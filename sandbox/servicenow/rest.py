"""What all REST APIs share: calls are counted, refusals become JSON, and every answer carries the headers of one."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from werkzeug import Response

from sandbox.server import LARGEST_BODY
from sandbox.servicenow import answers, rate_limits, refusals
from sandbox.servicenow.incoming import Incoming
from sandbox.servicenow.instance import Instance

Handler = Callable[..., Response]


def rest(api: str = "") -> Callable[[Handler], Handler]:
    """Make handlers of functions that answer or raise `Refusal`. Calls count for `api`, a name as refusals print it."""

    def as_handler(call: Handler) -> Handler:
        @wraps(call)
        def answered(instance: Instance, request: Incoming, **arguments: Any) -> Response:
            signed_in, counted = True, {}
            try:
                counted = rate_limits.spend(instance, request, api) if api else {}
                answer = call(instance, request, **arguments)
            except refusals.Refusal as refusal:
                signed_in = not isinstance(refusal, refusals.NotAuthenticated)
                answer = answers.refused(refusal)
            answer.headers.extend(counted)
            return answers.as_rest(answer, signed_in=signed_in, session=bool(request.cookies))

        return answered

    return as_handler


def check_size(request: Incoming) -> None:
    """Raise the refusal of a body above the limit, which the server has thrown away."""
    length = request.content_length or 0
    if length > LARGEST_BODY:
        raise refusals.too_large(length, LARGEST_BODY)
