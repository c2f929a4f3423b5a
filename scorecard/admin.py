from django.contrib import admin
from django.http import HttpRequest

from accounts.form_drafts_admin import KeptAdmin
from accounts.read_only import ReadOnlyAdmin
from scorecard.models import ActionPlan, ControlScoreDay, ImportState, ImprovementAction, ScoreDay
from scorecard.pages.plan_form import PlanForm


@admin.register(ImprovementAction)
class ImprovementActionAdmin(ReadOnlyAdmin):
    list_display = ("title", "control_id", "category", "product", "score", "max_score", "rank", "is_scored")
    list_filter = ("is_scored", "category", "has_profile", "deprecated", "product")
    search_fields = ("title", "control_id")


@admin.register(ActionPlan)
class ActionPlanAdmin(KeptAdmin):
    list_display = ("action", "status", "owner", "due_on", "updated_at")
    list_filter = ("status",)
    list_select_related = ("action", "owner")
    search_fields = ("action__title", "action__control_id", "notes")
    form = PlanForm
    # Owners are a plain list, tens of people: Django's box that completes their names (select2) has no name of its own
    # for a screen reader while it is empty.

    def get_readonly_fields(self, request: HttpRequest, obj: ActionPlan | None = None) -> tuple[str, ...]:
        """A plan stays with its action."""
        return ("action",) if obj else ()


@admin.register(ScoreDay)
class ScoreDayAdmin(ReadOnlyAdmin):
    list_display = ("scored_on", "current_score", "max_score", "active_users", "licensed_users")
    date_hierarchy = "scored_on"


@admin.register(ControlScoreDay)
class ControlScoreDayAdmin(ReadOnlyAdmin):
    list_display = ("scored_on", "action", "score", "max_score", "percentage", "category", "state")
    list_select_related = ("action",)
    search_fields = ("action__title", "action__control_id")
    date_hierarchy = "scored_on"


@admin.register(ImportState)
class ImportStateAdmin(ReadOnlyAdmin):
    list_display = ("succeeded_at", "source", "failed_at", "failure", "left_out_count")
