"""How the connection in use is doing, in a word. `problems` says what is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from connector.health.problems import Problem
from connector.models import Connection, ConnectionStatus


@dataclass(frozen=True)
class Condition:
    """A word and the tone of its badge."""

    label: str | Promise
    tone: str


_NO_GOOD_ANSWER = Condition(pgettext_lazy("connection status", "Does not answer as it should"), "danger")
# The worst first, by how a word looks: what is red comes before what is yellow.
_CONDITIONS = {
    Problem.NEEDS_REAUTHORIZATION: Condition(ConnectionStatus.NEEDS_REAUTHORIZATION.label, "danger"),
    Problem.TOKEN_REFUSED: Condition(pgettext_lazy("connection status", "Sign-in refused"), "danger"),
    Problem.SECRETS_UNREADABLE: _NO_GOOD_ANSWER,
    Problem.ERROR: _NO_GOOD_ANSWER,
    Problem.RATE_LIMITED: Condition(pgettext_lazy("connection status", "Asked us to wait"), "warning"),
}


def condition_of(connection: Connection, found: Sequence[Problem]) -> Condition:
    """Return the worst of what is wrong that has a word; else the connection's status."""
    worst = next((condition for problem, condition in _CONDITIONS.items() if problem in found), None)
    return worst or Condition(connection.get_status_display(), "success")
