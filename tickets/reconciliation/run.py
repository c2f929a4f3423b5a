"""Reconciliation: what we think against what is there. It only reads in ServiceNow; fixing is `fixes`'s.

Every linked ticket is asked for by primary key, every undelivered one by both keys that its record would carry, and
every record that carries our marker is listed. The row in `Reconciliation` tells how far it is; each call counts in
the hour's budget, of which a part is left to deliveries.
"""

import logging
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.models import User
from connector.access.calling import calling
from connector.access.client_factory import Pause, Paused
from connector.access.turns import WORKER_PATIENCE
from connector.models import Connection, Instance
from connector.servicenow.client import Client
from connector.servicenow.errors import ServiceNowError
from connector.servicenow.records import Record
from tickets.models import Finding, Reconciliation, Ticket
from tickets.models.choices import IN_HAND, UNDELIVERED, Delivery, Kind
from tickets.models.querysets import TicketQuerySet
from tickets.models.reconciliation import Discrepancy, Listed
from tickets.reconciliation import comparison, remote_records
from tickets.reconciliation.comparison import Found, Local, Remote
from tickets.records import provenance
from tickets.tracking import lookup, mirror

logger = logging.getLogger(__name__)
Clock = Callable[[], datetime]
UNREADABLE = gettext_noop(
    "ServiceNow returned no record at all of a table, so the tickets there were not compared. See that the "
    "integration user may read the tables of all task types."
)


def start(instance: Instance, *, by: User | None, now: datetime) -> Reconciliation:
    """Note that somebody wants to know; while a run is under way, that is the one."""
    running = Reconciliation.objects.filter(instance=instance).under_way(now).first()
    return running or Reconciliation.objects.create(
        instance=instance, asked_by=by, asked_at=now, heartbeat_at=now
    )


def carry_out(run_id: int, *, clock: Clock = timezone.now) -> Reconciliation | None:
    """Do a run that nobody has begun. Returns it as it ended, or None when it was not ours to do."""
    begun = Reconciliation.objects.filter(pk=run_id, ended_at=None, claim_token=None)
    if not begun.update(claim_token=uuid.uuid4(), heartbeat_at=clock()):
        return None
    run = Reconciliation.objects.select_related("instance").get(pk=run_id)
    connection = Connection.objects.current().filter(instance=run.instance_id).first()
    try:
        with calling(connection, clock=clock, patience=WORKER_PATIENCE) as client:
            problem = _Run(run, client, clock).read_all()
    except Paused as pause:
        problem = reason_of(pause.reason)
    except ServiceNowError as error:
        problem = error.detail or str(error)
        logger.warning("reconciliation %s: %s", run_id, error)
    Reconciliation.objects.filter(pk=run_id).update(ended_at=clock(), problem=problem[:500])
    run.refresh_from_db()
    return run


