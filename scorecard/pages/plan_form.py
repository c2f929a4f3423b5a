"""The plan of an action, as the administration edits it."""

import re
from typing import Any, ClassVar

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _

from scorecard.models import ActionPlan

_COMMAS = re.compile("[,、，]")
NOTES_LENGTH = 10_000
TAGS_LENGTH = 1000


class TagsField(forms.CharField):
    """A list of tags, written with commas between them, those of Japanese too. Each counts once."""

    def prepare_value(self, value: Any) -> Any:
        """The list as text; what came back from a form is text already."""
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """The text as a list."""
        text = super().to_python(value) or ""
        # Here, because validators see the list.
        MaxLengthValidator(TAGS_LENGTH)(text)
        tags = (tag.strip() for tag in _COMMAS.split(text))
        return list(dict.fromkeys(filter(None, tags)))


class PlanForm(forms.ModelForm):  # type: ignore[type-arg]  # It takes none when it runs.
    """Tags as people write them, not as they are stored."""

    notes = forms.CharField(
        label=_("Notes"), required=False, max_length=NOTES_LENGTH, widget=AdminTextareaWidget
    )
    tags = TagsField(label=_("Tags"), required=False, help_text=_("Put commas between them."))

    class Meta:
        model = ActionPlan
        fields: ClassVar = ["action", "status", "owner", "due_on", "notes", "tags"]
