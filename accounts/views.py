"""Sign-in, sign-out, language."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from accounts.models import User


class LoginView(auth_views.LoginView):
    """Django's own. Whoever is signed in already is sent on, unless only back to what their account may not open."""

    template_name = "accounts/login.html"

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """The administration sends everybody who is not staff here; sending them back would never end."""
        super().setup(request, *args, **kwargs)
        leads_to_administration = self.get_success_url().startswith(reverse("admin:index"))
        self.redirect_authenticated_user = request.user.is_staff or not leads_to_administration


login = login_not_required(LoginView.as_view())
logout = auth_views.LogoutView.as_view()


class LanguageForm(forms.Form):
    """One of the languages that the portal speaks."""

    language = forms.ChoiceField(choices=settings.LANGUAGES)


@login_not_required
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Change the language and go back to the page that asked."""
    target = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        target = "/"
    response = HttpResponseRedirect(target)
    form = LanguageForm(request.POST)
    if form.is_valid():
        code = form.cleaned_data["language"]
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, code, max_age=365 * 24 * 3600, secure=settings.LANGUAGE_COOKIE_SECURE,
            httponly=True, samesite="Lax",
        )  # fmt: skip
        if request.user.is_authenticated:
            User.objects.filter(pk=request.user.pk).update(language=code)
    return response
