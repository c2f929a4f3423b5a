"""Sign-in, sign-out, language."""

from django import forms
from django.conf import settings
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from accounts.access import anyone_signed_in
from accounts.models import User

login = login_not_required(
    auth_views.LoginView.as_view(template_name="accounts/login.html", redirect_authenticated_user=True)
)
logout = anyone_signed_in(auth_views.LogoutView.as_view())


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
