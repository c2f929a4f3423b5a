"""What all REST APIs share: refusals become JSON, and every answer carries the headers of one."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from werkzeug import Response

from sandbox.server import LARGEST_BODY
from sandbox.servicenow import answers, refusals
from sandbox.servicenow.incoming import Incoming
from sandbox.servicenow.instance import Instance

Handler = Callable[..., Response]


def rest(call: Handler) -> Handler:
    """Make a handler of a function that answers or raises `Refusal`."""

    @wraps(call)
    def answered(instance: Instance, request: Incoming, **arguments: Any) -> Response:
        signed_in = True
        try:
            answer = call(instance, request, **arguments)
        except refusals.Refusal as refusal:
            signed_in = not isinstance(refusal, refusals.NotAuthenticated)
            answer = answers.refused(refusal)
        return answers.as_rest(answer, signed_in=signed_in, session=bool(request.cookies))

    return answered


def check_size(request: Incoming) -> None:
    """Raise the refusal of a body above the limit, which the server has thrown away."""
    length = request.content_length or 0
    if length > LARGEST_BODY:
        raise refusals.too_large(length, LARGEST_BODY)
