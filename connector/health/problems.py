"""What is wrong with the connection in use. Decided here, and nowhere else: pages, badges and alerts show it."""

import enum
from collections.abc import Iterator
from datetime import datetime

from connector.access.client_factory import UNOPENED
from connector.budget import allowed
from connector.models import Connection


class Problem(enum.StrEnum):
    """Something that keeps the connection from working as it should, or will soon. Each is called what its explanation
    is, where it has one; of `ERROR` and `SECRETS_UNREADABLE` the instance's `last_error` names that.
    """

    NEEDS_REAUTHORIZATION = "needs_reauthorization"
    SECRETS_UNREADABLE = "secrets_unreadable"
    TOKEN_REFUSED = "token_refused"  # noqa: S105  No password.
    KEYLESS = "keyless"
    RATE_LIMITED = "rate_limited"
    BUDGET = "budget"
    ERROR = "error"
    BREAKER = "breaker"
    ENDS_SOON = "ends_soon"


def problems_of(connection: Connection, now: datetime) -> list[Problem]:
    """Return what is wrong, what keeps tickets from moving first; nothing while all is well."""
    return list(_found(connection, now))


def _found(connection: Connection, now: datetime) -> Iterator[Problem]:
    instance = connection.instance
    is_unopened = instance.last_error in UNOPENED
    if connection.needs_reauthorization:
        yield Problem.NEEDS_REAUTHORIZATION
    if is_unopened:
        yield Problem.SECRETS_UNREADABLE
    if connection.token_refusals:
        yield Problem.TOKEN_REFUSED
    if instance.keyless_since:
        yield Problem.KEYLESS
    if instance.is_rate_limited(now):
        yield Problem.RATE_LIMITED
    if not instance.calls_left(now, allowed()):
        yield Problem.BUDGET
    if instance.last_error and not is_unopened:
        yield Problem.ERROR
    if instance.is_broken(now):
        yield Problem.BREAKER
    if connection.ends_soon(now):
        yield Problem.ENDS_SOON
