"""Further records in ServiceNow that carry a ticket's key, told by the delta within one poll.

Their usual cause is a machine in between that sent a create twice. The ticket goes on following the record that it is
linked to; a person chooses, and ServiceNow is told nothing. A record that carries the key of a ticket which counts as
undelivered is left to the delivery, which looks for it before it sends anything.
"""

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, Value
from django.db.models.functions import Coalesce

from connector.models import Instance
from connector.servicenow.client import Client
from connector.servicenow.records import Record
from tickets.models import Ticket, TicketEvent
from tickets.models.choices import Delivery, Kind
from tickets.records import provenance
from tickets.tracking import lookup

logger = logging.getLogger(__name__)

FIELDS = ("sys_id", "sys_class_name", "number", "active", "correlation_id")
_LOOKED_UP = (Delivery.WAITING, Delivery.ATTENTION)


def notice(instance: Instance, client: Client, rows: Iterable[Record], now: datetime) -> int:
    """Look at records with our marker, read with `FIELDS`, that no ticket is linked to. Returns how many tickets have
    news of them.
    """
    rows = list(rows)
    keys = {row.sys_id: provenance.key_of(row.get("correlation_id")) for row in rows}
    asked = Q(client_sys_id__in=keys, delivery__in=_LOOKED_UP)
    found = Ticket.objects.filter(asked | Q(pk__in=[key for key in keys.values() if key]), instance=instance)
    by_key = {ticket.pk: ticket for ticket in found}
    by_asked = {ticket.client_sys_id: ticket for ticket in by_key.values()}
    count = 0
    for row in rows:
        key = keys[row.sys_id]
        ticket = (
            by_key.get(key) if key else by_asked.get(row.sys_id) if not row.get("correlation_id") else None
        )
        if ticket is not None:
            count += _notice_one(ticket, row, client, now)
    return count


def _notice_one(ticket: Ticket, row: Record, client: Client, now: datetime) -> bool:
    if ticket.delivery == Delivery.DELIVERED and ticket.sys_id != row.sys_id:
        return _add(ticket, row, now) if _is_open(row) else _remove(ticket, [row.sys_id])
    if ticket.delivery not in _LOOKED_UP or row.get("sys_class_name") != ticket.kind:
        return False
    # Nobody's ticket is sent again for a record that the look-up would not find.
    return bool(lookup.find_records(ticket, client)) and have_looked_up(ticket, now)


def have_looked_up(ticket: Ticket, now: datetime) -> bool:
    """Let the delivery find the record of an undelivered ticket: with an intent in its row it is looked up before
    anything is sent, whichever worker comes first. Returns False when the ticket has changed since it was read.
    """
    intent = Coalesce("sent_at", Value(now))
    row = Ticket.objects.filter(pk=ticket.pk)
    if ticket.delivery == Delivery.ATTENTION:
        # Its record was seen a moment ago: whatever it waits for a person for is settled by that.
        anew = {"attempts": 0, "last_problem": "", "possible_refusal": "", "unseen_at": None}
        again = {"next_attempt_at": now, "sent_at": intent, **anew}
        return row.move(Delivery.ATTENTION, Delivery.WAITING, **again)
    return row.filter(delivery=Delivery.WAITING).update(sent_at=intent, next_attempt_at=now) == 1


def look_again(instance: Instance, client: Client, tickets: Iterable[Ticket]) -> int:
    """See whether the further records of these tickets still are that. Returns of how many tickets none is left, or
    fewer.
    """
    ours = [ticket for ticket in tickets if ticket.twins and ticket.instance_id == instance.pk]
    there: set[str] = set()
    for kind in Kind:
        asked = [sys_id for ticket in ours for sys_id, twin in ticket.twins.items() if twin["kind"] == kind]
        for batch in client.batches(kind, asked, FIELDS):
            there |= {
                f"{row.sys_id} {row.get('correlation_id')}"
                for row in client.by_sys_ids(kind, batch, FIELDS).records
                if _is_open(row)
            }
    gone = {
        ticket: [sys_id for sys_id in ticket.twins if f"{sys_id} {ticket.correlation_id}" not in there]
        for ticket in ours
    }
    return sum(_remove(ticket, sys_ids) for ticket, sys_ids in gone.items() if sys_ids)


def as_columns(others: Iterable[Record], kind: Kind) -> dict[str, Any]:
    """Return the columns of a ticket of which a person has chosen one record, and these are the others."""
    twins = {other.sys_id: _told(other, kind) for other in others if _is_open(other)}
    return {"twins": twins, "twin_since": None}


def _add(ticket: Ticket, row: Record, now: datetime) -> bool:
    if row.sys_id in ticket.twins or row.get("sys_class_name") not in Kind.values:
        return False
    twins = {**ticket.twins, row.sys_id: _told(row, Kind(row.get("sys_class_name")))}
    with transaction.atomic():
        if not _store(ticket, twins, twin_since=ticket.twin_since or now):
            return False
        numbers = [ticket.number, *(twin["number"] for twin in twins.values())]
        TicketEvent.objects.create(
            ticket=ticket,
            at=now,
            type=TicketEvent.Type.CONFLICT,
            sys_id=row.sys_id,
            detail={"numbers": numbers},
        )
    logger.warning("ticket %s: a further record carries its key: %s", ticket.pk, row.sys_id)
    return True


def _remove(ticket: Ticket, sys_ids: Iterable[str]) -> bool:
    left = {sys_id: twin for sys_id, twin in ticket.twins.items() if sys_id not in sys_ids}
    if left == ticket.twins:
        return False
    return _store(ticket, left, twin_since=ticket.twin_since if left else None)


def _store(ticket: Ticket, twins: dict[str, Any], twin_since: datetime | None) -> bool:
    """Store what a ticket's further records are, unless somebody has changed that, or the link, meanwhile."""
    as_read = Ticket.objects.filter(
        pk=ticket.pk, delivery=Delivery.DELIVERED, sys_id=ticket.sys_id, twins=ticket.twins
    )
    if not as_read.update(twins=twins, twin_since=twin_since):
        return False
    ticket.twins, ticket.twin_since = twins, twin_since
    return True


def _is_open(row: Record) -> bool:
    """Whether it is not closed: one that was canceled is what people were asked for."""
    return row.get("active") != "false"


def _told(record: Record, kind: Kind) -> dict[str, str]:
    return {"kind": kind.value, "number": record.number[:40]}
