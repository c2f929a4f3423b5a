from django.urls import path

from accounts import people_views

app_name = "people"
urlpatterns = [
    path("", people_views.people_list, name="list"),
    path("add/", people_views.add, name="add"),
    path("<int:person>/", people_views.person, name="person"),
    path("<int:person>/role/", people_views.role, name="role"),
    path("<int:person>/deactivate/", people_views.deactivate, name="deactivate"),
    path("<int:person>/hand-over/", people_views.hand_over, name="hand_over"),
    path("<int:person>/reactivate/", people_views.reactivate, name="reactivate"),
    path("<int:person>/sign-out/", people_views.sign_out, name="sign_out"),
    path("<int:person>/send-link/", people_views.send_link, name="send_link"),
]
