"""What keeps tickets from moving, in a person's words, with the one button that fixes it.

`problems` says what is wrong.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.moments import exact
from connector.budget import allowed
from connector.health.error_help import OTHER, explain, tries_again
from connector.health.problems import Problem, problems_of
from connector.models import Connection


@dataclass(frozen=True)
class Alert:
    """A notice at the top of the ticket cards and of the connection's page."""

    title: str
    text: str
    tone: str = "warning"
    url: str = ""
    action: str = ""
    is_fixed_by_authorizing: bool = False


def alert_of(connection: Connection, now: datetime) -> Alert | None:
    """Say what is wrong with the connection in use, the first thing of all; None while nothing keeps tickets."""
    found = problems_of(connection, now)
    return next((_ALERTS[problem](connection, now) for problem in found if problem in _ALERTS), None)


def sign_in_alert(connection: Connection, now: datetime, found: Sequence[Problem]) -> Alert | None:
    """Say that somebody has to authorize again, where that is so or will soon be; `found` is what is wrong."""
    return next((_ALERTS[problem](connection, now) for problem in _BY_AUTHORIZING if problem in found), None)


def _needs_reauthorization(connection: Connection, now: datetime) -> Alert:
    return Alert(
        title=_("ServiceNow no longer accepts our sign-in"),
        text=_("Tickets wait here and nothing is lost. Authorize the connection again."),
        tone="danger",
        is_fixed_by_authorizing=True,
    )


def _secrets_unreadable(connection: Connection, now: datetime) -> Alert:
    explanation = explain(connection.instance.last_error) or OTHER
    return Alert(
        title=str(explanation.what),
        text=str(explanation.next_step),
        tone="danger",
        url=reverse("connector:setup"),
        action=_("Set up the connection"),
    )


def _token_refused(connection: Connection, now: datetime) -> Alert:
    return Alert(
        title=_("ServiceNow refuses our sign-in"),
        text=f"{_('Tickets wait here and nothing is lost.')} {tries_again(connection, now)}",
        tone="danger",
        url=reverse("connector:connection"),
        action=_("See what is wrong"),
    )


def _keyless(connection: Connection, now: datetime) -> Alert:
    """Say why nothing is sent to an instance whose records could not be found again, and what ends that."""
    table = connection.instance.keyless_table
    return Alert(
        title=_("ServiceNow keeps none of the keys by which records are found"),
        text=_(
            "A record came back without them, so a ticket whose answer gets lost could be made twice. Tickets wait here"
            " and nothing is lost. In ServiceNow, let the integration user write correlation_id of %(table)s: look for"
            " a field access rule, a read-only data policy or a business rule that clears it. Then try the fields; once"
            " a trial record keeps it, tickets are sent by themselves."
        )
        % {"table": table},
        tone="danger",
        url=reverse("tickets:fields", args=[table]),
        action=_("Try the fields"),
    )


def _rate_limited(connection: Connection, now: datetime) -> Alert:
    return _pause(_("ServiceNow asked to be left alone"), connection.instance.rate_limited_until or now)


def _budget(connection: Connection, now: datetime) -> Alert:
    free_at = connection.instance.calls_free_at(now, allowed())
    return _pause(_("This hour's calls to ServiceNow are used up"), free_at)


def _pause(title: str, until: datetime) -> Alert:
    """Say until when nothing is asked of the instance, or sent to it, and why."""
    return Alert(
        title=title,
        text=_("Tickets wait here and are sent by themselves from %(moment)s on.") % {"moment": exact(until)},
        url=reverse("connector:connection"),
        action=_("See the connection"),
    )


def _error(connection: Connection, now: datetime) -> Alert:
    return Alert(
        title=_("ServiceNow does not answer as it should"),
        text=_(
            "Tickets wait here and are sent by themselves when it does. What is shown is what was last seen."
        ),
        url=reverse("connector:connection"),
        action=_("See what is wrong"),
    )


def _ends_soon(connection: Connection, now: datetime) -> Alert:
    return Alert(
        title=_("The sign-in to ServiceNow ends soon"),
        text=_("Authorize the connection again, so that tickets keep being sent."),
        is_fixed_by_authorizing=True,
    )


_BY_AUTHORIZING = (Problem.NEEDS_REAUTHORIZATION, Problem.ENDS_SOON)
# A pause of a minute is not told: it ends before anybody has read of it.
_ALERTS: dict[Problem, Callable[[Connection, datetime], Alert]] = {
    Problem.NEEDS_REAUTHORIZATION: _needs_reauthorization,
    Problem.SECRETS_UNREADABLE: _secrets_unreadable,
    Problem.TOKEN_REFUSED: _token_refused,
    Problem.KEYLESS: _keyless,
    Problem.RATE_LIMITED: _rate_limited,
    Problem.BUDGET: _budget,
    Problem.ERROR: _error,
    Problem.ENDS_SOON: _ends_soon,
}
