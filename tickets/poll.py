"""Tracking: what the records say now. The sweep is the truth, the delta the accelerator.

The delta asks the table `task` which of our records changed since the last time, by the server's clock, with an
overlap that exceeds the 60 seconds a transaction may take to become visible. The sweep asks for our records by
primary key. Both read the changed records from their own tables, since `task` lacks the columns of its children.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from connector.models import Connection, Instance
from connector.servicenow.client import Client
from connector.servicenow.errors import ServiceNowError
from connector.servicenow.records import Page
from connector.sessions import Paused, open_client
from tickets import mirror
from tickets.models import Ticket
from tickets.payload import MARKERS
from tickets.states import Kind

logger = logging.getLogger(__name__)
Clock = Callable[[], datetime]

OVERLAP = timedelta(seconds=120)
PAGE = 500
# Of the hour's calls, how much tracking leaves to delivery.
KEPT_FOR_PUSHES = 0.25
FULL_SWEEP_EVERY = timedelta(hours=24)
_CHANGED_FIELDS = ("sys_id", "sys_class_name", "sys_mod_count", "sys_updated_on", "correlation_display")
_OURS = "sys_class_nameINchange_request,incident^correlation_displayIN" + ",".join(MARKERS.values())
_SERVER_TIME = "%Y-%m-%d %H:%M:%S"


def poll_delta(*, clock: Clock = timezone.now) -> int:
    """Mirror what changed since the last time. Returns how many tickets changed."""
    return _with_client(_delta, clock)


def poll_sweep(*, clock: Clock = timezone.now) -> int:
    """Look at every open ticket, and once a day at the closed ones too. Returns how many tickets changed."""
    return _with_client(_sweep, clock)


def _with_client(work: Callable[[Instance, Client, Clock], int], clock: Clock) -> int:
    connection = Connection.objects.working().first()
    if connection is None:
        return 0
    instance = connection.instance
    row = Instance.objects.filter(pk=instance.pk)
    try:
        changed = work(instance, open_client(connection, now=clock(), reserve=KEPT_FOR_PUSHES), clock)
        row.record_success(clock())
    except Paused:
        return 0
    except ServiceNowError as error:
        row.record_failure(clock(), error)
        logger.warning("polling %s: %s", instance.host, error)
        return 0
    return changed


def _delta(instance: Instance, client: Client, clock: Clock) -> int:
    if instance.range_queries_allowed is False:
        return 0
    tracked = Ticket.objects.filter(instance=instance).tracked()
    known = dict(tracked.values_list("sys_id", "sys_mod_count"))
    if not known:
        return 0
    since = (instance.delta_since or clock()) - OVERLAP
    pages = list(_changed_pages(client, since))
    changed: dict[Kind, list[str]] = defaultdict(list)
    for row in (row for page in pages for row in page.records):
        if row.sys_id in known and str(known[row.sys_id]) != row.get("sys_mod_count"):
            changed[Kind(row.get("sys_class_name"))].append(row.sys_id)
    server_at = pages[0].server_at
    count = sum(_mirror_all(instance, client, kind, sys_ids, clock()) for kind, sys_ids in changed.items())
    if server_at:
        Instance.objects.filter(pk=instance.pk).read_up_to(server_at)
    return count


def _changed_pages(client: Client, since: datetime) -> Iterator[Page]:
    """Yield our records changed since then, by keyset: an offset would shift under concurrent inserts.

    A short page is not the end, for limits apply before access rules; an empty one is.
    """
    query = f"{_OURS}^sys_updated_on>={since.strftime(_SERVER_TIME)}"
    while True:
        page = client.list("task", query, _CHANGED_FIELDS, PAGE, order_by=("sys_updated_on", "sys_id"))
        yield page
        if not page.records:
            return
        last = page.records[-1]
        at = last.get("sys_updated_on")
        query = f"{_OURS}^sys_updated_on>{at}^NQ{_OURS}^sys_updated_on={at}^sys_id>{last.sys_id}"


def _sweep(instance: Instance, client: Client, clock: Clock) -> int:
    now = clock()
    everything = instance.last_full_sweep_at is None or now - instance.last_full_sweep_at >= FULL_SWEEP_EVERY
    tickets = Ticket.objects.filter(instance=instance).tracked()
    if not everything:
        tickets = tickets.filter(Q(is_open=True) | Q(missing_since__isnull=False))
    changed = 0
    for kind in Kind:
        sys_ids = list(tickets.of_kind(kind).order_by("sys_id").values_list("sys_id", flat=True))
        changed += _mirror_all(instance, client, kind, sys_ids, now)
    marks = {"last_swept_at": now, **({"last_full_sweep_at": now} if everything else {})}
    Instance.objects.filter(pk=instance.pk).update(**marks)
    return changed


def _mirror_all(instance: Instance, client: Client, kind: Kind, sys_ids: list[str], now: datetime) -> int:
    """Mirror the asked-for records, as many per call as an address may hold."""
    wanted = mirror.fields(kind)
    named = mirror.meanings(instance, kind)
    changed = 0
    for batch in client.batches(kind, sys_ids, wanted):
        found = {record.sys_id: record for record in client.by_sys_ids(kind, batch, wanted).records}
        tickets = Ticket.objects.filter(instance=instance, kind=kind, sys_id__in=batch)
        absent: list[Ticket] = []
        for ticket in tickets:
            if ticket.sys_id in found:
                changed += mirror.apply(ticket, found[ticket.sys_id], now, named)
            else:
                absent.append(ticket)
        changed += _note_absent(client, kind, absent, any_found=bool(found), now=now)
    return changed


def _note_absent(
    client: Client, kind: Kind, absent: Iterable[Ticket], *, any_found: bool, now: datetime
) -> int:
    """Note what was asked for by id and not returned, once that is certain.

    Where nothing at all came back, the table itself may have become unreadable: that is no news about any ticket.
    """
    missing = [ticket for ticket in absent if ticket.missing_since is None]
    if missing and not any_found and not client.list(kind, "", ("sys_id",), 1).records:
        return 0
    gone: list[UUID] = [
        ticket.pk for ticket in missing if client.read(kind, ticket.sys_id, ("sys_id",)) is None
    ]
    return sum(mirror.mark_missing(ticket_id, now) for ticket_id in gone)
