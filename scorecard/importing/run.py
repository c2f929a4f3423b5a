"""One import at a time, whoever starts it, and each writes down how it went."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from scorecard.graph.errors import GraphError
from scorecard.importing import store
from scorecard.importing.documents import DocumentError
from scorecard.importing.failures import failure_of
from scorecard.importing.graph_client import NotConfigured, open_client
from scorecard.importing.unread import LeftOut
from scorecard.models.import_failure import Failure
from scorecard.models.import_state import ImportState

logger = logging.getLogger("scorecard")

# How an import can end that is no mistake of the portal.
EXPECTED = (DocumentError, GraphError, NotConfigured)
DETAIL_LENGTH = 1000
Clock = Callable[[], datetime]


class AlreadyRunning(Exception):
    """Another import is under way."""


class Run:
    """An import under way. `left_out` collects what it cannot understand."""

    def __init__(self, token: UUID, clock: Clock) -> None:
        self._token = token
        self._clock = clock
        self.left_out = LeftOut()

    def renew(self) -> None:
        """Say that it is still alive. Call it at least as often as `import_state.LEASE`."""
        ImportState.renew(self._token, self._clock())

    def tell(self, step: ImportState.Step, *, days: int = 0) -> None:
        """Say which step begins, and how many days have been read by then."""
        ImportState.tell(self._token, step, days)


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
        run = Run(token, clock)
        yield run
        result = {
            "succeeded_at": clock(),
            "source": source,
            "failure": "",
            "detail": "",
            "left_out": run.left_out.as_json(),
            "left_out_count": run.left_out.count,
        }
    except Exception as error:
        result = {"failed_at": clock(), "failure": failure_of(error), "detail": _detail(error)}
        raise
    finally:
        ImportState.release(token, **result)


def read_from_graph(*, now: datetime, clock: Clock = timezone.now) -> store.Report:
    """Read everything new from Microsoft Graph. Raises `AlreadyRunning` or one of `EXPECTED`."""
    with running(ImportState.Source.GRAPH, clock=clock) as run:
        client = open_client(now=now, before_call=run.renew)
        report = store.import_from_graph(client, run.left_out, now=now, tell=run.tell)
    if run.left_out.count:
        logger.warning("%d entries or values could not be understood", run.left_out.count)
    return report


def _detail(error: Exception) -> str:
    """The words of an error that was written for people; of any other its kind alone, which tells no secret."""
    if failure_of(error) == Failure.UNEXPECTED:
        return type(error).__name__
    return str(error)[:DETAIL_LENGTH]
