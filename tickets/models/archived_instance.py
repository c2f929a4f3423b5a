"""Tickets of an instance that was connected earlier: their story stays, and nothing more is sent or asked for them."""

from django.utils.translation import gettext as _

from tickets.models.ticket import Ticket


def refusal(ticket: Ticket) -> str:
    """Say why nothing of a ticket can reach ServiceNow; empty where its instance is the one in use."""
    if not ticket.is_archived:
        return ""
    said = _("This ticket belongs to %(instance)s, which is no longer connected.")
    return said % {"instance": ticket.instance}
