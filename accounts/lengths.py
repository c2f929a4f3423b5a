"""How long a text may be where Django's own forms do not say. Refused before anything else looks at it: normalising,
comparing or hashing a long text may cost far more than it is long.
"""

from typing import Any

from django import forms
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList, ChangeListSearchForm
from django.core.validators import MaxLengthValidator

# NIST SP 800-63B-4 asks for at least 64.
PASSWORD_LENGTH = 1000
SEARCH_LENGTH = 200


def limit(field: forms.Field, longest: int) -> None:
    """Let a field refuse a text of more characters. Not for the browser, which would cut a pasted one unseen."""
    field.validators.append(MaxLengthValidator(longest))


class LimitedPasswords:
    """For forms whose passwords have a longest length. Comes before Django's form."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field.widget, forms.PasswordInput):
                limit(field, PASSWORD_LENGTH)


class SearchForm(ChangeListSearchForm):
    """What is searched for in a list of the administration."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        limit(self.fields[SEARCH_VAR], SEARCH_LENGTH)


class RowList(ChangeList):
    """A list of the administration."""

    search_form_class = SearchForm
