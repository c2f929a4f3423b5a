from collections.abc import Callable

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.read_only import ReadOnlyAdmin
from tickets import share
from tickets.models import (
    ChangeTemplate,
    FieldMapping,
    FieldTrial,
    PushAttempt,
    Reconciliation,
    StateName,
    Ticket,
    TicketComment,
    TicketEvent,
    TicketNote,
)


# Delivery and tracking write these rows; a hand in between could send a ticket twice.
@admin.register(Ticket)
class TicketAdmin(ReadOnlyAdmin):
    """Every column of a ticket. The actions are the buttons of its page."""

    list_display = ("__str__", "name", "kind", "delivery", "meaning", "due_on", "requested_by", "created_at")
    list_filter = (
        "delivery",
        "kind",
        "meaning",
        "is_open",
        "recommendation_source",
        "instance",
        "created_at",
    )
    search_fields = ("number", "name", "sys_id", "id", "requested_by__username")
    list_select_related = ("instance", "requested_by")
    date_hierarchy = "created_at"
    actions = ("send_again", "discard")

    def has_work_permission(self, request: HttpRequest) -> bool:
        """Whoever may do it on the ticket's page."""
        return request.user.has_perm("tickets.change_ticket")

    @admin.action(description=_("Send again"), permissions=["work"])
    def send_again(self, request: HttpRequest, chosen: QuerySet[Ticket]) -> None:
        """Let the workers try those that need attention again."""
        done, left = _each(request, chosen, share.retry)
        said = ngettext("%(count)d ticket will be sent again.", "%(count)d tickets will be sent again.", done)
        messages.success(request, said % {"count": done})
        if left:
            said = ngettext(
                "%(count)d ticket does not need to be sent again.",
                "%(count)d tickets do not need to be sent again.",
                left,
            )
            messages.info(request, said % {"count": left})

    @admin.action(
        description=_("Discard: it is not in ServiceNow and shall not get there"), permissions=["work"]
    )
    def discard(self, request: HttpRequest, chosen: QuerySet[Ticket]) -> None:
        """Give up those that are certainly not in ServiceNow."""
        done, left = _each(request, chosen, share.discard)
        said = ngettext("%(count)d ticket was discarded.", "%(count)d tickets were discarded.", done)
        messages.success(request, said % {"count": done})
        if left:
            said = ngettext(
                "%(count)d ticket may exist in ServiceNow, so it was not discarded.",
                "%(count)d tickets may exist in ServiceNow, so they were not discarded.",
                left,
            )
            messages.warning(request, said % {"count": left})


@admin.register(PushAttempt)
class PushAttemptAdmin(ReadOnlyAdmin):
    """Every try at delivery."""

    list_display = ("ticket", "ending", "status", "started_at", "ended_at")
    list_filter = ("ending", "status", "ended_at")
    search_fields = ("ticket__number", "ticket__name", "transaction_id", "detail")
    list_select_related = ("ticket",)
    date_hierarchy = "ended_at"


@admin.register(TicketEvent)
class TicketEventAdmin(ReadOnlyAdmin):
    """What happened to tickets."""

    list_display = ("ticket", "what", "actor", "at")
    list_filter = ("what", "at")
    search_fields = ("ticket__number", "ticket__name", "actor__username")
    list_select_related = ("ticket", "actor")
    date_hierarchy = "at"


@admin.register(StateName)
class StateNameAdmin(ReadOnlyAdmin):
    """What instances call their states."""

    list_display = ("instance", "kind", "value", "language", "their_label", "our_label", "meaning")
    list_filter = ("instance", "kind", "language")
    search_fields = ("value", "their_label", "our_label")
    list_select_related = ("instance",)


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


@admin.register(ChangeTemplate)
class ChangeTemplateAdmin(ReadOnlyAdmin):
    """What new change requests are made from."""

    list_display = ("instance", "name", "sys_id", "proven_at")
    list_select_related = ("instance",)


@admin.register(FieldTrial)
class FieldTrialAdmin(ReadOnlyAdmin):
    """What became of the records that were made for trying."""

    list_display = ("instance", "kind", "tried_at", "result", "number", "template")
    list_select_related = ("instance",)


@admin.register(Reconciliation)
class ReconciliationAdmin(ReadOnlyAdmin):
    """When all tickets were compared with ServiceNow."""

    list_display = ("asked_at", "instance", "asked_by", "ended_at", "listed", "problem")
    list_filter = ("instance", "listed")
    list_select_related = ("instance", "asked_by")


def _each(request: HttpRequest, chosen: QuerySet[Ticket], deed: Callable[..., bool]) -> tuple[int, int]:
    """Do a deed to each; how many it was done to, and how many not."""
    now = timezone.now()
    done = sum(deed(ticket, by=request.user, now=now) for ticket in chosen)
    return done, len(chosen) - done
