"""What people wrote about our records and we could not read at the time: it comes once it can be read."""

import logging
from collections.abc import Callable
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from connector.access.calling import calling
from connector.access.client_factory import Paused
from connector.budget import KEPT_FOR_PUSHES, allowed
from connector.models import Connection, Instance
from connector.servicenow.errors import ServiceNowError
from tickets.models import Ticket
from tickets.models.choices import Kind
from tickets.models.comments import UNREAD_NOTES, NotesState
from tickets.tracking import journal

logger = logging.getLogger(__name__)
Clock = Callable[[], datetime]
# Few enough that journals with many emails fit into an answer, and that what stays closed costs little.
AT_A_TIME = 25
PARTS = 8


def read(*, clock: Clock = timezone.now) -> int:
    """Try again to read what could not be read. Returns of how many tickets the notes are known now."""
    connection = Connection.objects.working().first()
    if connection is None or not connection.instance.may_call(clock(), allowed(KEPT_FOR_PUSHES)):
        return 0
    unread = list(_unread(connection.instance))
    if not unread:
        return 0
    read = 0
    try:
        with calling(connection, clock=clock) as client:
            for start in range(0, len(unread), AT_A_TIME):
                part = {ticket.sys_id: ticket for ticket in unread[start : start + AT_A_TIME]}
                journal.mirror(
                    client, part, client.lists(journal.listings(connection.instance, _kinds(part)))
                )
                known = Ticket.objects.filter(
                    pk__in=[ticket.pk for ticket in part.values()], notes_state=NotesState.READ
                )
                if not (now_known := known.count()):
                    break
                read += now_known
    except Paused:
        return read
    except ServiceNowError as error:
        logger.warning("reading missed notes from %s: %s", connection.instance.host, error)
    return read


def _unread(instance: Instance) -> list[Ticket]:
    """Tickets whose notes could not be read, and those whose record had changed before anybody looked, in no order."""
    missed = Q(notes_state__in=UNREAD_NOTES) | Q(notes_state=NotesState.NEVER, sys_mod_count__gt=0)
    tracked = Ticket.objects.filter(instance=instance, missing_since=None).tracked()
    return list(tracked.filter(missed).order_by("?")[: AT_A_TIME * PARTS])


def _kinds(part: dict[str, Ticket]) -> dict[Kind, list[str]]:
    kinds: dict[Kind, list[str]] = {}
    for ticket in part.values():
        kinds.setdefault(Kind(ticket.kind), []).append(ticket.sys_id)
    return kinds
