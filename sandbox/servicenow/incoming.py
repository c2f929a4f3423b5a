"""A request on its way in, with what the sandbox noted about it."""

from collections.abc import Callable
from datetime import UTC, datetime

from werkzeug import Request

from sandbox.servicenow.store import Row


def nothing_hidden(row: Row) -> bool:
    """The usual case: access rules let every row through."""
    return False


class Incoming(Request):
    """`received_at` is the instance's time at arrival: a slow insert carries this stamp, not that of its commit."""

    received_at: datetime = datetime.min.replace(tzinfo=UTC)
    hides: Callable[[Row], bool] = staticmethod(nothing_hidden)
