from collections.abc import Callable

from django.conf import settings
from django.contrib import admin
from django.http import HttpResponseBase
from django.urls import include, path
from django.views.generic import RedirectView

from accounts.access import anyone_signed_in
from accounts.views import logout
from connector.pages.views import setup
from portal import component_gallery, search, views
from tickets.pages import (
    converters,  # noqa: F401  Registers <kind:...>.
    state_views,
)


def to(name: str) -> Callable[..., HttpResponseBase]:
    """Return a view that leads to another address."""
    return anyone_signed_in(RedirectView.as_view(pattern_name=name, query_string=True))


handler400 = "portal.error_pages.bad_request"
handler500 = "portal.error_pages.server_error"
urlpatterns = [
    path("", views.home, name="home"),
    path("cards/", views.cards, name="cards"),
    path("cards/<kind:kind>/hide/", views.hide_card, name="hide_card"),
    path("cards/<kind:kind>/show/", views.show_card, name="show_card"),
    path("search/", search.search, name="search"),
    path("help/", views.help_page, name="help"),
    path("livez", views.livez, name="livez"),
    path("readyz", views.readyz, name="readyz"),
    path("accounts/", include("accounts.urls")),
    path("people/", include("accounts.people_urls")),
    path("secure-score/", include("scorecard.urls")),
    path("tickets/", include("tickets.urls")),
    # Before the connection's own pages: states are those of tickets, which the connection knows nothing of.
    path("servicenow/configuration/states/", state_views.state_names, name="state_names"),
    path("servicenow/configuration/states/read/", state_views.read_state_names, name="read_state_names"),
    path("servicenow/configuration/states/reset/", state_views.reset_state_names, name="reset_state_names"),
    path("servicenow/", include("connector.urls")),
    # The address that administrators know from the original.
    path("ticketProvisioning", setup, name="ticket_provisioning"),
    # One door in, one out, and one form for passwords: the administration's own neither count tries nor keep a log.
    path("admin/login/", to("accounts:login"), name="administration_sign_in"),
    path("admin/logout/", logout, name="administration_sign_out"),
    path("admin/password_change/", to("accounts:password"), name="administration_password"),
    path("admin/", admin.site.urls),
]

if settings.DEMO or settings.DEBUG:
    urlpatterns += [path("components/", component_gallery.components, name="components")]
