"""Where somebody goes whose sign-in is missing."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url

# htmx takes this status as "swap this in and ask no more".
_STOP_POLLING = 286


def to_sign_in(request: HttpRequest, page: str) -> HttpResponse:
    """Send somebody to sign in and back to a page of ours. A fragment cannot show that, so htmx is told to go there."""
    response = redirect_to_login(page, resolve_url(settings.LOGIN_URL))
    if request.headers.get("HX-Request") != "true":
        return response
    return HttpResponse(status=204, headers={"HX-Redirect": response["Location"]})


def signed_out_notice(request: HttpRequest) -> HttpResponse:
    """Say on a page that refreshes itself that its sign-in ended, and end the refreshing."""
    response = render(
        request, "accounts/_signed_out.html", {"next": quote(page_of(request))}, status=_STOP_POLLING
    )
    response["HX-Retarget"] = "#messages"
    response["HX-Reswap"] = "innerHTML"
    return response


def comes_back_to(address: Callable[[], str]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Mark a view whose own address must be kept nowhere: after signing in somebody comes to `address()` instead."""

    def mark(view: Callable[..., Any]) -> Callable[..., Any]:
        view.__dict__["comes_back_to"] = address
        return view

    return mark


def way_back(request: HttpRequest, view: Callable[..., Any]) -> str:
    """Where somebody goes on after signing in."""
    address: Callable[[], str] | None = getattr(view, "comes_back_to", None)
    return address() if address else page_of(request)


def page_of(request: HttpRequest) -> str:
    """The page that somebody is on. What a fragment or a form asked for is none to come back to."""
    if request.method in ("GET", "HEAD") and request.headers.get("HX-Request") != "true":
        return request.get_full_path()
    address = request.headers.get("HX-Current-URL") or request.headers.get("Referer", "")
    origin = own_origin(request)
    if not address.startswith(f"{origin}/"):
        return resolve_url(settings.LOGIN_REDIRECT_URL)
    return address.removeprefix(origin)


def own_origin(request: HttpRequest) -> str:
    """Scheme and host that this request came in by."""
    return f"{request.scheme}://{request.get_host()}"
