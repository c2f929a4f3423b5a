"""Session, sign-in, language and time zone of each request."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone, translation

from accounts import form_drafts, sessions, time_zones
from accounts.redirects import signed_out_notice, to_sign_in, way_back

View = Callable[..., HttpResponseBase]


class SessionLimitsMiddleware:
    """Ends sessions that were idle or lasted too long, and notes that somebody is there."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Probes carry no cookie and must touch no database.
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            sessions.end_if_over(request, timezone.now())
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: View, arguments: list[Any], keywords: dict[str, Any]
    ) -> None:
        """Count as a deed whatever a page does not ask for by itself."""
        if not sessions.is_polled(view) and request.user.is_authenticated:
            sessions.touch(request.session, timezone.now())


class LoginMiddleware(LoginRequiredMiddleware):
    """Signing in is required everywhere except where a view says otherwise by name."""

    def handle_no_permission(  # type: ignore[override]  # Django's own accepts any response.
        self, request: HttpRequest, view_func: View
    ) -> HttpResponseBase:
        """Send a page to sign-in, and keep what its form sent. A page that only refreshed itself stays as it is:
        somebody may be typing in it.
        """
        if sessions.is_polled(view_func) and request.headers.get("HX-Request") == "true":
            return signed_out_notice(request)
        reason = sessions.take_reason(request.session)
        if reason:
            messages.info(request, reason)
        owner = sessions.owner_of_ended(request.session)
        if owner and form_drafts.keep(request, view_func, owner, timezone.now()):
            return to_sign_in(request, request.get_full_path())
        return to_sign_in(request, way_back(request, view_func))


class PersonalLanguageMiddleware:
    """A person's chosen language wins over the browser's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = getattr(request.user, "language", "")
        if language and translation.check_for_language(language):
            translation.activate(language)
            request.LANGUAGE_CODE = translation.get_language() or language
        return self.get_response(request)


class PersonalTimeZoneMiddleware:
    """Times on pages are in the zone that a person chose. What is streamed or sent keeps the organization's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        zone = time_zones.zone(getattr(request.user, "time_zone", ""))
        if zone is None:
            return self.get_response(request)
        with timezone.override(zone):
            return self.get_response(request)
