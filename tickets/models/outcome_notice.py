"""What is said of a ticket by the points of its action; nothing is done by itself."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tickets.models.choices import Outcome


@dataclass(frozen=True)
class OutcomeNotice:
    """A badge in lists, and a notice on the ticket's page and on that of its action."""

    label: str | Promise
    tone: str
    title: str | Promise
    text: str | Promise
    offers_new_ticket: bool = True


OUTCOME_NOTICES: Mapping[str, OutcomeNotice] = {
    Outcome.POINTS_REACHED: OutcomeNotice(
        Outcome.POINTS_REACHED.label,
        "success",
        _("The improvement action has all its points"),
        _(
            "Microsoft counts it as completed, and this ticket is still open. Whoever works on it can close it in "
            "ServiceNow."
        ),
        offers_new_ticket=False,
    ),
    Outcome.NOT_EFFECTIVE: OutcomeNotice(
        Outcome.NOT_EFFECTIVE.label,
        "warning",
        _("Closed, but without more points"),
        _(
            "The ticket was closed more than a week ago, and the action has no more points than before. Look at what "
            "was done, or create a new ticket."
        ),
    ),
    Outcome.REGRESSED: OutcomeNotice(
        Outcome.REGRESSED.label,
        "danger",
        Outcome.REGRESSED.label,
        _(
            "The action had all its points and has lost some since. Reopen the ticket in ServiceNow if it can be "
            "reopened there, or create a new one."
        ),
    ),
}
