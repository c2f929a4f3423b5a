from collections.abc import Callable
from datetime import date, datetime

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from accounts.models import User
from accounts.read_only import ReadOnlyAdmin, as_list
from connector.access.client_factory import Paused
from connector.servicenow.errors import ServiceNowError
from tickets.actions import share
from tickets.actions.discard import discard
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
from tickets.models.choices import Priority


# Delivery and tracking write these rows; a hand in between could send a ticket twice.
@admin.register(Ticket)
class TicketAdmin(ReadOnlyAdmin):
    """Every column of a ticket. The actions are the buttons of its page."""

    list_display = ("shown_number", "name", "kind", "shown_state", "shown_due_on", "requested_by")
    list_display_links = ("shown_number", "name")
    list_filter = (
        "delivery",
        "kind",
        "normalized_state",
        "is_open",
        "recommendation_source",
        "instance",
        "created_at",
    )
    search_fields = ("number", "name", "sys_id", "id", "requested_by__username")
    list_select_related = ("instance", "requested_by")
    date_hierarchy = "created_at"
    actions = ("send_again", "discard")
    readonly_fields = (
        "shown_state", "shown_their_priority", "shown_dropped_fields", "shown_record", "shown_record_labels",
    )  # fmt: skip
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "number", "name", "description", "kind", "priority", "due_on", "recommendation_source",
                    "recommendation_category", "action", "is_extra", "requested_by", "created_at",
                )
            },
        ),
        (
            pgettext_lazy("ticket", "Delivery"),
            {
                "fields": (
                    "delivery", "is_open", "next_attempt_at", "attempts", "sent_at", "delivered_at", "last_result",
                    "last_problem", "shown_dropped_fields",
                )
            },
        ),
        (
            _("In ServiceNow"),
            {
                "fields": (
                    "instance", "shown_state", "normalized_state", "shown_their_priority", "their_due_on",
                    "their_due_cleared", "sys_updated_on", "seen_at", "missing_since", "closed_at", "score_when_closed",
                    "points_reached_at",
                )
            },
        ),
        (
            _("Technical details"),
            {
                "classes": ("collapse",),
                "fields": (
                    "id", "batch", "sys_id", "state", "state_label", "active", "sys_mod_count", "shown_record",
                    "shown_record_labels",
                ),
            },
        ),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Ticket]:
        """Bring along what instances call their states, for the list."""
        found: QuerySet[Ticket] = super().get_queryset(request).prefetch_related("instance__state_names")
        return found

    @admin.display(description=pgettext_lazy("ticket", "number"), ordering="number")
    def shown_number(self, ticket: Ticket) -> str:
        """The record's number, or a dash before there is one."""
        return ticket.number or "\N{EM DASH}"

    @admin.display(description=_("status"), ordering="delivery")
    def shown_state(self, ticket: Ticket) -> str:
        """Its state in words: the record's once delivered, else how far delivery got."""
        return ticket.state_words

    @admin.display(description=_("due date"), ordering="current_due_on")
    def shown_due_on(self, ticket: Ticket) -> date | None:
        """The due date that counts."""
        due: date | None = ticket.current_due_on
        return due

    @admin.display(description=_("priority in ServiceNow"))
    def shown_their_priority(self, ticket: Ticket) -> str:
        """The record's priority in words, where somebody changed it there."""
        labels = dict(Priority.choices)
        return str(labels.get(ticket.their_priority or 0, "-"))

    @admin.display(description=_("fields not kept"))
    def shown_dropped_fields(self, ticket: Ticket) -> str:
        """The fields that the record does not hold as they were sent."""
        return as_list(ticket.dropped_fields)

    @admin.display(description=_("stored values of the record"))
    def shown_record(self, ticket: Ticket) -> str:
        """The record's fields as ServiceNow stores them."""
        return as_list(ticket.record)

    @admin.display(description=_("display values of the record"))
    def shown_record_labels(self, ticket: Ticket) -> str:
        """The record's fields as ServiceNow shows them."""
        return as_list(ticket.record_labels)

    def has_work_permission(self, request: HttpRequest) -> bool:
        """Whoever may do it on the ticket's page."""
        return request.user.has_perm("tickets.change_ticket")

    @admin.action(description=_("Send again"), permissions=["work"])
    def send_again(self, request: HttpRequest, chosen: QuerySet[Ticket]) -> None:
        """Let the workers try those that need attention again."""
        done, left = _each(request, chosen, _retry)
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
        description=_("Discard: it is not in ServiceNow and is not to be sent there"), permissions=["work"]
    )
    def discard(self, request: HttpRequest, chosen: QuerySet[Ticket]) -> None:
        """Give up those that are certainly not in ServiceNow."""
        done, left = _each(request, chosen, _discard)
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

    list_display = ("ticket", "result", "status", "started_at", "ended_at")
    list_filter = ("result", "status", "ended_at")
    search_fields = ("ticket__number", "ticket__name", "transaction_id", "detail")
    list_select_related = ("ticket",)
    date_hierarchy = "ended_at"


@admin.register(TicketEvent)
class TicketEventAdmin(ReadOnlyAdmin):
    """What happened to tickets."""

    list_display = ("ticket", "type", "actor", "at")
    list_filter = ("type", "at")
    search_fields = ("ticket__number", "ticket__name", "actor__username")
    list_select_related = ("ticket", "actor")
    date_hierarchy = "at"


@admin.register(StateName)
class StateNameAdmin(ReadOnlyAdmin):
    """What instances call their states."""

    list_display = ("instance", "kind", "value", "language", "their_label", "our_label", "normalized_state")
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


def _retry(ticket: Ticket, *, by: User, now: datetime) -> bool:
    return not ticket.is_archived and share.retry(ticket, by=by, now=now)


def _discard(ticket: Ticket, *, by: User, now: datetime) -> bool:
    try:
        return discard(ticket, by=by, now=now)
    except (Paused, ServiceNowError):
        return False
