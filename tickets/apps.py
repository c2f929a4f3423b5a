from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts import audit_labels

AUDIT_LABELS = {
    "reconciliation.fixed": pgettext_lazy("audit", "Findings of a reconciliation fixed"),
    "states.named": pgettext_lazy("audit", "Ticket state names changed"),
    "states.reset": pgettext_lazy("audit", "Ticket state names reset"),
    "ticket.comment_given_up": pgettext_lazy("audit", "Comment or work note given up"),
    "ticket.comment_sent_again": pgettext_lazy("audit", "Comment or work note sent again"),
    "ticket.commented": pgettext_lazy("audit", "Comment or work note added"),
    "ticket.discarded": pgettext_lazy("audit", "Ticket discarded"),
    "ticket.discard_undone": pgettext_lazy("audit", "Discarding of a ticket undone"),
    "ticket.edited": pgettext_lazy("audit", "Ticket edited and sent again"),
    "ticket.linked": pgettext_lazy("audit", "Ticket linked to a record"),
    "ticket.looked_up": pgettext_lazy("audit", "Record looked up for a ticket"),
    "ticket.retried": pgettext_lazy("audit", "Ticket sent again"),
    "ticket.sent_anew": pgettext_lazy("audit", "Ticket sent again as a new ticket"),
    "ticket.shared": pgettext_lazy("audit", "Ticket shared"),
    "ticket.taken_over": pgettext_lazy("audit", "Record taken over as a ticket"),
    "ticket.unlinked": pgettext_lazy("audit", "Ticket unlinked from its record"),
    "tickets.field_mapped": pgettext_lazy("audit", "Field mapped"),
    "tickets.field_unmapped": pgettext_lazy("audit", "Field mapping removed"),
    "tickets.fields_tried": pgettext_lazy("audit", "Fields tried"),
    "tickets.template_chosen": pgettext_lazy("audit", "Standard change template chosen"),
    "tickets.template_removed": pgettext_lazy("audit", "Standard change template removed"),
}


class TicketsConfig(AppConfig):
    """What we asked of ServiceNow and what it says now."""

    name = "tickets"
    verbose_name = _("Tickets")

    def ready(self) -> None:
        """Register the app's permissions, audit labels, and what people look after."""
        from accounts import handover, roles  # noqa: PLC0415  They need the models, which are loaded by now.
        from tickets.models.requesters import TICKETS  # noqa: PLC0415  The same.

        audit_labels.register(AUDIT_LABELS)
        handover.register(TICKETS)
        roles.register(
            reader=["tickets.view_ticket"],
            security_administrator=["tickets.add_ticket", "tickets.change_ticket"],
            administrator=[
                "tickets.view_changetemplate",
                "tickets.view_fieldmapping",
                "tickets.view_fieldtrial",
                "tickets.view_pushattempt",
                "tickets.view_reconciliation",
                "tickets.view_statename",
                "tickets.view_ticketcomment",
                "tickets.view_ticketevent",
                "tickets.view_ticketnote",
            ],
        )
