"""Whether Secure Score can be read right now, step by step. Stores nothing, and an import goes on beside it."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from scorecard.graph.client import Client
from scorecard.graph.errors import GraphError
from scorecard.graph.transport import Timeouts
from scorecard.importing import credentials, graph_client
from scorecard.importing.documents import DocumentError, document, read_scores
from scorecard.importing.failures import failure_of
from scorecard.importing.graph_client import NotConfigured

# Seconds, since somebody waits for the page: to connect, between two pieces of an answer, for one call.
_TIMEOUTS = Timeouts(connect=5.0, read=30.0, total=40.0)
DETAIL_LENGTH = 500


class Step(TextChoices):
    """What is tried, in this order; what comes after a failure is not."""

    SETTINGS = "settings", _("The settings are complete")
    SIGN_IN = "sign_in", _("Microsoft Entra signs the portal in")
    READ = "read", _("Microsoft Graph shows Secure Score")


@dataclass(frozen=True, slots=True)
class StepResult:
    """How a step went. `subject` is the setting it was about; `seen` the newest day (ISO 8601) that Graph showed.

    `failure` is one of `Failure`, empty where it went well. `detail` is what Microsoft or the client said, in English.
    """

    step: str
    subject: str = ""
    failure: str = ""
    detail: str = ""
    seen: str = ""

    def as_json(self) -> dict[str, str]:
        """Return what a session stores of it."""
        return asdict(self)


def probe(now: datetime) -> list[StepResult]:
    """Sign in by each credential that is set, then read one row. Every failure is a result."""
    return list(_steps(now))


def _steps(now: datetime) -> Iterator[StepResult]:
    try:
        if missing := graph_client.missing_settings():
            raise NotConfigured(f"Not set: {', '.join(missing)}.")
        graph = graph_client.transport("GRAPH_URL", _TIMEOUTS)
        entra = graph_client.transport("ENTRA_URL", _TIMEOUTS)
    except NotConfigured as error:
        yield _failed(Step.SETTINGS, error)
        return
    yield StepResult(Step.SETTINGS)
    token = ""
    for stored in credentials.stored():
        try:
            token = graph_client.sign_in(stored, entra, graph, now) or token
            yield StepResult(Step.SIGN_IN, stored.name)
        except GraphError as error:
            yield _failed(Step.SIGN_IN, error, stored.name)
    if token:
        yield _read(Client(graph, token, patience=timedelta(0)))


def _read(client: Client) -> StepResult:
    try:
        pages = [document(page, "secureScores") for page in client.secure_scores(days=1)]
        return StepResult(Step.READ, seen=read_scores(pages)[-1].scored_on.isoformat())
    except (GraphError, DocumentError) as error:
        return _failed(Step.READ, error)


def _failed(step: Step, error: Exception, subject: str = "") -> StepResult:
    return StepResult(step, subject, failure_of(error), str(error)[:DETAIL_LENGTH])
