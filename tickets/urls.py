from django.urls import path

from tickets.pages import (
    bulk_views,
    comment_views,
    converters,  # noqa: F401  Registers <kind:...>.
    edit_views,
    linking_views,
    mapping_views,
    reconciliation_views,
    ticket_list,
    trial_views,
    views,
)

app_name = "tickets"
urlpatterns = [
    path("", ticket_list.tickets, name="list"),
    path("export.csv", ticket_list.export_csv, name="export"),
    path("bulk/", bulk_views.prepare, name="bulk"),
    path("bulk/<uuid:batch>/", bulk_views.progress, name="batch"),
    path("fields/<kind:kind>/", mapping_views.fields, name="fields"),
    path("fields/change_request/template/", trial_views.change_template, name="change_template"),
    path("fields/<kind:kind>/try/", trial_views.try_fields, name="try_fields"),
    path("fields/<kind:kind>/<int:mapping>/remove/", mapping_views.remove, name="remove_field"),
    path("new/", views.new, name="new"),
    path("reconcile/", reconciliation_views.reconciliation, name="reconciliation"),
    path("reconcile/start/", reconciliation_views.start, name="start_reconciliation"),
    path("reconcile/<int:run>/<slug:discrepancy>/", reconciliation_views.fix_findings, name="fix"),
    path("share/<path:control_id>/", views.share, name="share"),
    path("<uuid:pk>/", views.ticket, name="ticket"),
    path("<uuid:pk>/live/", views.live, name="live"),
    path("<uuid:pk>/status/", views.status, name="status"),
    path("<uuid:pk>/retry/", views.retry, name="retry"),
    path("<uuid:pk>/edit/", edit_views.edit, name="edit"),
    path("<uuid:pk>/anew/", edit_views.anew, name="anew"),
    path("<uuid:pk>/link/", linking_views.link, name="link"),
    path("<uuid:pk>/unlink/", linking_views.unlink, name="unlink"),
    path("<uuid:pk>/comment/", views.comment, name="comment"),
    path("<uuid:pk>/comment/<uuid:comment>/again/", comment_views.send_again, name="comment_again"),
    path("<uuid:pk>/comment/<uuid:comment>/give-up/", comment_views.give_up, name="give_up_comment"),
    path("<uuid:pk>/refresh/", views.refresh, name="refresh"),
    path("refresh/<kind:kind>/", views.refresh_card, name="refresh_card"),
    path("<uuid:pk>/discard/", views.discard, name="discard"),
    path("<uuid:pk>/discard/undo/", views.undo_discard, name="undo_discard"),
]
