from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.forms import (
    AuthenticationForm,
    PasswordChangeForm,
    PasswordResetForm,
    SetPasswordForm,
)
from django.contrib.auth.password_validation import password_validators_help_texts
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import get_language, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts import throttle
from accounts.client_origin import Origin
from accounts.lengths import LimitedPasswords, limit
from accounts.models import User
from accounts.tasks import send_reset_links

THROTTLED = "throttled"


class SignInForm(LimitedPasswords, AuthenticationForm):
    """User name and password, tried so often and no more."""

    def __init__(self, *args: Any, origin: Origin, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("User name")
        # Django's own only tells the browser.
        limit(self.fields["username"], self.fields["username"].widget.attrs["maxlength"])
        self.origin = origin
        self.refused_until: datetime | None = None

    def clean(self) -> dict[str, Any]:
        """Check the password, unless too many were tried."""
        username = self.cleaned_data.get("username")
        if username and self.cleaned_data.get("password"):
            return self._checked(username, timezone.now())
        return super().clean()

    def _checked(self, username: str, now: datetime) -> dict[str, Any]:
        is_known = throttle.is_known_browser(username, self.origin, now)
        with throttle.password_check(is_known=is_known) as has_place:
            if not has_place:
                self.refused_until = now + throttle.BUSY_FOR
                raise too_busy()
            self.refused_until = throttle.refused_until(username, self.origin, now, across_names=True)
            if self.refused_until:
                raise too_many_tries(self.refused_until, now)
            return super().clean()


class PasswordForm(LimitedPasswords, PasswordChangeForm):
    """A new password, against the old one: a session left open is no way to guess it."""

    def __init__(self, *args: Any, origin: Origin, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.origin = origin
        self.fields["old_password"].label = _("Current password")
        self.fields["new_password1"].help_text = password_rules()

    def clean_old_password(self) -> str:
        """Check the old password, unless too many were tried."""
        now = timezone.now()
        until = throttle.refused_until(self.user.get_username(), self.origin, now)
        if until:
            raise too_many_tries(until, now)
        old: str = super().clean_old_password()
        throttle.succeeded(self.user.get_username(), self.origin, now)
        return old


class ConfirmForm(LimitedPasswords, forms.Form):
    """One's own password once more: whoever finds a session open does not know it."""

    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )

    def __init__(self, person: User, *args: Any, origin: Origin, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person, self.origin = person, origin
        self.refused_until: datetime | None = None

    def clean_password(self) -> str:
        """Check it, unless too many were tried."""
        given: str = self.cleaned_data["password"]
        now, name = timezone.now(), self.person.get_username()
        self.refused_until = throttle.refused_until(name, self.origin, now)
        if self.refused_until:
            raise too_many_tries(self.refused_until, now)
        if not self.person.check_password(given):
            raise forms.ValidationError(_("This is not your password. Check Caps Lock and type it again."))
        throttle.succeeded(name, self.origin, now)
        return given


class NewPasswordForm(LimitedPasswords, SetPasswordForm):  # type: ignore[type-arg]  # Only the stubs know of any.
    """A new password from whoever opened the link in a mail."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new_password1"].help_text = password_rules()


class ResetForm(PasswordResetForm):
    """The address of an account whose password is forgotten. Each address may ask so often and no more."""

    def __init__(self, *args: Any, origin: Origin, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("Email address")
        self.origin = origin
        self.refused_until: datetime | None = None

    def clean_email(self) -> str:
        """Count the request, whether anybody has the address or not."""
        email: str = self.cleaned_data["email"]
        now = timezone.now()
        # No user name has a space: asking for a link uses up no try of a password.
        self.refused_until = throttle.refused_until(f"reset {email}", self.origin, now, strangers=False)
        if self.refused_until:
            raise too_many_links(self.refused_until, now)
        return email

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Have a worker send the link. It takes as long for an address that nobody has: that would tell."""
        people = [person.pk for person in self.get_users(self.cleaned_data["email"])]
        # robust: without a broker nobody gets a link, and the page says the same.
        language = get_language()
        transaction.on_commit(lambda: send_reset_links.delay(people, language), robust=True)


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


def password_rules() -> str:
    """Django's own rules in a paragraph: its list in HTML cannot stand in ours."""
    between = "" if get_language() == "ja" else " "
    return between.join(password_validators_help_texts())


def too_busy() -> forms.ValidationError:
    """Say that too many passwords are being checked at this moment."""
    text = _("Many people are signing in at this moment. Wait five seconds and try again.")
    return forms.ValidationError(text, code=THROTTLED)


def too_many_links(until: datetime, now: datetime) -> forms.ValidationError:
    """Say how long to wait until another link may be asked for."""
    minutes = _minutes(until, now)
    text = ngettext(
        "A new password was asked for too often for this address. Wait %(minutes)d minute.",
        "A new password was asked for too often for this address. Wait %(minutes)d minutes.",
        minutes,
    )
    return forms.ValidationError(text % {"minutes": minutes}, code=THROTTLED)


def too_many_tries(until: datetime, now: datetime) -> forms.ValidationError:
    """Say how long to wait, and what does not have to wait."""
    minutes = _minutes(until, now)
    text = ngettext(
        "Too many attempts to sign in from here. Wait %(minutes)d minute, or use a browser that "
        "you have signed in with before: it is not held up by what others try.",
        "Too many attempts to sign in from here. Wait %(minutes)d minutes, or use a browser that "
        "you have signed in with before: it is not held up by what others try.",
        minutes,
    )
    return forms.ValidationError(text % {"minutes": minutes}, code=THROTTLED)


def _minutes(until: datetime, now: datetime) -> int:
    return max(1, -int((now - until).total_seconds() // 60))
