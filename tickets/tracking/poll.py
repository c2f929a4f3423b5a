"""Tracking: what the records say now. The sweep is the truth, the delta the accelerator.

The delta asks the table `task` which of our records changed since the last time, by the server's clock, with an
overlap that exceeds the 60 seconds a transaction may take to become visible. The sweep asks for our records by
primary key and compares all that is mirrored of them, for not every change moves a record's version. Both only find out
what changed; `sync` then reads that whole.
"""

import logging
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from connector.access import server_clock
from connector.access.calling import calling
from connector.access.client_factory import Paused
from connector.access.turns import WORKER_PATIENCE, alone
from connector.budget import KEPT_FROM_PEOPLE
from connector.models import Connection, Instance
from connector.servicenow.client import Client
from connector.servicenow.errors import ConditionIgnored, ServiceNowError
from connector.servicenow.records import TIME_FORMAT, Page, Record
from tickets.models import Ticket
from tickets.models.choices import Kind
from tickets.records.payload import MARKERS
from tickets.tracking import duplicates, lookup, mirror
from tickets.tracking.sync import apply_one, catch_up

logger = logging.getLogger(__name__)
Clock = Callable[[], datetime]
Work = Callable[[Instance, Client, Clock], int]

OVERLAP = timedelta(seconds=120)
# How far back changes are read where no cursor can be relied on. What is older, the sweep has seen.
LOOK_BACK = timedelta(hours=1)
# The nodes of an instance do not all tell the same time.
NODES_APART = timedelta(seconds=30)
PAGE = 500
JUST_NOW = timedelta(seconds=5)
FULL_SWEEP_EVERY = timedelta(hours=24)
_CHANGED_FIELDS = (*duplicates.FIELDS, "sys_mod_count", "sys_updated_on", "correlation_display")
# What of a ticket a look is compared with.
_COMPARED = (
    "kind", "sys_id", "number", "state", "active", "record", "sys_mod_count", "sys_updated_on", "seen_at",
    "missing_since",
)  # fmt: skip
_OURS = f"sys_class_nameIN{','.join(Kind.values)}^correlation_displayIN{','.join(MARKERS.values())}"


def poll_delta(*, clock: Clock = timezone.now) -> int:
    """Mirror what changed since the last time. Returns how many tickets changed."""
    return _in_the_background(_delta, "delta", clock)


def poll_sweep(*, clock: Clock = timezone.now) -> int:
    """Look at every open ticket, and once a day at the closed ones too. Returns how many tickets changed."""
    return _in_the_background(_sweep, "sweep", clock)


@dataclass(frozen=True)
class Refreshed:
    """What a person learnt: of so many tickets, so many were compared with their records, and so many had changed.

    Those whose records are missing for certain count as compared.
    """

    tickets: int
    compared: int
    changed: int


def refresh(tickets: Sequence[Ticket], *, by: User | None = None, clock: Clock = timezone.now) -> Refreshed:
    """Read these tickets' records and notes now, because a person asks. Raises `Paused` where ServiceNow may not be
    asked just now.

    What was looked at a moment ago is left alone, so that impatience costs no calls; it is not counted.
    """
    asked_at = clock()
    stale = [ticket for ticket in tickets if ticket.sys_id and not _is_just_now(ticket.seen_at, asked_at)]
    if not stale:
        return Refreshed(0, 0, 0)

    def read(instance: Instance, client: Client, clock: Clock) -> int:
        ours = [ticket for ticket in stale if ticket.instance_id == instance.pk]
        return read_whole(instance, client, ours, clock()) if ours else 0

    connection, changed = Connection.objects.working().first(), 0
    if connection is not None:
        changed = _ask(connection, read, clock, reserve=KEPT_FROM_PEOPLE, person=by)
    known = Q(seen_at__gte=asked_at) | Q(missing_since__isnull=False)
    compared = Ticket.objects.filter(known, pk__in=[ticket.pk for ticket in stale]).count()
    return Refreshed(len(stale), compared, changed)


def _is_just_now(seen_at: datetime | None, now: datetime) -> bool:
    return seen_at is not None and now - JUST_NOW < seen_at < now + JUST_NOW


def _in_the_background(work: Work, name: str, clock: Clock) -> int:
    """Do one kind of work for the instance that is connected, unless another worker is at it."""
    connection = Connection.objects.working().first()
    if connection is None:
        return 0

    with alone(connection.instance_id, name) as is_alone, suppress(Paused):
        return _ask(connection, work, clock, patience=WORKER_PATIENCE) if is_alone else 0
    return 0


