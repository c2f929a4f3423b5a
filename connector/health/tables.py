"""The tables in which the portal makes records."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class TicketTable:
    """What the checks of a connection call a table, and the value of `state` that puts a trial record away there out of
    the box (ServiceNow documentation, "Incident management process", "State model for change").
    """

    title: Promise
    canceled: str


TABLES = {
    "change_request": TicketTable(_("Change requests"), canceled="4"),
    "incident": TicketTable(_("Incidents"), canceled="8"),
}
