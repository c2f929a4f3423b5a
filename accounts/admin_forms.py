"""Forms of the administration where Django's own do not speak every language or leave a choice to the typist."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.forms import (
    AdminPasswordChangeForm,
    AdminUserCreationForm,
    SetUnusablePasswordMixin,
    UserChangeForm,
)
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts import guards
from accounts.lengths import LimitedPasswords
from accounts.roles import ADMINISTRATOR, role_label


class NewPersonForm(LimitedPasswords, AdminUserCreationForm):  # type: ignore[type-arg]  # Only the stubs know of any.
    """Django's own."""


class PersonForm(UserChangeForm):  # type: ignore[type-arg]  # Only the stubs know of any.
    """Django's own, which leaves an administrator."""

    def clean_groups(self) -> Any:
        """Refuse to take the role from the last administrator. The admin validates and saves in one transaction."""
        groups = self.cleaned_data["groups"]
        guards.lock_administrators()
        stays = any(group.name == ADMINISTRATOR for group in groups)
        if not stays and (reason := guards.why_not_without(self.instance)):
            raise forms.ValidationError(str(reason))
        return groups


class SetPasswordForm(LimitedPasswords, AdminPasswordChangeForm):  # type: ignore[type-arg]  # Only the stubs know of any.
    """Django's own, whose help text is put together once, in whatever language is spoken then."""

    usable_password_help_text = format_lazy(  # type: ignore[assignment]  # Lazy is the point.
        '{}<ul id="id_unusable_warning" class="messagelist"><li class="warning">{}</li></ul>',
        SetUnusablePasswordMixin.usable_password_help_text,
        _("If disabled, the current password for this user will be lost."),
    )


class RoleField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # The same.
    """Roles, each also in the reader's language."""

    def label_from_instance(self, obj: Any) -> str:
        """The role's name and what it means."""
        return role_label(obj.name)


def language_field() -> forms.ChoiceField:
    """One of the portal's languages, or whichever the browser asks for."""
    return forms.ChoiceField(
        label=_("Language"), choices=[("", _("As the browser asks")), *settings.LANGUAGES], required=False
    )