def _ask(connection: Connection, work: Work, clock: Clock, **terms: Any) -> int:
    """Work with an instance on the terms of `calling`, and return how many tickets changed; none where it gave no
    answer.
    """
    instance = connection.instance
    try:
        with calling(connection, clock=clock, **terms) as client:
            return work(instance, client, clock)
    except ServiceNowError as error:
        logger.warning("polling %s: %s", instance.host, error)
    return 0


def _delta(instance: Instance, client: Client, clock: Clock) -> int:
    if instance.range_queries_allowed is False:
        return 0
    ours = Ticket.objects.filter(instance=instance)
    known = dict(ours.tracked().values_list("sys_id", "sys_mod_count"))
    # Of one that was sent, a record may be there that nobody heard of.
    if not known and not ours.undelivered().exclude(sent_at=None).exists():
        return 0
    since = _cursor(instance, clock()) - OVERLAP
    count, first = 0, None
    # Page by page: what was caught up with is done, whoever dies on a later page.
    for page in _changed_pages(client, since):
        # Only the first answer was given before anything was read.
        first = first or (page.server_at, clock())
        count += catch_up(instance, client, _news(page, known), clock()).changed
        unknown = [row for row in page.records if row.sys_id not in known]
        count += duplicates.notice(instance, client, unknown, clock()) if unknown else 0
    if first and first[0]:
        _move_cursor(instance, first[0], first[1])
    return count


def _cursor(instance: Instance, now: datetime) -> datetime:
    """Return since when changes are read, by the instance's clock. A cursor from the future would hide them all."""
    latest, cursor = server_clock.latest(instance, now), instance.delta_since
    if cursor is not None and cursor <= latest:
        return cursor
    _read_again(instance, latest - LOOK_BACK)
    return latest - LOOK_BACK


def _move_cursor(instance: Instance, server_at: datetime, now: datetime) -> None:
    """Changes up to this moment have been read, where it is one that the instance's clock may show. A cursor that is
    later than that was set while the clock was wrong.
    """
    if not server_clock.is_plausible(instance, server_at, now):
        logger.warning(
            "%s tells an unlikely time, %s: the cursor stays", instance.host, server_at.isoformat()
        )
    elif instance.delta_since is not None and instance.delta_since > server_at + NODES_APART:
        _read_again(instance, server_at - LOOK_BACK)
    else:
        Instance.objects.filter(pk=instance.pk).read_up_to(server_at)


def _read_again(instance: Instance, since: datetime) -> None:
    cursor = instance.delta_since
    if cursor is not None:
        logger.warning(
            "%s: the cursor %s lies in the future; reading again", instance.host, cursor.isoformat()
        )
        Instance.objects.filter(pk=instance.pk).read_again(cursor, since)


def _news(page: Page, known: Mapping[str, int | None]) -> dict[Kind, set[str]]:
    """Return which of our records have another version on this page than we know."""
    news: dict[Kind, set[str]] = defaultdict(set)
    for row in page.records:
        # One that became of another class, the sweep finds gone from its table.
        is_a_kind = row.get("sys_class_name") in Kind.values
        if row.sys_id in known and is_a_kind and _is_other(row, known[row.sys_id]):
            news[Kind(row.get("sys_class_name"))].add(row.sys_id)
    return news


def _is_other(row: Record, known: int | None) -> bool:
    return known is None or mirror.version_of(row) != known


def _changed_pages(client: Client, since: datetime) -> Iterator[Page]:
    """Yield our records changed since then, by keyset: an offset would shift under concurrent inserts.

    A short page is not the end, for limits apply before access rules; an empty one is.
    """
    query, offset = f"{_OURS}^sys_updated_on>={since.strftime(TIME_FORMAT)}", 0
    last: Record | None = None
    order = ("sys_updated_on", "sys_id")
    while True:
        page = client.list("task", query, _CHANGED_FIELDS, PAGE, order_by=order, offset=offset)
        sys.audit("tickets.tracking.poll.page", len(page.records))
        rows = client.usable("task", page.records)
        yield replace(page, records=rows)
        if not page.records and not page.left_out:
            return
        placed = [row for row in rows if row.get("sys_updated_on")]
        if not placed:
            # Rows that do not say where they stand are passed over.
            offset += len(page.records) + page.left_out
            continue
        last, before, offset = placed[-1], last, 0
        at = last.get("sys_updated_on")
        if before and (at, last.sys_id) <= (before.get("sys_updated_on"), before.sys_id):
            raise ConditionIgnored("The instance ignored the range or the order.")
        query = f"{_OURS}^sys_updated_on>{at}^NQ{_OURS}^sys_updated_on={at}^sys_id>{last.sys_id}"


