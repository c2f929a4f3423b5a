"""The portal's addresses with one that forgot its permission, for the test that finds it."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from accounts.access import anyone_signed_in
from portal.urls import urlpatterns as portal_urls


@anyone_signed_in
def leaky(request: HttpRequest) -> HttpResponse:
    """What everybody signed in gets, and should not."""
    return HttpResponse("secrets")


urlpatterns = [path("tickets/", include(([path("new/", leaky, name="new")], "tickets"))), *portal_urls]
