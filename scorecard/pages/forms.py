from typing import Any, TypeVar

from django import forms
from django.db.models import F, OrderBy, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from scorecard.models import ImprovementAction, ImprovementActionQuerySet
from scorecard.models.choices import Category, Status

Rows = TypeVar("Rows", bound=QuerySet[Any])
ANY = [("", pgettext_lazy("filter", "All"))]

# What the list can be sorted by: its column's key, and the fields behind it.
SORTS: dict[str, tuple[str, ...]] = {
    "rank": ("rank",),
    "title": ("title",),
    "impact": ("impact",),
    "points": ("score", "max_score"),
    "category": ("category",),
    "product": ("product",),
    "synced": ("last_synced_at",),
    "tickets": ("ticket_count",),
}


class ActionFilter(forms.Form):
    """What to show of the improvement actions. Comes by GET; what it does not understand it ignores."""

    q = forms.CharField(label=_("Search"), required=False, max_length=200, widget=forms.SearchInput)
    category = forms.ChoiceField(label=_("Category"), required=False)
    status = forms.ChoiceField(
        label=pgettext_lazy("action", "Status"), required=False, choices=[*ANY, *Status.choices]
    )
    regressed = forms.BooleanField(label=_("Regressed only"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        category = self.fields["category"]
        if isinstance(category, forms.ChoiceField):
            category.choices = [*ANY, *_categories()]

    @property
    def is_filtering(self) -> bool:
        """Whether anything is left out that the plain list shows."""
        return any(self._values().values())

    def select(self, total: float | None) -> ImprovementActionQuerySet:
        """Return the actions asked for. `total` is the maximum of the whole score, for the score impact."""
        values = self._values()
        actions = ImprovementAction.objects.all()
        actions = actions.with_status(values["status"]) if values.get("status") else actions.scored()
        if values.get("category"):
            actions = actions.in_category(values["category"])
        if values.get("regressed"):
            actions = actions.regressed()
        return actions.search(values.get("q", "")).with_impact(total).with_ticket_count()

    def _values(self) -> dict[str, Any]:
        self.full_clean()
        return getattr(self, "cleaned_data", {})


class Sorting:
    """The order of a list: `-impact` is by score impact, the highest first. Unknown values come last."""

    sorts = SORTS
    usual = "rank"
    # These settle what is equal otherwise, so that pages neither repeat nor lose a row.
    ties: tuple[str, ...] = ("title", "control_id")

    def __init__(self, asked: str) -> None:
        known = asked if asked.removeprefix("-") in self.sorts else self.usual
        self.key = known.removeprefix("-")
        self.descending = known.startswith("-")

    def apply(self, rows: Rows) -> Rows:
        """Sort the rows."""
        order = [
            OrderBy(F(name), descending=self.descending, nulls_last=True) for name in self.sorts[self.key]
        ]
        return rows.order_by(*order, *self.ties)

    def states(self) -> dict[str, dict[str, str]]:
        """For each column: `aria` for its header, and `next`, the order that choosing it asks for."""
        return {
            key: {
                "aria": ("descending" if self.descending else "ascending") if key == self.key else "",
                "next": f"-{key}" if key == self.key and not self.descending else key,
            }
            for key in self.sorts
        }


def _categories() -> list[tuple[str, Any]]:
    """Microsoft's categories, and any other that an import brought."""
    stored = set(ImprovementAction.objects.order_by().values_list("category", flat=True).distinct())
    return [*Category.choices, *((name, name) for name in sorted(stored - set(Category.values) - {""}))]