def _sweep(instance: Instance, client: Client, clock: Clock) -> int:
    now = clock()
    last = instance.last_full_sweep_at
    # A moment from the future was told by a clock that was wrong.
    everything = last is None or not timedelta(0) <= now - last < FULL_SWEEP_EVERY
    tickets = Ticket.objects.filter(instance=instance).tracked()
    if not everything:
        tickets = tickets.filter(Q(is_open=True) | Q(missing_since__isnull=False))
    sys_ids = {
        kind: list(tickets.of_kind(kind).order_by("sys_id").values_list("sys_id", flat=True)) for kind in Kind
    }
    changed = look_at(instance, client, sys_ids, now)
    changed += duplicates.look_again(instance, client, tickets.exclude(twins={}))
    marks = {
        "last_swept_at": now,
        "rows_left_out": client.left_out,
        **({"last_full_sweep_at": now} if everything else {}),
    }
    Instance.objects.filter(pk=instance.pk).update(**marks)
    return changed


def look_at(instance: Instance, client: Client, sys_ids: Mapping[Kind, Sequence[str]], now: datetime) -> int:
    """Ask for records by primary key, as many per call as an address may hold, compare all that is mirrored of them,
    and catch up on what changed.

    Returns how many tickets changed, those that are missing now or are back among them.
    """
    returned, changed = 0, defaultdict[Kind, set[str]](set)
    absences: list[tuple[Kind, list[Ticket], bool]] = []
    for kind, wanted in sys_ids.items():
        fields = mirror.fields(kind)
        for batch in client.batches(kind, wanted, fields):
            rows = {row.sys_id: row for row in client.by_sys_ids(kind, batch, fields).records}
            tickets = list(
                Ticket.objects.filter(instance=instance, kind=kind, sys_id__in=batch).only(*_COMPARED)
            )
            there = [ticket for ticket in tickets if ticket.sys_id in rows]
            news = {ticket for ticket in there if mirror.is_news(ticket, rows[ticket.sys_id])}
            changed[kind].update(ticket.sys_id for ticket in news)
            returned += mirror.still_there(set(there) - news, now)
            absent = [ticket for ticket in tickets if ticket.sys_id not in rows]
            absences.append((kind, absent, bool(rows)))
            sys.audit("tickets.tracking.poll.looked", len(rows))
    count = returned + catch_up(instance, client, changed, now).changed
    # Last, because each that is missing costs a call, and the hour's calls may end.
    for kind, absent, any_found in absences:
        count += _note_absent(client, kind, absent, any_found=any_found, now=now)
    return count


def read_whole(instance: Instance, client: Client, tickets: Sequence[Ticket], now: datetime) -> int:
    """Read records with their notes, changed or not. Returns as `look_at`."""
    by_kind = {kind: [ticket for ticket in tickets if ticket.kind == kind] for kind in Kind}
    sys_ids = {kind: {ticket.sys_id for ticket in ours} for kind, ours in by_kind.items() if ours}
    done = catch_up(instance, client, sys_ids, now)
    for kind, ours in by_kind.items():
        absent = [ticket for ticket in ours if ticket.sys_id not in done.returned]
        any_found = len(absent) < len(ours)
        done.changed += _note_absent(client, kind, absent, any_found=any_found, now=now)
    return done.changed + duplicates.look_again(instance, client, tickets)


def _note_absent(
    client: Client, kind: Kind, absent: Iterable[Ticket], *, any_found: bool, now: datetime
) -> int:
    """Note what was asked for by id and not returned, once that is certain. Returns how many are missing now.

    Where nothing at all came back, the table itself may have become unreadable: that is no news about any ticket.
    """
    missing = [ticket for ticket in absent if ticket.missing_since is None]
    if missing and not any_found and not lookup.is_readable(client, kind):
        return 0
    return sum(_note_one_absent(client, ticket, now) for ticket in missing)


def _note_one_absent(client: Client, ticket: Ticket, now: datetime) -> bool:
    """Read by itself what a list did not return: it is missing, or its row was one that could not be understood."""
    record = client.read(ticket.kind, ticket.sys_id, mirror.fields(Kind(ticket.kind)))
    if record is None:
        return mirror.mark_missing(ticket, now)
    ticket.refresh_from_db()
    return apply_one(ticket, record, now, mirror.normalized_states(ticket.instance, Kind(ticket.kind)))
