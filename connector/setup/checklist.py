"""The steps of setting the connection up, and how far somebody has got."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from connector.health.check_texts import CheckLine, Verdict
from connector.health.tables import TABLES
from connector.models import Connection

LABELS = {
    "todo": pgettext_lazy("installation checklist", "Not complete"),
    "entered": pgettext_lazy("installation checklist", "Entered, not yet tried"),
    "done": pgettext_lazy("installation checklist", "Completed"),
    "attention": pgettext_lazy("installation checklist", "Needs attention"),
}
TONES = {"todo": "neutral", "entered": "neutral", "done": "success", "attention": "danger"}
# The step at which each failure of an authorization is fixed; the others are fixed by authorizing again.
MENDED_AT = {
    "unreachable": "entity",
    "address_refused": "entity",
    "certificate_refused": "entity",
    "host_refused": "entity",
    "not_found": "entity",
    "token_refused": "entity",
    "code_refused": "entity",
    "wrong_instance": "entity",
    "wrong_key": "entity",
    "misplaced_secret": "entity",
    "no_client_secret": "entity",
    "login_page": "user",
    "not_authenticated": "user",
    "forbidden": "user",
}
ABOUT_USER = ("user", "roles", *TABLES)


@dataclass(frozen=True)
class Step:
    """One line of the checklist; `state` is todo, entered, done or attention."""

    name: str
    title: Promise
    state: str

    @property
    def needs_attention(self) -> bool:
        return self.state == "attention"

    @property
    def label(self) -> Promise:
        return LABELS[self.state]

    @property
    def tone(self) -> str:
        return TONES[self.state]


def steps(
    draft: Connection | None, current: Connection | None, checks: Sequence[CheckLine] = (), problem: str = ""
) -> dict[str, Step]:
    """How far the set-up has got, by the draft if there is one, else by the connection in use.

    `checks` are those of the connection in use, `problem` the code of what went wrong just now.
    """
    known = draft or current
    states = {
        "entity": _entity(known),
        "user": _user(known, [] if draft else checks),
        "authorize": _authorize(draft, current),
        "checks": _checks([] if draft else checks),
    }
    if problem and problem != "not_connected":
        states[MENDED_AT.get(problem, "authorize")] = "attention"
    titles = {
        "entity": _("OAuth entity"),
        "user": _("Integration user"),
        "authorize": _("Authorize"),
        "checks": pgettext_lazy("installation checklist", "Checks"),
    }
    return {name: Step(name, title, states[name]) for name, title in titles.items()}


def _entity(known: Connection | None) -> str:
    """Only a token shows that the instance and the client are right."""
    if known is None:
        return "todo"
    return "done" if known.authorized_at is not None else "entered"


def _user(known: Connection | None, checks: Sequence[CheckLine]) -> str:
    if any(line.verdict == Verdict.ATTENTION for line in checks if line.name in ABOUT_USER):
        return "attention"
    return "done" if known is not None and known.authorized_at is not None else "todo"


def _authorize(draft: Connection | None, current: Connection | None) -> str:
    if draft is not None or current is None:
        return "todo"
    return "attention" if current.needs_reauthorization or current.token_refusals else "done"


def _checks(checks: Sequence[CheckLine]) -> str:
    if any(line.verdict == Verdict.ATTENTION for line in checks):
        return "attention"
    return "done" if checks else "todo"
