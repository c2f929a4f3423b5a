"""What a person may choose about how the portal looks and works for them."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import form_drafts, time_zones
from accounts.access import anyone_signed_in
from accounts.models import User
from accounts.requests import PersonRequest
from accounts.views import remember_choice


class PreferencesForm(forms.ModelForm):  # type: ignore[type-arg]  # Only the stubs know of any.
    """Language, times, shortcuts. The theme is chosen in the menu: it belongs to the browser."""

    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=settings.LANGUAGES)
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        required=False,
        help_text=gettext_lazy(
            "For times on pages. Emails and CSV files keep the organization's time zone and say so; due dates are days "
            "of the organization."
        ),
    )
    exact_times = forms.BooleanField(
        label=gettext_lazy("Show exact times in place of “5 minutes ago”"), required=False
    )
    single_keys = forms.BooleanField(
        label=gettext_lazy("Shortcuts of a single key"),
        required=False,
        help_text=gettext_lazy(
            "Turn them off if you speak to your computer, or if keys are pressed by accident."
        ),
    )

    class Meta:
        model = User
        fields = ("language", "time_zone", "exact_times", "single_keys")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["language"] = self.initial.get("language") or get_language()
        zones = self.fields["time_zone"]
        if isinstance(zones, forms.ChoiceField):
            zones.choices = [
                ("", _("The organization's: %(zone)s") % {"zone": settings.ORGANIZATION_TIME_ZONE}),
                (time_zones.UTC, time_zones.UTC),
                *time_zones.by_area(),
            ]


@form_drafts.keeps_typed
@anyone_signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: PersonRequest) -> HttpResponse:
    """Choose language, time zone, how times are shown, and shortcuts."""
    person = User.objects.get(pk=request.user.pk)
    form = PreferencesForm(request.POST or None, instance=person)
    if request.method == "POST" and form.is_valid():
        person.save(update_fields=form.Meta.fields)
        with translation.override(person.language):
            messages.success(request, _("Your preferences are saved."))
        response = redirect("accounts:preferences")
        remember_choice(response, settings.LANGUAGE_COOKIE_NAME, person.language)
        return response
    form_drafts.restore(request, form)
    return render(request, "accounts/preferences.html", {"form": form}, status=422 if form.errors else 200)


@anyone_signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def shortcuts(request: PersonRequest) -> HttpResponse:
    """The list of shortcuts, a dialog or a page, with the switch that turns those of a single key on and off."""
    if request.method == "POST":
        request.user.single_keys = request.POST.get("single_keys") == "on"
        request.user.save(update_fields=["single_keys"])
        if not request.htmx:
            return redirect("accounts:shortcuts")
    return render(request, "accounts/_shortcuts.html" if request.htmx else "accounts/shortcuts.html")
