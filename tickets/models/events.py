"""What was tried and what happened, row by row. Only ever added."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import AuditEntry, User
from tickets.models.backoff import AttemptResult

if TYPE_CHECKING:
    from tickets.models.ticket import Ticket


class PushAttempt(models.Model):
    """One try at delivering a ticket, told for people. Only ever added."""

    ticket = models.ForeignKey(
        "tickets.Ticket", models.PROTECT, related_name="push_attempts", verbose_name=_("ticket")
    )
    started_at = models.DateTimeField(_("started"))
    ended_at = models.DateTimeField(_("ended"))
    result = models.CharField(_("result"), max_length=20, choices=AttemptResult)
    status = models.PositiveSmallIntegerField(_("HTTP status"), null=True, blank=True)
    detail = models.TextField(_("details"), blank=True)
    transaction_id = models.CharField(_("transaction ID"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("push attempt")
        verbose_name_plural = _("push attempts")
        ordering = ["-ended_at", "-pk"]


class TicketEventLog(models.Manager["TicketEvent"]):
    """Where it is written down what happened to tickets."""

    def record_action(
        self,
        ticket: "Ticket",
        event_type: "TicketEvent.Type",
        *,
        by: User | None,
        now: datetime,
        sys_id: str = "",
        detail: Mapping[str, Any] | None = None,
        audit_detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Write what somebody did to a ticket into its history and into the audit log. To be called in the transaction
        that does it. The log is for administrators, who are told `audit_detail` there and nothing of `detail`.
        """
        self.create(
            ticket=ticket, at=now, type=event_type, actor=by, sys_id=sys_id, detail=dict(detail or {})
        )
        AuditEntry.objects.record(
            actor=by, verb=audit_verb(event_type), target=str(ticket.pk), **dict(audit_detail or {})
        )


class TicketEvent(models.Model):
    """Something that happened to a ticket, here or in ServiceNow. Only ever added."""

    class Type(models.TextChoices):
        CREATED = "created", pgettext_lazy("ticket event", "Shared")
        DELIVERED = "delivered", pgettext_lazy("ticket event", "Created in ServiceNow")
        ADOPTED = "adopted", pgettext_lazy("ticket event", "Found in ServiceNow")
        ATTENTION = "attention", pgettext_lazy("ticket event", "Needs attention")
        CONFLICT = "conflict", pgettext_lazy("ticket event", "Found twice in ServiceNow")
        RETRIED = "retried", pgettext_lazy("ticket event", "Sent again by a person")
        EDITED = "edited", pgettext_lazy("ticket event", "Edited and sent again by a person")
        LINKED = "linked", pgettext_lazy("ticket event", "Linked to a record by a person")
        UNLINKED = "unlinked", pgettext_lazy("ticket event", "Unlinked from its record by a person")
        REPLACES = "replaces", pgettext_lazy("ticket event", "Takes the place of an unlinked ticket")
        SENT_ANEW = "sent_anew", pgettext_lazy("ticket event", "Sent again as a new ticket")
        DISCARDED = "discarded", pgettext_lazy("ticket event", "Discarded")
        DISCARD_UNDONE = "discard_undone", pgettext_lazy("ticket event", "Discarding undone")
        CHANGED = "changed", pgettext_lazy("ticket event", "Changed in ServiceNow")
        WENT_BACK = "went_back", pgettext_lazy("ticket event", "Back at an older version in ServiceNow")
        POINTS = "points", pgettext_lazy("ticket event", "The action reached all its points")
        REOPENED = "reopened", pgettext_lazy("ticket event", "Reopened in ServiceNow")
        MISSING = "missing", pgettext_lazy("ticket event", "No longer returned by ServiceNow")
        FOUND = "found", pgettext_lazy("ticket event", "Returned by ServiceNow again")

    ticket = models.ForeignKey(
        "tickets.Ticket", models.PROTECT, related_name="events", verbose_name=_("ticket")
    )
    at = models.DateTimeField(_("time"))
    type = models.CharField(_("event"), max_length=20, choices=Type)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("actor"),
    )
    # Which record it is about, and which update of that record.
    sys_id = models.CharField(_("sys_id of the record"), max_length=32, blank=True)
    sys_mod_count = models.IntegerField(_("updates in ServiceNow"), null=True, blank=True)
    detail = models.JSONField(_("details"), default=dict, blank=True)

    objects = TicketEventLog()

    class Meta:
        verbose_name = _("ticket event")
        verbose_name_plural = _("ticket events")
        ordering = ["-at", "-pk"]
        constraints = [
            # Two pollers that see the same update tell it once.
            models.UniqueConstraint(
                fields=["ticket", "sys_id", "sys_mod_count"],
                condition=Q(type="changed"),
                name="ticket_event_update_told_once",
            )
        ]


def audit_verb(event_type: TicketEvent.Type) -> str:
    """Return what the audit log calls an action that a ticket's history holds as `event_type`."""
    return _AUDIT_VERBS.get(event_type, f"ticket.{event_type.value}")


_AUDIT_VERBS = {
    TicketEvent.Type.CREATED: "ticket.shared",
    TicketEvent.Type.ADOPTED: "ticket.taken_over",
}
