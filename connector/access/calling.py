"""Calling an instance: a client for a piece of work and, when that has ended, what it showed about the instance."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from accounts.models import User
from connector.access.client_factory import Pause, Paused, open_client
from connector.access.turns import PAGE_PATIENCE
from connector.budget import KEPT_FOR_PUSHES
from connector.models import Connection, Instance
from connector.models.circuit_breaker import InstanceQuerySet
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
    """Give a client, as `open_client` does, and note how the instance did by the moment when the work ends. One that
    answered nothing, because nothing was asked, has not shown that it is well.

    The `ServiceNowError` that ends the work, or kept it from beginning, is noted as a failure and raised; `Paused` is
    raised and says nothing about the instance. `answered` are the exceptions with which the work may end although the
    instance did what it was asked; any other is a fault of ours, and nothing is noted. What the work itself catches
    counts as an answer.
    """
    if connection is None:
        raise Paused(Pause.NOT_CONNECTED)
    instance = Instance.objects.filter(pk=connection.instance_id)
    try:
        client = open_client(
            connection, now=clock(), reserve=reserve, at_least=at_least, patience=patience, person=person
        )
        yield client
    except ServiceNowError as error:
        instance.record_failure(clock(), error)
        raise
    except answered:
        _record_success(client, instance, clock())
        raise
    _record_success(client, instance, clock())


def _record_success(client: Client, instance: InstanceQuerySet, now: datetime) -> None:
    if client.transport.has_answered:
        instance.record_success(now)
