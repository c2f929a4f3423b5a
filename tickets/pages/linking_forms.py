"""What a person says of a ticket whose delivery did not go by itself: which record is its own, and what to change."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from connector.servicenow.records import SYS_ID
from tickets.actions import edit
from tickets.actions.link import Reason
from tickets.actions.share import TicketRequest
from tickets.configuration.field_options import REFERENCES, FieldOptions
from tickets.models import Ticket
from tickets.models.choices import Category, Kind
from tickets.models.ticket_type import TYPES
from tickets.pages.forms import NewTicketForm, WrittenForm
from tickets.pages.mapping_forms import value_of
from tickets.records import reference
from tickets.records.reference import Reference


class RecordForm(forms.Form):
    """Which record to look for."""

    record = forms.CharField(
        label=_("Number or address of the record"),
        max_length=reference.LONGEST,
        error_messages={"required": _("Enter a number or an address.")},
    )

    def __init__(self, *args: Any, kind: Kind, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        said = gettext(
            "Such as %(number)s, or what your browser shows as the record's address in ServiceNow."
        )
        self.fields["record"].help_text = said % {"number": TYPES[kind].example_number}

    def clean_record(self) -> Reference:
        """Refuse what names no record."""
        found = reference.read(self.cleaned_data["record"])
        if found is None:
            raise forms.ValidationError(
                gettext(
                    "This names no record. Enter its number, or copy the address of its own page in ServiceNow."
                )
            )
        return found


class ChosenForm(forms.Form):
    """The record that was chosen, and the records that were shown."""

    sys_id = forms.RegexField(rf"^{SYS_ID}\Z", widget=forms.HiddenInput)
    seen = forms.CharField(required=False, max_length=10_000, widget=forms.HiddenInput)

    def clean_seen(self) -> frozenset[str]:
        """Return the sys_ids of the records that were shown."""
        return frozenset(self.cleaned_data["seen"].split())


class UnlinkForm(forms.Form):
    """Why a link is taken away. Carries the record, so that no other link is."""

    sys_id = forms.CharField(max_length=32, widget=forms.HiddenInput, required=False)
    reason = forms.ChoiceField(
        label=_("Why is it unlinked?"),
        choices=Reason,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a reason.")},
    )

    def __init__(self, data: Any = None, *, ticket: Ticket) -> None:
        super().__init__(data, initial={"sys_id": ticket.sys_id})
        reason = self.fields["reason"]
        # Where two records were found, none was linked that could be the wrong one.
        if not ticket.is_delivered and isinstance(reason, forms.ChoiceField):
            reason.choices = [choice for choice in Reason.choices if choice[0] != Reason.WRONG]


@dataclass(frozen=True)
class ExtraField:
    """A field that ServiceNow wants of a ticket, by its name and by what ServiceNow calls it, and what it may hold."""

    field: str
    name: str
    offer: FieldOptions

    def form_field(self) -> forms.Field:
        """Return the field of a form: a list where the instance offers one, else something to type in."""
        hint = _("ServiceNow wants this field. Left empty, it gets what is mapped to it, if anything.")
        if self.offer.values and not self.offer.is_cut:
            options = [("", "–"), *self.offer.values]
            return forms.ChoiceField(label=self.name, required=False, choices=options, help_text=hint)
        typed = _("Type the exact name or the sys_id of a record, or a value as ServiceNow stores it.")
        return forms.CharField(
            label=self.name, required=False, max_length=1000, help_text=format_lazy("{} {}", hint, typed)
        )

    def value(self, typed: str) -> str:
        """Take a label for its value. Raises a ValidationError for what can be no reference where one is wanted."""
        return typed and value_of(typed, self.offer, wants_record=self.field in REFERENCES)

    def stored(self, value: str) -> dict[str, str]:
        """Return what the ticket keeps of it."""
        return {"name": self.name, "value": value, "label": self.offer.label(value)}


class EditForm(WrittenForm):
    """A ticket that needs attention, to be sent again. Carries its version: nobody's edits are undone unseen."""

    category = forms.ChoiceField(label=pgettext_lazy("ticket", "Recommendation category"), choices=Category)
    version = forms.IntegerField(widget=forms.HiddenInput)
    a_second_is_wanted = forms.BooleanField(
        label=_("Send it although there may be a second record then"),
        error_messages={"required": _("Tick the box, or link the ticket to the record that exists.")},
    )

    def __init__(
        self, data: Any = None, *, ticket: Ticket, today: date, extras: Sequence[ExtraField] = ()
    ) -> None:
        initial = {name: getattr(ticket, name) for name in edit.EDITABLE if name != "recommendation_category"}
        self.current = edit.version_of(ticket)
        initial |= {"category": ticket.recommendation_category, "version": self.current}
        super().__init__(data, initial=initial, today=today)
        if ticket.action_id:
            del self.fields["category"]
        if ticket.may_be_sent_again:
            del self.fields["a_second_is_wanted"]
        if ticket.sent_at:
            self.fields["kind"].disabled = True
            self.fields["kind"].help_text = _(
                "Cannot be changed: an earlier attempt may have arrived in ServiceNow."
            )
        self.extras = {f"extra_{extra.field}": extra for extra in extras}
        for name, extra in self.extras.items():
            self.fields[name] = extra.form_field()
            chosen = ticket.extra_fields.get(extra.field, {})
            self.initial[name] = chosen.get("value", "")

    def clean(self) -> dict[str, Any]:
        """Refuse to overwrite what somebody else edited, once: the next time it is no surprise."""
        cleaned = super().clean()
        for name, extra in self.extras.items():
            try:
                cleaned[name] = extra.value(cleaned.get(name, ""))
            except forms.ValidationError as wrong:
                self.add_error(name, wrong)
        if cleaned.get("version", self.current) != self.current:
            self.data = {**dict(self.data.items()), "version": str(self.current)}
            raise forms.ValidationError(
                gettext(
                    "Somebody edited this ticket in the meantime. Its page says what they changed. Send again to "
                    "overwrite that."
                )
            )
        return cleaned

    def values(self) -> dict[str, Any]:
        """Return the ticket's columns as typed. Only for a valid form."""
        names = {"category": "recommendation_category"}
        kept = ("kind", "name", "description", "priority", "due_on", "category")
        values = {
            names.get(name, name): self.cleaned_data[name] for name in kept if name in self.cleaned_data
        }
        chosen = {extra.field: extra.stored(self.cleaned_data[name]) for name, extra in self.extras.items()}
        return values | {"extra_fields": {field: one for field, one in chosen.items() if one["value"]}}


class AnewForm(NewTicketForm):
    """An unlinked ticket, to be sent as another one. Filled in from it."""

    a_second_is_wanted = forms.BooleanField(
        label=_("Create another record. The one before stays in ServiceNow as it is."),
        error_messages={"required": _("Tick the box to create another record.")},
    )
    field_order = [*NewTicketForm.field_order, "a_second_is_wanted"]

    def __init__(
        self, data: Any = None, *, ticket: Ticket, today: date, new_id: uuid.UUID | None = None
    ) -> None:
        initial = {name: getattr(ticket, name) for name in edit.EDITABLE if name != "recommendation_category"}
        initial |= {"category": ticket.recommendation_category, "ticket_id": new_id or uuid.uuid4()}
        super().__init__(data, initial=initial, today=today)
        self.ticket = ticket
        if ticket.action_id:
            del self.fields["category"]

    def ticket_request(self) -> TicketRequest:
        """Return what was asked for; where it comes from stays as it was."""
        return {
            **super().ticket_request(),
            "recommendation_source": self.ticket.recommendation_source,
            "recommendation_category": self.cleaned_data.get("category", self.ticket.recommendation_category),
            "is_extra": self.ticket.is_extra,
        }
