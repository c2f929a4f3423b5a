"""Sign-in, sign-out, password, language."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import auth, messages
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.csrf import csrf_failure as django_csrf_failure
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import form_drafts, people, recent_sign_in, sessions, throttle
from accounts.access import anyone_signed_in
from accounts.client_origin import Origin, new_browser, origin_of, remember_browser
from accounts.forms import ConfirmForm, LanguageForm, PasswordForm, SignInForm, ThemeForm
from accounts.models import AuditEntry, User
from accounts.notices import NoticeType
from accounts.redirects import own_origin, to_sign_in
from accounts.requests import PersonRequest

_LONGEST_TIME = 40


class LoginView(auth_views.LoginView):
    """Django's own, throttled. Whoever is signed in already is sent on."""

    template_name = "accounts/login.html"
    form_class = SignInForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say whether a forgotten password can be reset by mail."""
        return super().get_context_data(**kwargs) | {"can_reset": settings.HAS_MAIL_SERVER}

    def get_form_kwargs(self) -> dict[str, Any]:
        """Tell the form where the request comes from."""
        return super().get_form_kwargs() | {"origin": origin_of(self.request)}

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Sign in, and remember the browser as one of this person's."""
        origin = origin_of(self.request)
        browser = origin.browser or new_browser()
        mine = Origin(browser, origin.network)
        throttle.succeeded(form.cleaned_data["username"], mine, timezone.now(), across_names=True)
        response = super().form_valid(form)
        remember_browser(response, browser)
        return response

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """Show the form again; after too many tries with the status that says so to programs."""
        until = form.refused_until if isinstance(form, SignInForm) else None
        return throttle.too_soon(super().form_invalid(form), until)


login = login_not_required(require_http_methods(["GET", "HEAD", "POST"])(LoginView.as_view()))


@anyone_signed_in
@require_POST
def logout(request: PersonRequest) -> HttpResponse:
    """End this session."""
    sessions.end(request, str(request.user.pk))
    return _signed_out()


@anyone_signed_in
@require_POST
def sign_out_everywhere(request: PersonRequest) -> HttpResponse:
    """End every session of the person, this one too."""
    people.sign_out_everywhere(request.user, by=request.user)
    sessions.end(request, str(request.user.pk))
    messages.success(request, _("You are signed out everywhere."))
    return _signed_out()


@sensitive_post_parameters()
@anyone_signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: PersonRequest) -> HttpResponse:
    """Change one's own password. Other browsers are signed out by it, this one is not."""
    if not request.user.has_usable_password():
        raise Http404("whoever signs in through Microsoft Entra has no password here")
    form = PasswordForm(request.user, request.POST or None, origin=origin_of(request))
    if request.method == "POST" and form.is_valid():
        form.save()
        auth.update_session_auth_hash(request, form.user)
        AuditEntry.objects.record(
            actor=request.user, verb="person.password_changed", target=request.user.username
        )
        people.tell(request.user, NoticeType.PASSWORD, by=request.user)
        messages.success(request, _("Your password is changed. You were signed out in other browsers."))
        return redirect("home")
    return render(request, "accounts/password.html", {"form": form}, status=422 if form.errors else 200)


@sensitive_post_parameters()
@anyone_signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: PersonRequest) -> HttpResponse:
    """Ask once more who is there, then go on. The session lasts no longer by it, and gets a new key: a copy of the old
    cookie is worth nothing afterwards.
    """
    form = ConfirmForm(request.user, request.POST or None, origin=origin_of(request))
    if request.method == "POST" and form.is_valid():
        request.session.cycle_key()
        recent_sign_in.note(request.session, timezone.now())
        return HttpResponseRedirect(_safe(request, request.GET.get("next", "/")))
    status = 422 if form.errors else 200
    page = render(request, "accounts/confirm.html", {"form": form}, status=status)
    return throttle.too_soon(page, form.refused_until)


@anyone_signed_in
@require_POST
def dismiss_notices(request: PersonRequest) -> HttpResponse:
    """Show no more what the person has read about their account, and go back to the page that asked."""
    try:
        until = datetime.fromisoformat(request.POST.get("until", "")[:_LONGEST_TIME])
        people.notices_were_read(request.user, until)
    except (ValueError, TypeError):  # No time, or one that does not say where.
        messages.error(
            request, _("The notices could not be dismissed. Open the page again and try once more.")
        )
    return _back(request)


@login_not_required
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Change the language and go back to the page that asked."""
    response = _back(request)
    form = LanguageForm(request.POST)
    if form.is_valid():
        code = form.cleaned_data["language"]
        remember_choice(response, settings.LANGUAGE_COOKIE_NAME, code)
        if request.user.is_authenticated:
            User.objects.filter(pk=request.user.pk).update(language=code)
    return response


@anyone_signed_in
@require_POST
def theme(request: PersonRequest) -> HttpResponse:
    """Change the theme and go back to the page that asked. It belongs to the browser: a phone may be dark alone."""
    response = _back(request)
    form = ThemeForm(request.POST)
    if form.is_valid():
        remember_choice(response, settings.THEME_COOKIE_NAME, form.cleaned_data["theme"])
    return response


def _signed_out() -> HttpResponse:
    """Lead to the sign-in page, and have the browser forget what it kept of our pages. Cookies stay: they say which
    browser, language and theme this is, and nothing of who was here.
    """
    response = redirect("accounts:login")
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response


def _back(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(_safe(request, request.POST.get("next", "/")))


def _safe(request: HttpRequest, target: str) -> str:
    """An address of ours, or the home page in place of anybody else's."""
    ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if ours else "/"


def remember_choice(response: HttpResponse, name: str, value: str) -> None:
    """Have the browser keep what was chosen in it, for a year."""
    response.set_cookie(
        name, value, max_age=timedelta(days=365), secure=settings.SESSION_COOKIE_SECURE,
        httponly=True, samesite="Lax",
    )  # fmt: skip


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Refuse a form whose token is out of date. Where the browser vouches that it is ours, show it again as typed.

    That happens to a form left open while its person signed in anew in another tab.
    """
    signed_in = request.user.is_authenticated
    owner = str(request.user.pk) if signed_in else sessions.owner_of_ended(request.session)
    view = request.resolver_match.func if request.resolver_match else django_csrf_failure
    if not (owner and _is_from_here(request) and form_drafts.keep(request, view, owner, timezone.now())):
        return django_csrf_failure(request, reason)
    if not signed_in:
        return to_sign_in(request, request.get_full_path())
    return redirect(request.get_full_path())


def _is_from_here(request: HttpRequest) -> bool:
    """Whether one of our own pages sent this. Browsers set both headers themselves; a page cannot."""
    return request.headers.get("Sec-Fetch-Site") == "same-origin" and request.headers.get(
        "Origin"
    ) == own_origin(request)
