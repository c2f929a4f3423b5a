"""One import at a time, whoever starts it, and each writes down how it went."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from scorecard import importing
from scorecard.graph.errors import GraphError
from scorecard.import_failures import Failure, failure_of
from scorecard.import_state import ImportState
from scorecard.secure_score import DocumentError
from scorecard.sessions import NotConfigured, open_client

# How an import can end that is no mistake of the portal.
EXPECTED = (DocumentError, GraphError, NotConfigured)
DETAIL_LENGTH = 1000
Clock = Callable[[], datetime]


class AlreadyRunning(Exception):
    """Another import is under way."""


class Run:
    """An import under way."""

    def __init__(self, token: UUID, clock: Clock) -> None:
        self._token = token
        self._clock = clock

    def renew(self) -> None:
        """Say that it is still alive. Call it at least as often as `import_state.LEASE`."""
        ImportState.renew(self._token, self._clock())


@contextmanager
def running(source: ImportState.Source, *, clock: Clock = timezone.now) -> Iterator[Run]:
    """Import within this block: what ends it is written down, and an exception goes on.

    Raises `AlreadyRunning` while another import is under way.
    """
    token = ImportState.take(clock())
    if token is None:
        raise AlreadyRunning
    result: dict[str, object] = {}
    try:
        yield Run(token, clock)
        result = {"succeeded_at": clock(), "source": source, "failure": "", "detail": ""}
    except Exception as error:
        result = {"failed_at": clock(), "failure": failure_of(error), "detail": _detail(error)}
        raise
    finally:
        ImportState.release(token, **result)


def read_from_graph(*, now: datetime, clock: Clock = timezone.now) -> importing.Report:
    """Read everything new from Microsoft Graph. Raises `AlreadyRunning` or one of `EXPECTED`."""
    with running(ImportState.Source.GRAPH, clock=clock) as run:
        return importing.import_from_graph(open_client(now=now, before_call=run.renew), now=now)


def _detail(error: Exception) -> str:
    """The words of an error that was written for people; of any other its kind alone, which tells no secret."""
    if failure_of(error) == Failure.UNEXPECTED:
        return type(error).__name__
    return str(error)[:DETAIL_LENGTH]
