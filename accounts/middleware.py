"""Sign-in and language of each request."""

from collections.abc import Callable

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import translation

View = Callable[..., HttpResponseBase]


class LoginMiddleware(LoginRequiredMiddleware):
    """Signing in is required everywhere except where a view says otherwise by name."""

    def handle_no_permission(  # type: ignore[override]  # Django's own accepts any response.
        self, request: HttpRequest, view_func: View
    ) -> HttpResponseBase:
        """Send a whole page to sign-in; a fragment cannot show it, so htmx is told to go there."""
        response = super().handle_no_permission(request, view_func)
        if request.headers.get("HX-Request") != "true":
            return response
        return HttpResponse(status=204, headers={"HX-Redirect": response["Location"]})


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
