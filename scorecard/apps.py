from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ScorecardConfig(AppConfig):
    name = "scorecard"
    verbose_name = _("Secure Score")

    def ready(self) -> None:
        """Register the app's permissions."""
        from accounts import roles  # noqa: PLC0415  It needs the models, which are loaded by now.

        roles.register(
            reader=[
                "scorecard.view_actionplan",
                "scorecard.view_improvementaction",
                "scorecard.view_scoreday",
            ],
            security_administrator=["scorecard.change_actionplan", "scorecard.read_secure_score"],
            administrator=["scorecard.view_controlscoreday", "scorecard.view_importstate"],
        )
