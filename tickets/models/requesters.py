"""What becomes of the tickets of somebody who is deactivated: they stay as they are.

Who asked for a ticket is history, and ServiceNow has it: it goes out as the caller or the requester (a delivery that is
still to be tried sends it, too). Pages name the successor beside the requester instead.
"""

from django.utils.translation import ngettext

from accounts.handover import Belongings
from accounts.models import User
from tickets.models.ticket import Ticket


def _count(requester: User) -> int:
    return Ticket.objects.open().filter(requested_by=requester).count()


def _words(count: int) -> str:
    said = ngettext(
        "%(count)d open ticket: it keeps its requester, whom ServiceNow knows. Its page also names whoever takes over.",
        "%(count)d open tickets: they keep their requester, whom ServiceNow knows. Their pages name the successor.",
        count,
    )
    return said % {"count": count}


TICKETS = Belongings(_count, _words)
