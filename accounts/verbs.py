"""What the audit log calls the deeds that it holds. The log itself keeps their short names, in no language."""

from django.utils.translation import pgettext_lazy

# A test finds a verb that somebody used and did not name here.
VERBS = {
    "accounts.administrator_created": pgettext_lazy("audit", "Administrator created"),
    "person.added": pgettext_lazy("audit", "User added"),
    "person.changed": pgettext_lazy("audit", "User changed"),
    "person.deactivated": pgettext_lazy("audit", "User deactivated"),
    "person.password_changed": pgettext_lazy("audit", "Own password changed"),
    "person.password_link_sent": pgettext_lazy("audit", "Link for a new password sent"),
    "person.password_reset": pgettext_lazy("audit", "Password reset"),
    "person.reactivated": pgettext_lazy("audit", "User let in again"),
    "person.roles_changed": pgettext_lazy("audit", "Roles changed"),
    "person.signed_out_everywhere": pgettext_lazy("audit", "Signed out everywhere"),
    "reconciliation.mended": pgettext_lazy("audit", "Findings of a reconciliation fixed"),
    "servicenow.connected": pgettext_lazy("audit", "ServiceNow connected"),
    "servicenow.draft_discarded": pgettext_lazy("audit", "New ServiceNow connection discarded"),
    "servicenow.removed": pgettext_lazy("audit", "ServiceNow connection removed"),
    "servicenow.token_refused": pgettext_lazy("audit", "Sign-in refused by ServiceNow"),
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


def verb_label(verb: str) -> str:
    """Say a verb in words; one that nobody named stays as it is."""
    return str(VERBS.get(verb, verb))
