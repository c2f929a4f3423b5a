from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TicketsConfig(AppConfig):
    """What we asked of ServiceNow and what it says now."""

    name = "tickets"
    verbose_name = _("Tickets")
