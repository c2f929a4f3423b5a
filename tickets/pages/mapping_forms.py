"""Choosing a field to map, and what it gets."""

import re
from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from connector.servicenow.records import SYS_ID
from tickets.configuration.field_options import LIMIT, REFERENCES, FieldOptions
from tickets.delivery.mapped_fields import word_of
from tickets.models.field_mapping import FIELD_NAME, OWN_VALUES, RESERVED, FieldMapping, ValueSource


class FieldForm(forms.Form):
    """Which field. Its name as ServiceNow's dictionary has it."""

    field = forms.CharField(
        label=pgettext_lazy("ServiceNow", "Field"),
        max_length=80,
        help_text=_("Its name in ServiceNow's dictionary, such as assignment_group or u_cost_center."),
    )

    def clean_field(self) -> str:
        """Refuse what is no field name, and the fields that the portal sends itself."""
        field: str = self.cleaned_data["field"].strip().lower()
        if not FIELD_NAME.match(field):
            raise forms.ValidationError(gettext("A field's name has small letters, digits and underscores."))
        if field in RESERVED:
            raise forms.ValidationError(
                gettext("No mapping sets this field: the portal does, or those who work on the record.")
            )
        return field


class ValueForm(FieldForm):
    """What the field gets: one of what the instance offers, or what is typed where it offers nothing."""

    source = forms.ChoiceField(label=pgettext_lazy("field mapping", "Value from"), choices=ValueSource)
    value = forms.CharField(label=_("Value"), max_length=1000, required=False)

    def __init__(self, *args: Any, offer: FieldOptions, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer = offer
        self.fields["field"].widget = forms.HiddenInput()
        if offer.is_cut:
            record = gettext(
                "Only the first %(limit)d are suggested. Type another one's exact name, or its sys_id."
            )
            other = gettext(
                "Only the first %(limit)d are suggested. Type another value as ServiceNow stores it."
            )
            _suggest(self, "value", record if self._wants_record else other)
        elif offer.values:
            self.fields["value"] = forms.ChoiceField(
                label=_("Value"), required=False, choices=[("", "–"), *offer.values]
            )
        self._add_table()

    def _add_table(self) -> None:
        """Ask what each of our own values becomes, where the field has values of its own or does not tell them."""
        told = self.data if self.is_bound else self.initial
        source = str(told.get("source") or "")
        own = OWN_VALUES.get(ValueSource(source)) if source in ValueSource.values else None
        if own is None or (self.offer.readable and not self.offer.values):
            return
        for ours, words in own:
            name = f"for_{ours}"
            label = format_lazy(
                _("{source} “{value}” becomes"), source=ValueSource(source).label, value=words
            )
            is_list = bool(self.offer.values) and not self.offer.is_cut
            self.fields[name] = (
                forms.ChoiceField(
                    label=label, required=False, choices=[("", _("(not sent)")), *self.offer.values]
                )
                if is_list
                else forms.CharField(label=label, required=False, max_length=1000)
            )
            if self.is_bound and name not in self.data:
                self.initial[name] = self._meant(ValueSource(source), ours)

    def _meant(self, source: ValueSource, ours: str) -> str:
        """Return the field's value that is called as one of ours is; empty where there is none."""
        found = self.offer.meant(word_of(source, ours)) or self.offer.meant(ours)
        return found[0] if len(found) == 1 else ""

    @property
    def _wants_record(self) -> bool:
        return (self.data if self.is_bound else self.initial).get("field") in REFERENCES

    def clean_value(self) -> str:
        """Take a label for its value, and refuse what can be no reference."""
        typed: str = self.cleaned_data["value"]
        if self.cleaned_data.get("source") != ValueSource.FIXED or not typed:
            return typed
        return value_of(typed, self.offer, wants_record=self._wants_record)

    def clean(self) -> dict[str, Any]:
        """Want a value where a fixed one is chosen."""
        cleaned = super().clean() or {}
        if (
            cleaned.get("source") == ValueSource.FIXED
            and not cleaned.get("value")
            and "value" not in self.errors
        ):
            self.add_error("value", gettext("Give the value that every ticket gets."))
        asked = [name for name in self.fields if name.startswith("for_")]
        if self.offer.values and asked and not any(name in self.data for name in asked):
            self._match(cleaned, asked)
        return cleaned

    def _match(self, cleaned: dict[str, Any], asked: list[str]) -> None:
        """Take what is called alike on both sides; ask the person for the rest."""
        meant = {name: str(self.initial.get(name, "")) for name in asked}
        if all(meant.values()):
            cleaned.update(meant)
            return
        # What is shown next is what was found so far.
        self.data = {**dict(self.data.items()), **meant}
        raise forms.ValidationError(
            gettext(
                "This field has values of its own in ServiceNow. Choose what each of ours becomes, then save."
            )
        )

    def save(self, **of: Any) -> FieldMapping:
        """Store the mapping, in place of one that there was for the field."""
        data = self.cleaned_data
        value = data["value"] if data["source"] == ValueSource.FIXED else ""
        table = {name.removeprefix("for_"): data[name] for name in data if name.startswith("for_")}
        mapping, _created = FieldMapping.objects.update_or_create(
            **of,
            field=data["field"],
            defaults={
                "source": data["source"],
                "value": value,
                "values": table if any(table.values()) else {},
                "value_labels": {
                    one: self.offer.label(one) for one in table.values() if self.offer.label(one)
                },
                "label": self.offer.label(value)[:200],
            },
        )
        return mapping


class TemplateForm(forms.Form):
    """Which standard change template: one of what the instance offers, or its sys_id where it offers nothing."""

    template = forms.CharField(
        label=pgettext_lazy("standard change", "Template"),
        max_length=200,
        required=False,
        help_text=_("Its sys_id: 32 letters and digits. Leave it empty for none."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, offer: FieldOptions, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer = offer
        if offer.is_cut:
            hint = gettext("Only the first %(limit)d are suggested. Type the sys_id of another one.")
            _suggest(self, "template", hint)
        elif offer.values:
            self.fields["template"] = forms.ChoiceField(
                label=self.fields["template"].label,
                required=False,
                choices=[("", pgettext_lazy("standard change", "None")), *offer.values],
            )

    def clean_template(self) -> str:
        """Take a name for its sys_id, and refuse what is none."""
        typed: str = self.cleaned_data["template"]
        return typed and value_of(typed, self.offer, wants_record=True)


def _suggest(form: "ValueForm | TemplateForm", name: str, hint: str) -> None:
    """Let the field stay one to type in, with the first of what is on offer as suggestions."""
    field = form.fields[name]
    field.help_text = hint % {"limit": LIMIT}
    field.widget.attrs["list"] = "offered"
    field.widget.attrs.pop("autocomplete", None)
    form.initial[name] = form.offer.typed(form.initial.get(name, ""))


def value_of(typed: str, offer: FieldOptions, *, wants_record: bool) -> str:
    """Take a label for its value. Raises a ValidationError for what can be no reference where one is wanted."""
    meant = offer.meant(typed)
    if len(meant) > 1:
        raise forms.ValidationError(
            gettext("More than one has this name. Type the sys_id of the one you mean.")
        )
    if meant or not wants_record or re.fullmatch(SYS_ID, typed):
        return meant[0] if meant else typed
    if offer.is_cut:
        raise forms.ValidationError(gettext("Nothing with exactly this name was found. Type its sys_id."))
    raise forms.ValidationError(gettext("A sys_id has 32 small letters and digits, from a to f and 0 to 9."))
