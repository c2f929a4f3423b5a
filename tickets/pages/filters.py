"""Which tickets the list and the export show, and in what order. Both ask here, so that they always agree."""

from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Exists, F, OrderBy, OuterRef
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from connector.models import Connection, Instance
from scorecard.pages.list_filter import ANY
from scorecard.pages.sorting import Sorting
from tickets.models import Ticket
from tickets.models.choices import Category, Delivery, Kind, NormalizedState, Outcome, Priority, Source
from tickets.models.outcome import judged_until
from tickets.models.querysets import TicketQuerySet
from tickets.records.dates import today


class TicketSorting(Sorting):
    """The order of the tickets: the newest first unless asked otherwise."""

    sorts = {
        "created": ("created_at",),
        "name": (Lower("name"),),
        "number": ("number",),
        "kind": ("kind",),
        "priority": ("current_priority",),
        "status": ("delivery", "normalized_state"),
        "due": ("current_due_on",),
    }
    labels = {
        "name": _("Ticket name"),
        "number": pgettext_lazy("ticket", "Number"),
        "kind": pgettext_lazy("ticket", "Task type"),
        "priority": _("Priority"),
        "status": _("Status"),
        "due": _("Due date"),
        "created": _("Created"),
    }
    nullable = ("current_due_on",)
    usual = "-created"
    ties = (OrderBy(F("id")),)


class TicketFilter(forms.Form):
    """What to show of the tickets. Comes by GET; what it does not understand it ignores."""

    q = forms.CharField(label=_("Search"), required=False, max_length=200, widget=forms.SearchInput)
    kind = forms.ChoiceField(
        label=pgettext_lazy("ticket", "Task type"), required=False, choices=[*ANY, *Kind.choices]
    )
    status = forms.ChoiceField(label=_("Status"), required=False, choices=[*ANY, *NormalizedState.choices])
    delivery = forms.ChoiceField(
        label=pgettext_lazy("ticket", "Delivery"), required=False, choices=[*ANY, *Delivery.choices]
    )
    priority = forms.TypedChoiceField(
        label=_("Priority"), required=False, choices=[*ANY, *Priority.choices], coerce=int, empty_value=None
    )
    category = forms.ChoiceField(
        label=pgettext_lazy("ticket", "Recommendation category"),
        required=False,
        choices=[*ANY, *Category.choices],
    )
    source = forms.ChoiceField(
        label=_("Recommendation source"), required=False, choices=[*ANY, *Source.choices]
    )
    outcome = forms.ChoiceField(
        label=pgettext_lazy("ticket", "Outcome"), required=False, choices=[*ANY, *Outcome.choices]
    )
    instance = forms.ModelChoiceField(
        label=_("ServiceNow instance"),
        required=False,
        queryset=Instance.objects.none(),
        empty_label=pgettext_lazy("filter", "All"),
    )
    open = forms.BooleanField(label=_("Open only"), required=False)
    overdue = forms.BooleanField(label=_("Overdue only"), required=False)
    attention = forms.BooleanField(label=_("Needs attention only"), required=False)

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        has_tickets = Exists(Ticket.objects.filter(instance=OuterRef("pk")))
        # A card's list names the current instance, whether that has tickets yet or not.
        is_current = Exists(Connection.objects.current().filter(instance=OuterRef("pk")))
        instances = Instance.objects.filter(has_tickets | is_current).order_by("host")
        field = self.fields["instance"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = instances

    @property
    def has_several_instances(self) -> bool:
        """Whether there is a choice between instances."""
        field = self.fields["instance"]
        return isinstance(field, forms.ModelChoiceField) and len(field.queryset or ()) > 1

    @property
    def is_filtering(self) -> bool:
        """Whether anything is left out that the plain list shows."""
        return any(self._values().values())

    def select(self) -> TicketQuerySet:
        """Return the tickets asked for."""
        values = self._values()
        found = Ticket.objects.search(values.get("q", ""))
        columns = {
            "kind": "kind",
            "delivery": "delivery",
            "priority": "current_priority",
            "category": "recommendation_category",
            "source": "recommendation_source",
            "instance": "instance",
        }
        found = found.filter(**{columns[name]: values[name] for name in columns if values.get(name)})
        if values.get("status"):
            found = found.normalized_state(NormalizedState(values["status"]))
        if values.get("outcome"):
            found = found.with_only(Outcome(values["outcome"]), judged_until(self.now))
        if values.get("open"):
            found = found.open()
        if values.get("overdue"):
            found = found.overdue(today(self.now))
        if values.get("attention"):
            found = found.needing_attention()
        return found

    def _values(self) -> dict[str, Any]:
        self.full_clean()
        return getattr(self, "cleaned_data", {})
