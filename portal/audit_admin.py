"""The audit log in the administration. It is here because it names the tickets of its entries."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.audit_labels import verb_label
from accounts.lengths import RowList
from accounts.models import AuditEntry
from accounts.read_only import ReadOnlyAdmin, as_list
from tickets.models import Ticket


class VerbFilter(admin.SimpleListFilter):
    """Narrow to one kind of deed, of those that are in the log."""

    title = pgettext_lazy("audit", "verb")
    parameter_name = "verb"

    def lookups(self, request: HttpRequest, model_admin: "admin.ModelAdmin[Any]") -> list[tuple[str, str]]:
        """The verbs in the log, by their labels."""
        used = AuditEntry.objects.order_by().values_list("verb", flat=True).distinct()
        return sorted(((verb, verb_label(verb)) for verb in used), key=lambda choice: choice[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        """Entries of the chosen verb; all without a choice."""
        return queryset.filter(verb=self.value()) if self.value() else queryset


class AuditEntryList(RowList):
    """A page of entries that knows the tickets they are about, read at once."""

    def get_results(self, request: HttpRequest) -> None:
        """Read the tickets along with the entries."""
        super().get_results(request)
        _find_tickets(self.result_list)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """A log that can be edited proves nothing."""

    list_display = ("at", "actor_name", "actor_kind", "deed", "subject", "from_where")
    list_filter = (VerbFilter, "actor_kind", "at")
    search_fields = ("actor_name", "verb", "target", "address", "request_id")
    date_hierarchy = "at"
    fields = readonly_fields = (
        "at",
        "actor",
        "actor_name",
        "actor_kind",
        "deed",
        "verb_kept",
        "subject",
        "target_kept",
        "address",
        "request",
        "details",
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[RowList]:
        """Return the list that reads tickets along."""
        return AuditEntryList

    @admin.display(description=pgettext_lazy("audit", "verb"), ordering="verb")
    def deed(self, entry: AuditEntry) -> str:
        """What was done, in words."""
        return verb_label(entry.verb)

    @admin.display(description=pgettext_lazy("audit", "target"), ordering="target")
    def subject(self, entry: AuditEntry) -> str:
        """What it was done to: a ticket by its number or name, with its page."""
        if not hasattr(entry, "ticket"):
            _find_tickets([entry])
        ticket: Ticket | None = getattr(entry, "ticket", None)
        if ticket is None:
            return entry.target
        return format_html('<a href="{}">{}</a>', ticket.get_absolute_url(), ticket)

    @admin.display(
        description=format_lazy("{} / {}", pgettext_lazy("audit", "address"), _("request ID")),
        ordering="address",
    )
    def from_where(self, entry: AuditEntry) -> str:
        """The address and the ID of the request, in one narrow column."""
        lines = [(line,) for line in (entry.address, self.request(entry)) if line]
        return format_html_join(mark_safe("<br>"), "{}", lines)

    @admin.display(description=_("request ID"))
    def request(self, entry: AuditEntry) -> str:
        """The request's ID, with all entries of the same one behind it."""
        if not entry.request_id:
            return ""
        log = reverse("admin:accounts_auditentry_changelist")
        return format_html('<a href="{}?q={}">{}</a>', log, entry.request_id, entry.request_id)

    @admin.display(description=_("stored verb"))
    def verb_kept(self, entry: AuditEntry) -> str:
        """The verb's short name."""
        return entry.verb

    @admin.display(description=_("stored target"))
    def target_kept(self, entry: AuditEntry) -> str:
        """What the entry itself calls its target."""
        return entry.target

    @admin.display(description=pgettext_lazy("audit", "detail"))
    def details(self, entry: AuditEntry) -> str:
        """What else is known, line by line."""
        return as_list(entry.detail)


def _find_tickets(entries: Iterable[AuditEntry]) -> None:
    """Give each entry about a ticket that ticket, with one query for all."""
    keys = {entry.pk: key for entry in entries if (key := _ticket_key(entry))}
    tickets = Ticket.objects.only("id", "number", "name").in_bulk(keys.values()) if keys else {}
    for entry in entries:
        entry.ticket = tickets.get(keys.get(entry.pk))  # type: ignore[attr-defined]


def _ticket_key(entry: AuditEntry) -> UUID | None:
    """Return the primary key of the ticket that an entry is about, if it is about one."""
    if not entry.verb.startswith("ticket."):
        return None
    try:
        return UUID(entry.target)
    except ValueError:
        return None
