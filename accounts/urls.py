from django.urls import path

from accounts import preferences, reset_views, views

app_name = "accounts"
urlpatterns = [
    path("login/", views.login, name="login"),
    path("logout/", views.logout, name="logout"),
    path("sign-out-everywhere/", views.sign_out_everywhere, name="sign_out_everywhere"),
    path("confirm/", views.confirm, name="confirm"),
    path("notices/dismiss/", views.dismiss_notices, name="dismiss_notices"),
    path("password/", views.password, name="password"),
    path("reset/", reset_views.reset, name="reset"),
    path("reset/sent/", reset_views.reset_sent, name="reset_sent"),
    path("reset/<uidb64>/<token>/", reset_views.reset_confirm, name="reset_confirm"),
    path("language/", views.language, name="language"),
    path("theme/", views.theme, name="theme"),
    path("preferences/", preferences.preferences, name="preferences"),
    path("shortcuts/", preferences.shortcuts, name="shortcuts"),
]
