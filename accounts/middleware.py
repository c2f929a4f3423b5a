"""Sign-in and language of each request."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url
from django.utils import translation

View = Callable[..., HttpResponseBase]


class LoginMiddleware(LoginRequiredMiddleware):
    """Signing in is required everywhere except where a view says otherwise by name."""

    def handle_no_permission(  # type: ignore[override]  # Django's own accepts any response.
        self, request: HttpRequest, view_func: View
    ) -> HttpResponseBase:
        """Send a whole page to sign-in; a fragment cannot show it, so htmx is told to go there."""
        response = redirect_to_login(
            _page_of(request), self.get_login_url(view_func), self.get_redirect_field_name(view_func)
        )
        if request.headers.get("HX-Request") != "true":
            return response
        return HttpResponse(status=204, headers={"HX-Redirect": response["Location"]})


def _page_of(request: HttpRequest) -> str:
    """The page that somebody is on. What a fragment or a form asked for is none to come back to."""
    if request.method in ("GET", "HEAD") and request.headers.get("HX-Request") != "true":
        return request.get_full_path()
    address = request.headers.get("HX-Current-URL") or request.headers.get("Referer", "")
    origin = f"{request.scheme}://{request.get_host()}"
    if not address.startswith(f"{origin}/"):
        return resolve_url(settings.LOGIN_REDIRECT_URL)
    return address.removeprefix(origin)


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
