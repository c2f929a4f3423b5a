"""A request on its way in, with what the sandbox noted about it."""

from collections.abc import Callable
from datetime import UTC, datetime
from wsgiref.types import WSGIEnvironment

from werkzeug import Request, Response

from sandbox.servicenow.store import Row


def nothing_hidden(row: Row) -> bool:
    """The usual case: access rules let every row through."""
    return False


def no_dispatch(environ: WSGIEnvironment) -> Response:
    """Outside of an application nobody answers."""
    raise LookupError("no application")


class Incoming(Request):
    """`received_at` is the instance's time at arrival: a slow insert carries this stamp, not that of its commit.

    `dispatch` has the application answer another request, as a batch needs it. `address_length` counts the characters
    that came over the wire as path and query: none for a request inside a batch, few for a short address.
    """

    received_at: datetime = datetime.min.replace(tzinfo=UTC)
    address_length: int = 0
    hides: Callable[[Row], bool] = staticmethod(nothing_hidden)
    dispatch: Callable[[WSGIEnvironment], Response] = staticmethod(no_dispatch)

    @property
    def intended_method(self) -> str:
        """The method, or what a POST says that it stands for (`X-HTTP-Method-Override`)."""
        override = self.headers.get("X-HTTP-Method-Override", "").upper()
        return override if override and self.method == "POST" else self.method

    def says_yes(self, name: str) -> bool:
        """Whether a parameter of the address is `true`."""
        return self.args.get(name, "").lower() == "true"
