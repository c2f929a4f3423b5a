"""The steps of setting the connection up, and how far somebody has got."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from connector.models import Connection


@dataclass(frozen=True)
class Step:
    """One line of the checklist; `state` is todo, done or attention, `label` its word."""

    title: Promise
    state: str

    @property
    def label(self) -> Promise:
        return LABELS[self.state]


LABELS = {
    "todo": pgettext_lazy("installation checklist", "Not complete"),
    "done": pgettext_lazy("installation checklist", "Completed"),
    "attention": pgettext_lazy("installation checklist", "Needs attention"),
}


def steps(draft: Connection | None, current: Connection | None) -> list[Step]:
    """How far the set-up has got, by the draft if there is one, else by the connection in use."""
    known = draft or current
    authorized = known is not None and known.authorized_at is not None
    enabled = current is not None and draft is None
    lost = enabled and current is not None and current.needs_reauthorization
    return [
        Step(_("Register the portal in ServiceNow and enter its details here"), "done" if known else "todo"),
        Step(_("Authorize"), "attention" if lost else "done" if authorized else "todo"),
        Step(_("Confirm the integration user"), "done" if enabled else "todo"),
    ]
