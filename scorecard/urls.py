from django.urls import path

from scorecard.pages import action_list, connection, views
from scorecard.pages.why import why

app_name = "scorecard"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("read/", views.read_now, name="read_now"),
    path("reading/", views.reading, name="reading"),
    path("why/", why, name="why"),
    path("connection/", connection.connection, name="connection"),
    path("connection/test/", connection.test, name="test_connection"),
    path("live/", action_list.live, name="live"),
    path("actions/", action_list.actions, name="actions"),
    # Microsoft's identifiers, which may hold any character.
    path("actions/<path:control_id>/", views.action, name="action"),
]
