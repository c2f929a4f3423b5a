"""Which improvement actions the list shows, and in what order."""

from functools import cache
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from scorecard.models import ImprovementAction, ImprovementActionQuerySet
from scorecard.models.choices import Category, Status
from scorecard.pages.list_filter import ANY, ListFilter
from scorecard.pages.sorting import ActionSorting


class ActionFilter(ListFilter):
    """What to show of the improvement actions. Without `person` nobody's own can be asked for."""

    q = forms.CharField(label=_("Search"), required=False, max_length=200)
    status = forms.ChoiceField(
        label=pgettext_lazy("action", "Status"), required=False, choices=[*ANY, *Status.choices]
    )
    category = forms.ChoiceField(label=_("Category"), required=False)
    mine = forms.BooleanField(label=pgettext_lazy("actions", "Mine only"), required=False)
    regressed = forms.BooleanField(label=_("Regressed only"), required=False)

    def __init__(self, *args: Any, person: User | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        category = self.fields["category"]
        if isinstance(category, forms.ChoiceField):
            # Looked up only where there is something to choose, and once.
            category.choices = cache(_categories)

    def select(self) -> ImprovementActionQuerySet:
        """Return the actions asked for."""
        values = self.values
        actions = ImprovementAction.objects.all()
        actions = actions.with_status(values["status"]) if values.get("status") else actions.scored()
        if values.get("category"):
            actions = actions.in_category(values["category"])
        if values.get("mine") and self.person:
            actions = actions.owned_by(self.person)
        if values.get("regressed"):
            actions = actions.regressed()
        return actions.search(self.searched)


def for_sorting(
    actions: ImprovementActionQuerySet, sorting: ActionSorting, total: float | None
) -> ImprovementActionQuerySet:
    """Add what actions are sorted by. `total` is the maximum of the whole score, for the score impact."""
    actions = actions.with_impact(total).with_finished()
    return actions.with_ticket_count() if sorting.key == "tickets" else actions


def _categories() -> list[tuple[str, Any]]:
    """Microsoft's categories, and any other that an import brought."""
    stored = set(ImprovementAction.objects.order_by().values_list("category", flat=True).distinct())
    others = sorted(stored - set(Category.values) - {""})
    return [*ANY, *Category.choices, *((name, name) for name in others)]
