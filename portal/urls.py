from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from connector.views import setup
from portal import specimens, views

urlpatterns = [
    path("", views.home, name="home"),
    path("cards/", views.cards, name="cards"),
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

if settings.DEMO or settings.DEBUG:
    urlpatterns += [path("components/", specimens.components, name="components")]
