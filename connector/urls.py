from django.urls import path

from connector.pages import views

app_name = "connector"
urlpatterns = [
    path("", views.connection, name="connection"),
    path("test/", views.test, name="test"),
    path("checks/", views.check, name="check"),
    path("setup/", views.setup, name="setup"),
    path("authorize/", views.authorize, name="authorize"),
    path("discard/", views.discard, name="discard"),
    path("callback/<str:host>/", views.callback, name="callback"),
    path("confirm/", views.confirm, name="confirm"),
    path("configuration/", views.configuration, name="configuration"),
]
