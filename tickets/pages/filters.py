"""Which tickets the list and the export show, and in what order. Both ask here, so that they always agree."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property, partial
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import F, OrderBy
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from scorecard.pages.list_filter import ANY, ListFilter
from scorecard.pages.sorting import Sorting
from tickets.models import Ticket
from tickets.models.choices import Category, Delivery, Kind, NormalizedState, Outcome, Priority, Source
from tickets.models.filter_choices import filter_choices
from tickets.models.outcome import judged_until
from tickets.models.outcomes_of import tickets_with
from tickets.models.querysets import Counts, TicketQuerySet
from tickets.models.ticket import LABEL_LENGTH
from tickets.records.dates import today

# Filters whose choices are what tickets have.
_STORED = {"assignee": "assignee", "group": "assignment_group", "instance": "instance"}


_COLUMNS = {
    "kind": "kind",
    "delivery": "delivery",
    "priority": "current_priority",
    "category": "recommendation_category",
    "source": "recommendation_source",
    "instance": "instance",
}
# What only open tickets meet.
_OF_OPEN = ("open", "overdue")


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
        "assignee": (Lower("assignee"),),
        "group": (Lower("assignment_group"),),
    }
    labels = {
        "name": _("Ticket name"),
        "number": pgettext_lazy("ticket", "Number"),
        "status": _("Status"),
        "priority": _("Priority"),
        "due": _("Due date"),
        "assignee": _("Assigned to"),
        "group": _("Assignment group"),
        "kind": pgettext_lazy("ticket", "Task type"),
        "created": _("Created"),
    }
    nullable = ("current_due_on", Lower("assignee"), Lower("assignment_group"))
    usual = "-created"

    def _ties(self) -> tuple[OrderBy, ...]:
        # Where equals are turned round as well, one index serves both directions.
        if self.key == "created":
            return (OrderBy(F("id"), descending=self.descending),)
        return tuple(OrderBy(F(column), descending=not self.descending) for column in ("created_at", "id"))


class _AsStored(forms.ChoiceField):
    """A choice between what tickets have, which is looked up only where it is shown; any other finds nothing."""

    def __init__(self, *, is_valid: Callable[[str], bool], **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)
        self.is_valid = is_valid

    def valid_value(self, value: str) -> bool:
        """Whether some ticket might have it."""
        return self.is_valid(value)


def _is_label(value: str) -> bool:
    return len(value) <= LABEL_LENGTH and "\0" not in value


def _is_key(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) < 18  # More is no key of any database.


class TicketFilter(ListFilter):
    """What to show of the tickets. Without `person` nobody's own can be asked for."""

    # The type stands above the list.
    apart = ("q", "kind")

    q = forms.CharField(label=_("Search"), required=False, max_length=200)
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
    assignee = _AsStored(label=_("Assigned to"), is_valid=_is_label)
    group = _AsStored(label=_("Assignment group"), is_valid=_is_label)
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
    instance = _AsStored(label=_("ServiceNow instance"), is_valid=_is_key)
    mine = forms.BooleanField(label=pgettext_lazy("tickets", "Mine only"), required=False)
    open = forms.BooleanField(label=_("Open only"), required=False)
    overdue = forms.BooleanField(label=_("Overdue only"), required=False)
    attention = forms.BooleanField(label=_("Needs attention only"), required=False)

    def __init__(self, *args: Any, now: datetime, person: User | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now, self.person = now, person
        for name, column in _STORED.items():
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField):
                field.choices = partial(self._choices_of, column)

    def _choices_of(self, column: str) -> list[tuple[Any, Any]]:
        return [*ANY, *self._stored[column]]

    def select(self) -> TicketQuerySet:
        """Return the tickets asked for."""
        values = self.values
        found = self._matching(by_index=not any(values.get(name) for name in _OF_OPEN))
        if values.get("open"):
            found = found.open()
        if values.get("overdue"):
            found = found.overdue(today(self.now))
        return found

    def counts(self) -> Counts:
        """Count the tickets asked for that are open."""
        found = self._matching(by_index=False)
        if self.values.get("overdue"):
            found = found.overdue(today(self.now))
        return found.counts(today(self.now))

    def _matching(self, *, by_index: bool) -> TicketQuerySet:
        """Return the tickets asked for, open or not; without `by_index` as `TicketQuerySet.having` says."""
        values = self.values
        found = self._searched
        asked = {column: values[name] for name, column in _COLUMNS.items() if values.get(name)}
        if values.get("mine") and self.person:
            asked["requested_by__in"] = Ticket.objects.looked_after_by(self.person)
        found = found.having(asked, by_index=by_index)
        for name, column in (("assignee", "assignee"), ("group", "assignment_group")):
            if values.get(name):
                found = found.with_label(column, values[name], by_index=by_index)
        if values.get("status"):
            found = found.normalized_state(NormalizedState(values["status"]), by_index=by_index)
        if values.get("outcome"):
            found = found.filter(pk__in=self._with_outcome)
        if values.get("attention"):
            found = found.needing_attention(by_index=by_index)
        return found

    def _behind(self) -> Iterator[tuple[str, forms.Field]]:
        for name, field in super()._behind():
            # A choice of one instance is none.
            if name != "instance" or self.values.get(name) or len(self._stored["instance"]) > 1:
                yield name, field

    @cached_property
    def _searched(self) -> TicketQuerySet:
        # Whether there is a ticket of a whole number is asked once.
        return Ticket.objects.search(self.searched)

    @cached_property
    def _with_outcome(self) -> list[UUID]:
        return tickets_with(Outcome(self.values["outcome"]), self.judged_until)

    @cached_property
    def judged_until(self) -> datetime | None:
        """The moment up to which the scores speak about what was done; None without any score."""
        return judged_until(self.now)

    @cached_property
    def _stored(self) -> Mapping[str, Sequence[tuple[str, str]]]:
        return filter_choices()
