"""Changed records, read whole with their journals, and stored. Up to `AT_A_TIME` of them cost one call where there is a
Batch API.
"""

import logging
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import DataError, IntegrityError

from connector.models import Instance
from connector.servicenow.batch import Listing
from connector.servicenow.client import Client, ids_query
from connector.servicenow.records import Page, Record
from tickets.models import Ticket
from tickets.models.choices import Kind, NormalizedState
from tickets.tracking import journal, mirror

logger = logging.getLogger(__name__)
# So many ids fit into an address where there is no Batch API.
AT_A_TIME = 150


@dataclass
class CaughtUp:
    """How many tickets changed, and the sys_ids of the records that came back."""

    changed: int = 0
    returned: set[str] = field(default_factory=set)


def catch_up(
    instance: Instance, client: Client, changed: Mapping[Kind, Collection[str]], now: datetime
) -> CaughtUp:
    """Mirror the records with these sys_ids, their notes included.

    Notes are stored before the record's new version is: whoever dies in between reads both again.
    """
    named = {kind: mirror.normalized_states(instance, kind) for kind in changed}
    wanted = [(kind, sys_id) for kind in sorted(changed) for sys_id in sorted(changed[kind])]
    done = CaughtUp()
    for start in range(0, len(wanted), AT_A_TIME):
        part = wanted[start : start + AT_A_TIME]
        sys_ids = [sys_id for _, sys_id in part]
        kinds = sorted({kind for kind, _ in part})
        of_kind = {kind: [sys_id for one, sys_id in part if one == kind] for kind in kinds}
        records = [_records(kind, of_kind[kind]) for kind in kinds]
        answers = client.lists([*records, *journal.listings(instance, of_kind)])
        pages, notes = answers[: len(records)], answers[len(records) :]
        sys.audit("tickets.tracking.sync.read", len(part))
        tickets = {
            ticket.sys_id: ticket for ticket in Ticket.objects.filter(instance=instance, sys_id__in=sys_ids)
        }
        journal.mirror(client, tickets, notes)
        for kind, page in zip(kinds, pages, strict=True):
            done.returned |= {record.sys_id for record in page.records}
            done.changed += _apply(kind, page, tickets, now, named)
    return done


def _records(kind: Kind, sys_ids: list[str]) -> Listing:
    return Listing(kind, ids_query("sys_id", sys_ids), mirror.fields(kind), len(sys_ids), display_values=True)


def _apply(
    kind: Kind,
    page: Page,
    tickets: Mapping[str, Ticket],
    now: datetime,
    named: Mapping[Kind, dict[str, NormalizedState]],
) -> int:
    """Store the rows that were asked for; an instance that ignores the condition answers with strangers."""
    return sum(
        apply_one(tickets[record.sys_id], record, now, named[kind])
        for record in page.records
        if record.sys_id in tickets and tickets[record.sys_id].kind == kind
    )


def apply_one(ticket: Ticket, record: Record, now: datetime, named: dict[str, NormalizedState]) -> bool:
    """Store one row. One that holds what no column takes must not keep the others from being followed."""
    try:
        return mirror.apply(ticket, record, now, named)
    except (ValueError, OverflowError, DataError, IntegrityError) as error:
        # Without the error's own words: they may quote the record.
        logger.warning(
            "%s %s was left out: its values cannot be stored (%s)",
            ticket.kind, record.sys_id, type(error).__name__,
        )  # fmt: skip
        mirror.mark_unread(ticket, now)
        return False
