from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts import audit_labels

AUDIT_LABELS = {
    "plan.handed_over": pgettext_lazy("audit", "Action plan given another owner"),
}


class ScorecardConfig(AppConfig):
    name = "scorecard"
    verbose_name = _("Secure Score")

    def ready(self) -> None:
        """Register the app's permissions, audit label, and what people look after."""
        from accounts import handover, roles  # noqa: PLC0415  They need the models, which are loaded by now.
        from scorecard.models.plan_owners import PLANS  # noqa: PLC0415  The same.

        audit_labels.register(AUDIT_LABELS)
        handover.register(PLANS)
        roles.register(
            reader=[
                "scorecard.view_actionplan",
                "scorecard.view_improvementaction",
                "scorecard.view_scoreday",
            ],
            security_administrator=["scorecard.change_actionplan", "scorecard.read_secure_score"],
            administrator=["scorecard.view_controlscoreday", "scorecard.view_importstate"],
        )