class _Run:
    """A run in a worker's hands."""

    def __init__(self, run: Reconciliation, client: Client, clock: Clock) -> None:
        self.run = run
        self.client = client
        self.clock = clock
        self.now = clock()
        self.about: dict[str, Record] = {}

    def read_all(self) -> str:
        """Compare everything. Returns why not everything was, if so."""
        linked = self._tickets().tracked()
        self._note(tickets=linked.count())
        read = [self._look_at_linked(kind, linked.of_kind(kind)) for kind in Kind]
        keyed = [record for kind in Kind for record in self._undelivered(kind)]
        listed = self._listed()
        # Read after the answers: what was delivered meanwhile is known by now.
        ours = [_ours(row) for row in self._tickets().values(*_COLUMNS)]
        # What the list says of a record comes last: it has the key even where the other call did not.
        self._store(comparison.of_keyed(ours, [*keyed, *listed]))
        self._note(left_out=self.client.left_out, aside=_aside(self._tickets()))
        return "" if all(read) else UNREADABLE

    def _look_at_linked(self, kind: Kind, linked: TicketQuerySet) -> bool:
        """Compare the linked tickets of a kind. Returns False where its table shows us nothing at all."""
        mirrored = linked.order_by("sys_id").values(*_COLUMNS, *_MIRRORED)
        tickets = {row["sys_id"]: _ours(row, _values(row)) for row in mirrored.iterator(chunk_size=500)}
        looked_at = self.run.looked_at
        for asked, found in remote_records.by_sys_id(self.client, kind, list(tickets)):
            differing = list(comparison.of_linked((tickets[sys_id] for sys_id in asked), found))
            if not found and differing and not lookup.is_readable(self.client, kind):
                return False
            self._store(differing)
            looked_at += len(asked)
            self._note(looked_at=looked_at)
        return True

    def _undelivered(self, kind: Kind) -> list[Remote]:
        """Return the records of tickets that are waiting, or wait for a person."""
        waiting = self._tickets().of_kind(kind).filter(delivery__in=(Delivery.WAITING, Delivery.ATTENTION))
        keys = {asked: str(ticket_id) for asked, ticket_id in waiting.values_list("client_sys_id", "pk")}
        return remote_records.by_keys(self.client, kind, keys)

    def _listed(self) -> list[Remote]:
        """Return every record with our marker, as far as the instance lets us list them."""
        if self.run.instance.range_queries_allowed is False:
            self._note(listed=Listed.NO_RANGES)
            return []
        listed: list[Remote] = []
        try:
            for kind in Kind:
                for page in remote_records.with_marker(self.client, kind):
                    living = self._living(one.correlation_id for one in page)
                    strange = [one.sys_id for one in page if one.correlation_id not in living]
                    self.about |= remote_records.about(self.client, kind, strange)
                    listed += page
                    self._note(records=len(listed))
        except remote_records.Ignored:
            self._note(listed=Listed.IGNORED, records=0)
            return []
        self._note(listed=Listed.WHOLE)
        return listed

    def _living(self, keys: Iterable[str]) -> set[str]:
        """Return those of the keys whose tickets are here and were not given up."""
        tickets = self._tickets().filter(pk__in=_uuids(keys)).exclude(delivery=Delivery.DISCARDED)
        return {str(ticket_id) for ticket_id in tickets.values_list("pk", flat=True)}

    def _store(self, found: Iterable[Found]) -> None:
        found = list(found)
        ids = [one.ours.ticket_id for one in found if one.ours]
        tickets = Ticket.objects.select_related("instance", "action").in_bulk(ids)
        changes = self._changes(found, {ticket.sys_id: ticket for ticket in tickets.values()})
        Finding.objects.bulk_create(
            self._finding(one, tickets[one.ours.ticket_id] if one.ours else None, changes) for one in found
        )

    def _changes(
        self, found: Iterable[Found], tickets: Mapping[str, Ticket]
    ) -> dict[str, dict[str, list[str]]]:
        """Return what differs in each stale ticket's record, by its sys_id."""
        stale = [one for one in found if one.discrepancy == Discrepancy.STALE]
        return {
            record.sys_id: mirror.differences(
                ticket,
                mirror.columns(ticket, record, self.now, mirror.normalized_states(self.run.instance, kind)),
            )
            for kind in Kind
            for record in remote_records.whole(
                self.client, kind, [one.theirs[0].sys_id for one in stale if one.kind == kind]
            )
            if (ticket := tickets.get(record.sys_id))
        }

    def _finding(
        self, found: Found, ticket: Ticket | None, changes: Mapping[str, dict[str, list[str]]]
    ) -> Finding:
        finding = Finding(run=self.run, discrepancy=found.discrepancy, ticket=ticket, kind=found.kind)
        if ticket is not None:
            finding.number, finding.name, finding.sys_id = ticket.number, ticket.name, ticket.sys_id
        match found.discrepancy:
            case Discrepancy.STALE:
                is_older = ticket is not None and (found.theirs[0].version or 0) < (ticket.sys_mod_count or 0)
                finding.detail = {"changes": changes.get(finding.sys_id, {}), "is_older": is_older}
            case Discrepancy.UNLINKED | Discrepancy.DUPLICATE:
                finding.sys_id = finding.sys_id or found.theirs[0].sys_id
                finding.detail = {
                    "records": [one.sys_id for one in found.theirs],
                    "kinds": {one.sys_id: one.kind for one in found.theirs},
                }
            case Discrepancy.UNKNOWN:
                finding.sys_id = found.theirs[0].sys_id
                if record := self.about.get(finding.sys_id):
                    finding.number, finding.name = record.number[:40], record.get("short_description")[:160]
                finding.detail = provenance.told(self.about.get(finding.sys_id), ticket)
        return finding

    def _tickets(self) -> TicketQuerySet:
        found: TicketQuerySet = Ticket.objects.filter(instance=self.run.instance_id)
        return found

    def _note(self, **changes: object) -> None:
        for name, value in changes.items():
            setattr(self.run, name, value)
        Reconciliation.objects.filter(pk=self.run.pk).update(heartbeat_at=self.clock(), **changes)


def _aside(tickets: TicketQuerySet) -> dict[str, int]:
    """Count what a run has nothing to say about, and a person may expect to hear of, by the name of its filter."""
    counted = tickets.aggregate(
        **{
            state.value: Count("pk", filter=Q(delivery=state))
            for state in UNDELIVERED
            if state not in IN_HAND
        },
        missing=Count("pk", filter=Q(delivery=Delivery.DELIVERED, missing_since__isnull=False)),
        unread=Count("pk", filter=Q(delivery=Delivery.DELIVERED, unread_since__isnull=False)),
    )
    return {name: count for name, count in counted.items() if count}


_COLUMNS = ("pk", "kind", "delivery", "sys_id", "client_sys_id", "sys_mod_count", "missing_since")
_MIRRORED = ("number", "state", "active", "record", "sys_updated_on")


def counts(run: Reconciliation) -> Counter[str]:
    """Return how many findings of each kind a run has."""
    return Counter(run.findings.values_list("discrepancy", flat=True))


def _values(row: Mapping[str, Any]) -> tuple[str, ...]:
    return mirror.stored_values(Kind(row["kind"]), **{name: row[name] for name in _MIRRORED})


def _ours(row: Mapping[str, Any], values: tuple[str, ...] = ()) -> Local:
    return Local(
        values=values,
        ticket_id=row["pk"],
        kind=Kind(row["kind"]),
        delivery=Delivery(row["delivery"]),
        sys_id=row["sys_id"],
        client_sys_id=row["client_sys_id"],
        version=row["sys_mod_count"],
        is_missing=row["missing_since"] is not None,
    )


def _uuids(keys: Iterable[str]) -> list[uuid.UUID]:
    return [key for key in map(provenance.key_of, keys) if key]


def reason_of(reason: Pause) -> str:
    """Say why nothing could be asked, to be translated for whoever reads it."""
    if reason == Pause.BUDGET:
        return gettext_noop(
            "This hour's calls are used up (API_CALLS_PER_HOUR); those that remain are kept for sending tickets. "
            "Start again in an hour."
        )
    if reason in (Pause.BREAKER, Pause.RATE_LIMITED, Pause.BUSY):
        return gettext_noop("ServiceNow could not be asked just now.")
    return gettext_noop("ServiceNow could not be asked: the connection needs attention.")
