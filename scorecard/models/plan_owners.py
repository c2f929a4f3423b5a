"""What becomes of the plans of somebody who is deactivated."""

from django.db.models.functions import Now
from django.utils.translation import ngettext

from accounts.handover import Belongings
from accounts.models import AuditEntry, User
from scorecard.models.score import ActionPlan


def _count(owner: User) -> int:
    return ActionPlan.objects.open().filter(owner=owner).count()


def _words(count: int) -> str:
    said = ngettext(
        "%(count)d open action plan: whoever takes over becomes its owner.",
        "%(count)d open action plans: whoever takes over becomes their owner.",
        count,
    )
    return said % {"count": count}


def _hand_over(owner: User, to: User, by: User) -> None:
    """Make somebody else the owner of the plans that are still open. Each is in the audit log."""
    for plan in ActionPlan.objects.open().filter(owner=owner).select_related("action"):
        if ActionPlan.objects.filter(pk=plan.pk, owner=owner).update(owner=to, updated_at=Now()):
            AuditEntry.objects.record(
                actor=by,
                verb="plan.handed_over",
                target=plan.action.control_id,
                before=owner.username,
                after=to.username,
            )


PLANS = Belongings(_count, _words, _hand_over)
