"""How the connection in use is doing, in a word: by what was seen last, not by how it was set up."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from connector.models import Connection


@dataclass(frozen=True)
class Condition:
    """A word and the tone of its badge."""

    label: str | Promise
    tone: str


def condition_of(connection: Connection, now: datetime) -> Condition:
    """The worst of what is known."""
    if connection.needs_reauthorization:
        return Condition(connection.get_status_display(), "danger")
    if connection.token_refusals:
        return Condition(pgettext_lazy("connection status", "Sign-in refused"), "danger")
    if connection.instance.last_error:
        return Condition(pgettext_lazy("connection status", "Does not answer as it should"), "danger")
    if connection.instance.is_rate_limited(now):
        return Condition(pgettext_lazy("connection status", "Asked us to wait"), "warning")
    return Condition(connection.get_status_display(), "success")
