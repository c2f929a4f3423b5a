from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from connector.views import setup
from portal import views
from tickets import converters  # noqa: F401  Registers <kind:...>.

urlpatterns = [
    path("", views.home, name="home"),
    path("cards/", views.cards, name="cards"),
    path("cards/<kind:kind>/hide/", views.hide_card, name="hide_card"),
    path("cards/<kind:kind>/show/", views.show_card, name="show_card"),
    path("livez", views.livez, name="livez"),
    path("readyz", views.readyz, name="readyz"),
    path("accounts/", include("accounts.urls")),
    path("secure-score/", include("scorecard.urls")),
    path("tickets/", include("tickets.urls")),
    path("servicenow/", include("connector.urls")),
    # The address that administrators know from the original.
    path("ticketProvisioning", setup, name="ticket_provisioning"),
    path("admin/login/", RedirectView.as_view(pattern_name="accounts:login", query_string=True)),
    path("admin/", admin.site.urls),
]
