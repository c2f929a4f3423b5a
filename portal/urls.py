from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from connector.views import setup
from portal import views
from tickets import state_views

urlpatterns = [
    path("", views.home, name="home"),
    path("cards/", views.cards, name="cards"),
    path("livez", views.livez, name="livez"),
    path("readyz", views.readyz, name="readyz"),
    path("accounts/", include("accounts.urls")),
    path("secure-score/", include("scorecard.urls")),
    path("tickets/", include("tickets.urls")),
    # Before the connection's own pages: states are those of tickets, which the connection knows nothing of.
    path("servicenow/configuration/states/", state_views.state_names, name="state_names"),
    path("servicenow/configuration/states/read/", state_views.read_state_names, name="read_state_names"),
    path("servicenow/configuration/states/reset/", state_views.reset_state_names, name="reset_state_names"),
    path("servicenow/", include("connector.urls")),
    # The address that administrators know from the original.
    path("ticketProvisioning", setup, name="ticket_provisioning"),
    path("admin/login/", RedirectView.as_view(pattern_name="accounts:login", query_string=True)),
    path("admin/", admin.site.urls),
]
