"""Calling an instance: a client for a piece of work and, when that has ended, what it showed about the instance."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from accounts.models import User
from connector.access.client_factory import Pause, Paused, open_client
from connector.access.turns import PAGE_PATIENCE
from connector.budget import KEPT_FOR_PUSHES
from connector.models import Connection, Instance
from connector.servicenow.client import Client
from connector.servicenow.errors import ServiceNowError


@contextmanager
def calling(
    connection: Connection | None,
    *,
    clock: Callable[[], datetime],
    reserve: float = KEPT_FOR_PUSHES,
    at_least: int = 0,
    patience: float = PAGE_PATIENCE,
    person: User | None = None,
    answered: type[Exception] | tuple[type[Exception], ...] = (),
) -> Iterator[Client]:
    """Give a client, as `open_client` does, and note how the instance did by the moment when the work ends.

    The `ServiceNowError` that ends the work, or kept it from beginning, is noted as a failure and raised; `Paused` is
    raised and says nothing about the instance. `answered` are the exceptions with which the work may end although the
    instance did what it was asked; any other is a fault of ours, and nothing is noted. What the work itself catches
    counts as an answer.
    """
    if connection is None:
        raise Paused(Pause.NOT_CONNECTED)
    instance = Instance.objects.filter(pk=connection.instance_id)
    try:
        yield open_client(
            connection, now=clock(), reserve=reserve, at_least=at_least, patience=patience, person=person
        )
    except ServiceNowError as error:
        instance.record_failure(clock(), error)
        raise
    except answered:
        instance.record_success(clock())
        raise
    instance.record_success(clock())
