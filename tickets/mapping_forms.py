"""Choosing a field to map, and what it gets."""

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from tickets.choices import Offer
from tickets.mapping import FIELD_NAME, RESERVED, FieldMapping, ValueSource
from tickets.standard_change import SYS_ID


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
            raise forms.ValidationError(gettext("The portal sets this field itself."))
        return field


class ValueForm(FieldForm):
    """What the field gets: one of what the instance offers, or what is typed where it offers nothing."""

    source = forms.ChoiceField(label=pgettext_lazy("field mapping", "Value from"), choices=ValueSource)
    value = forms.CharField(label=_("Value"), max_length=1000, required=False)

    def __init__(self, *args: Any, offer: Offer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer = offer
        self.fields["field"].widget = forms.HiddenInput()
        if offer.values:
            self.fields["value"] = forms.ChoiceField(
                label=_("Value"), required=False, choices=[("", "–"), *offer.values]
            )

    def clean(self) -> dict[str, Any]:
        """Want a value where a fixed one is chosen."""
        cleaned = super().clean() or {}
        if (
            cleaned.get("source") == ValueSource.FIXED
            and not cleaned.get("value")
            and "value" not in self.errors
        ):
            self.add_error("value", gettext("Give the value that every ticket gets."))
        return cleaned

    def save(self, **of: Any) -> FieldMapping:
        """Store the mapping, in place of one that there was for the field."""
        data = self.cleaned_data
        value = data["value"] if data["source"] == ValueSource.FIXED else ""
        mapping, _created = FieldMapping.objects.update_or_create(
            **of,
            field=data["field"],
            defaults={"source": data["source"], "value": value, "label": self.offer.label(value)[:200]},
        )
        return mapping


class TemplateForm(forms.Form):
    """Which standard change template: one of what the instance offers, or its sys_id where it offers nothing."""

    template = forms.CharField(
        label=pgettext_lazy("standard change", "Template"),
        max_length=32,
        required=False,
        validators=[
            RegexValidator(SYS_ID, _("A sys_id has 32 small letters and digits, from a to f and 0 to 9."))
        ],
        help_text=_("Its sys_id: 32 letters and digits. Leave it empty for none."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, offer: Offer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer = offer
        if offer.values:
            self.fields["template"] = forms.ChoiceField(
                label=self.fields["template"].label,
                required=False,
                choices=[("", pgettext_lazy("standard change", "None")), *offer.values],
            )
