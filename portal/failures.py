"""What somebody sees when a request could not be understood or went wrong here.

Django's own render these pages without the request. So do these, but for the theme: whatever failed may fail again.
"""

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from accounts.context import theme


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page for 400."""
    return HttpResponse(render_to_string("400.html", theme(request)), status=400)


def server_error(request: HttpRequest) -> HttpResponse:
    """The page for 500."""
    return HttpResponse(render_to_string("500.html", theme(request)), status=500)
