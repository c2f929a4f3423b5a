"""What a shared improvement action's ticket proposes: the person may change all of it."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from scorecard.models import ImprovementAction
from scorecard.models.choices import Level
from scorecard.models.remediation import plain_text
from tickets.models.choices import Category, Kind, Priority
from tickets.models.ticket_type import DEFAULT
from tickets.records.payload import NAME_LENGTH, TEXT_LENGTH

_DAYS = {
    Priority.CRITICAL: 7,
    Priority.HIGH: 14,
    Priority.MODERATE: 30,
    Priority.LOW: 90,
    Priority.PLANNING: 180,
}
_CATEGORIES = {
    "Identity": Category.IDENTITY,
    "Data": Category.DATA,
    "Device": Category.DEVICES,
    "Apps": Category.APPS,
    "App": Category.APPS,
    "Infrastructure": Category.INFRASTRUCTURE,
}
# A state may list every user or device; what is to be done matters more.
_STATE_LENGTH = 800
# Microsoft's IDs, in lower case: "Ensure 'Phishing-resistant MFA strength' is required for Administrators" and "Ensure
# multifactor authentication is enabled for all users in administrative roles". Whoever holds such an account holds all.
_SIGN_IN_OF_ADMINISTRATORS = frozenset({"aad_phishing_mfa_strength", "adminmfav2"})
# Shares of the whole score, in per cent.
_HIGH_IMPACT, _MODERATE_IMPACT = 3.0, 1.0


@dataclass(frozen=True)
class Proposal:
    """The dialog's initial values."""

    name: str
    description: str
    kind: Kind
    priority: Priority
    reason: str
    due_on: date
    category: Category


def for_action(action: ImprovementAction, *, total: float | None, today: date) -> Proposal:
    """Propose a ticket for an action. `total` is the maximum of the whole score, where it is known."""
    priority, reason = priority_of(action, total)
    return Proposal(
        name=Truncator(action.title).chars(NAME_LENGTH),
        description=description(action),
        kind=DEFAULT,
        priority=priority,
        reason=reason,
        due_on=due_on(priority, today),
        category=category_of(action),
    )


def category_of(action: ImprovementAction) -> Category:
    """Translate Secure Score's category; one that Microsoft adds later counts as infrastructure."""
    return _CATEGORIES.get(action.category, Category.INFRASTRUCTURE)


def due_on(priority: Priority, today: date) -> date:
    """Return the day by which a task of this priority should be done."""
    return today + timedelta(days=_DAYS[priority])


def priority_of(action: ImprovementAction, total: float | None) -> tuple[Priority, str]:
    """Propose a priority and say why, in the reader's language. The rule: docs/decisions/0008-proposed-priority.md."""
    if (
        action.is_scored
        and not action.is_completed
        and action.control_id.casefold() in _SIGN_IN_OF_ADMINISTRATORS
    ):
        return Priority.HIGH, _(
            "High is proposed because this action protects the sign-in of administrators."
        )
    if not total or total <= 0 or action.max_score is None or action.score is None:
        return Priority.MODERATE, _("Moderate is proposed because the score impact is not known.")
    impact = 0.0 if action.is_completed else max(100 * (action.max_score - action.score) / total, 0.0)
    priority, reason = _by_impact(action, impact)
    if not action.is_regressed or priority == Priority.HIGH:
        return priority, reason
    words = {"impact": f"{impact:.2f}"}
    if priority == Priority.MODERATE:
        return Priority.HIGH, _(
            "High is proposed because this action lost points it had, for a score impact of %(impact)s%%."
        ) % words
    return Priority.MODERATE, _(
        "Moderate is proposed because this action lost points it had, for a score impact of %(impact)s%%."
    ) % words


def _by_impact(action: ImprovementAction, impact: float) -> tuple[Priority, str]:
    words = {"impact": f"{impact:.2f}"}
    if impact >= _HIGH_IMPACT:
        return Priority.HIGH, _("High is proposed because of the score impact of %(impact)s%%.") % words
    if impact < _MODERATE_IMPACT:
        little = _("Low is proposed because the score impact is only %(impact)s%%.") % words
        none = _("Low is proposed because there are no points left to gain.")
        return Priority.LOW, little if impact > 0 else none
    if action.user_impact == Level.HIGH:
        return Priority.LOW, _(
            "Low is proposed because the impact on users is high, so it needs preparation, for a score impact of"
            " %(impact)s%%."
        ) % words
    return Priority.MODERATE, _("Moderate is proposed because of the score impact of %(impact)s%%.") % words


def description(action: ImprovementAction, note: str = "") -> str:
    """Write the description, a note before it: where it grows too long, the steps are cut, and nothing after them."""
    points = "?" if action.score is None else f"{action.score:g}"
    most = "?" if action.max_score is None else f"{action.max_score:g}"
    what = (plain_text(action.description), _heading(_("Steps"), plain_text(action.remediation)))
    state = Truncator(plain_text(action.implementation_status)).chars(_STATE_LENGTH)
    tail = (
        _heading(_("Current state"), state),
        f"{_('Points achieved')}: {points}/{most}",
        f"{_('Improvement action')}: {settings.PUBLIC_URL}{action.get_absolute_url()}",
    )
    room = TEXT_LENGTH - len(_paragraphs(note, *tail)) - 2
    return _paragraphs(note, Truncator(_paragraphs(*what)).chars(room), *tail)


def _paragraphs(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)


def _heading(heading: str, text: str) -> str:
    return f"{heading}:\n{text}" if text else ""
