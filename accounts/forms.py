from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.password_validation import password_validators_help_texts
from django.db import models
from django.utils import timezone
from django.utils.translation import ngettext, pgettext_lazy

from accounts import throttle
from accounts.origin import Origin

THROTTLED = "throttled"


class SignInForm(AuthenticationForm):
    """User name and password, tried so often and no more."""

    def __init__(self, *args: Any, origin: Origin, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.origin = origin
        self.refused_until: datetime | None = None

    def clean(self) -> dict[str, Any]:
        """Check the password, unless too many were tried."""
        username = self.cleaned_data.get("username")
        if username and self.cleaned_data.get("password"):
            now = timezone.now()
            self.refused_until = throttle.refused_until(username, self.origin, now)
            if self.refused_until:
                raise too_many_tries(self.refused_until, now)
        return super().clean()


class PasswordForm(PasswordChangeForm):
    """A new password, against the old one: a session left open is no way to guess it."""

    def __init__(self, *args: Any, origin: Origin, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.origin = origin
        # Django's is a list in HTML, which cannot stand in our paragraph.
        self.fields["new_password1"].help_text = " ".join(password_validators_help_texts())

    def clean_old_password(self) -> str:
        """Check the old password, unless too many were tried."""
        now = timezone.now()
        until = throttle.refused_until(self.user.get_username(), self.origin, now)
        if until:
            raise too_many_tries(until, now)
        old: str = super().clean_old_password()
        throttle.succeeded(self.user.get_username(), self.origin, now)
        return old


class LanguageForm(forms.Form):
    """One of the languages that the portal speaks."""

    language = forms.ChoiceField(choices=settings.LANGUAGES)


class Theme(models.TextChoices):
    """How pages look: as the system does, or always the same."""

    SYSTEM = "system", pgettext_lazy("theme", "System")
    LIGHT = "light", pgettext_lazy("theme", "Light")
    DARK = "dark", pgettext_lazy("theme", "Dark")


class ThemeForm(forms.Form):
    """One of the themes."""

    theme = forms.ChoiceField(choices=Theme.choices)


def too_many_tries(until: datetime, now: datetime) -> forms.ValidationError:
    """Say how long to wait, and what does not have to wait."""
    minutes = max(1, -int((now - until).total_seconds() // 60))
    text = ngettext(
        "Too many attempts to sign in with this user name from here. Wait %(minutes)d minute, or use a browser that "
        "you have signed in with before: it is not held up by what others try.",
        "Too many attempts to sign in with this user name from here. Wait %(minutes)d minutes, or use a browser that "
        "you have signed in with before: it is not held up by what others try.",
        minutes,
    )
    return forms.ValidationError(text % {"minutes": minutes}, code=THROTTLED)
