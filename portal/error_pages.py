"""What somebody sees when a request could not be understood or went wrong here.

Django's own render these pages without the request. So do these, but for the theme: whatever failed may fail again.
"""

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import translation

from accounts.context_processors import theme


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page for 400."""
    if isinstance(exception, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent):
        return too_much(request, 413)
    return HttpResponse(render_to_string("400.html", theme(request)), status=400)


def server_error(request: HttpRequest) -> HttpResponse:
    """The page for 500."""
    return HttpResponse(render_to_string("500.html", theme(request)), status=500)


def too_much(request: HttpRequest, status: int) -> HttpResponse:
    """The page for a request that is too long: 408 in time, 413 its body, 414 its address, 431 its headers."""
    # Nothing has chosen a language yet: this comes before all that looks at a request.
    with translation.override(translation.get_language_from_request(request)):
        page = render_to_string("too_much.html", {"status": status, **theme(request)})
    return HttpResponse(page, status=status, headers={"Cache-Control": "no-store"})
