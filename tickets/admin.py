from django.contrib import admin

from accounts.read_only import ReadOnlyAdmin
from tickets.models import (
    FieldMapping,
    PushAttempt,
    StateName,
    Ticket,
    TicketComment,
    TicketEvent,
    TicketNote,
)


# Delivery and tracking write these rows; a hand in between could send a ticket twice.
@admin.register(Ticket)
class TicketAdmin(ReadOnlyAdmin):
    """Every column of a ticket."""

    list_display = ("number", "name", "kind", "delivery", "meaning", "due_on", "created_at")
    list_filter = ("kind", "delivery", "meaning", "recommendation_source")
    search_fields = ("number", "name", "sys_id")
    list_select_related = ("instance",)
    date_hierarchy = "created_at"


@admin.register(PushAttempt)
class PushAttemptAdmin(ReadOnlyAdmin):
    """Every try at delivery."""

    list_display = ("ticket", "ending", "status", "ended_at")
    list_filter = ("ending",)
    search_fields = ("ticket__number", "ticket__name", "transaction_id")


@admin.register(TicketEvent)
class TicketEventAdmin(ReadOnlyAdmin):
    """What happened to tickets."""

    list_display = ("ticket", "what", "actor", "at")
    list_filter = ("what",)
    search_fields = ("ticket__number", "ticket__name")


@admin.register(StateName)
class StateNameAdmin(ReadOnlyAdmin):
    """What instances call their states."""

    list_display = ("instance", "kind", "value", "language", "their_label", "our_label", "meaning")
    list_filter = ("instance", "kind", "language")


@admin.register(TicketNote)
class TicketNoteAdmin(ReadOnlyAdmin):
    """What stands in the journals."""

    list_display = ("ticket", "element", "by", "at")
    list_filter = ("element",)
    search_fields = ("ticket__number", "ticket__name")


@admin.register(TicketComment)
class TicketCommentAdmin(ReadOnlyAdmin):
    """What was written here for the journals."""

    list_display = ("ticket", "element", "author", "state", "created_at")
    list_filter = ("state", "element")
    search_fields = ("ticket__number", "ticket__name")


@admin.register(FieldMapping)
class FieldMappingAdmin(ReadOnlyAdmin):
    """What tickets get besides our own fields."""

    list_display = ("instance", "kind", "field", "source", "label")
    list_filter = ("instance", "kind")
