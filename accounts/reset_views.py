"""A forgotten password, by Django's own views. There are none where no mail can be sent."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import PasswordResetForm, SetPasswordForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import people, throttle
from accounts.client_origin import Origin, new_browser, origin_of, remember_browser
from accounts.forms import NewPasswordForm, ResetForm
from accounts.models import AuditEntry, User
from accounts.notices import NoticeType


class ResetView(auth_views.PasswordResetView):
    """Asks for an address. What it answers says nothing about whether somebody has it."""

    template_name = "accounts/reset.html"
    form_class = ResetForm
    success_url = reverse_lazy("accounts:reset_sent")

    def get_form_kwargs(self) -> dict[str, Any]:
        """Tell the form where the request comes from."""
        return super().get_form_kwargs() | {"origin": origin_of(self.request)}

    def form_invalid(self, form: PasswordResetForm) -> HttpResponse:
        """Show the form again; after too many requests with the status that says so to programs."""
        until = form.refused_until if isinstance(form, ResetForm) else None
        return throttle.too_soon(super().form_invalid(form), until)


class ConfirmView(auth_views.PasswordResetConfirmView):
    """Takes a new password from whoever has the link, once."""

    template_name = "accounts/reset_confirm.html"
    form_class = NewPasswordForm
    success_url = reverse_lazy("accounts:login")

    def get_user(self, uidb64: str) -> User | None:
        """Whose link it is; nobody's where the account is no longer let in."""
        person = super().get_user(uidb64)
        return person if person and person.is_active else None

    def form_valid(self, form: "SetPasswordForm[User]") -> HttpResponse:
        """Change the password, which ends all sessions. Tries that were used up by forgetting it are forgiven."""
        response = super().form_valid(form)
        AuditEntry.objects.record(
            actor=form.user, verb="person.password_reset", target=form.user.get_username()
        )
        people.tell(form.user, NoticeType.PASSWORD, by=None)
        origin = origin_of(self.request)
        browser = origin.browser or new_browser()
        throttle.succeeded(form.user.get_username(), Origin(browser, origin.network), timezone.now())
        remember_browser(response, browser)
        messages.success(self.request, _("Your password is changed. Sign in with the new one."))
        return response


_ask = ResetView.as_view()
_confirm = ConfirmView.as_view()


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def reset(request: HttpRequest) -> HttpResponseBase:
    """Ask for a link by mail."""
    _refuse_without_mail()
    return _ask(request)


@login_not_required
@require_safe
def reset_sent(request: HttpRequest) -> HttpResponse:
    """Say what happens next."""
    _refuse_without_mail()
    return render(request, "accounts/reset_sent.html", {"minutes": settings.PASSWORD_RESET_TIMEOUT // 60})


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def reset_confirm(request: HttpRequest, uidb64: str, token: str) -> HttpResponseBase:
    """Choose a new password by the link."""
    _refuse_without_mail()
    return _confirm(request, uidb64=uidb64, token=token)


def _refuse_without_mail() -> None:
    if not settings.HAS_MAIL_SERVER:
        raise Http404("no mail server is configured")
