"""A ServiceNow record as a ticket's columns.

A record's version is its `sys_mod_count`. Scripts inside ServiceNow change records without moving it
(`autoSysFields(false)`), and an instance that was restored or cloned over goes back to an older one. So what is
mirrored is compared field by field (`is_news`), and a lower version is believed once it was seen twice.
"""

import logging
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from connector.models import Instance
from connector.servicenow.records import Record
from tickets.models import StateName, Ticket, TicketEvent
from tickets.models.choices import CLOSED, Kind, NormalizedState, Priority
from tickets.models.comments import NotesState
from tickets.models.querysets import TicketQuerySet
from tickets.models.ticket_type import TYPES
from tickets.records.dates import today
from tickets.records.payload import DUE_FIELDS
from tickets.records.record_state import RecordState, normalized_state_of
from tickets.tracking import closing, score_completion

logger = logging.getLogger(__name__)

# A replica that is behind answers with an older version for seconds.
OLDER_SEEN_APART = timedelta(seconds=60)
# No machine's clock is further ahead of another's, unless it is wrong.
CLOCKS_APART = timedelta(hours=1)
_VERSION = re.compile(r"[0-9]{1,9}")
# What is mirrored of a record besides what has a column of its own.
_SHOWN = (
    "short_description",
    "priority",
    "impact",
    "urgency",
    "assigned_to",
    "assignment_group",
    "approval",
    "close_code",
    "close_notes",
    "closed_at",
    "sys_updated_by",
)
# References and choices, which are kept with the words that people see as well.
_LABELLED = (
    "assigned_to",
    "assignment_group",
    "approval",
    "hold_reason",
    "close_code",
    "type",
    "impact",
    "urgency",
)
_PRIORITIES = frozenset(str(priority.value) for priority in Priority)
_OWN_COLUMNS = ("sys_id", "number", "state", "active", "correlation_id", "sys_mod_count", "sys_updated_on")


def fields(kind: Kind) -> list[str]:
    """Return the names to ask ServiceNow for."""
    return [*_OWN_COLUMNS, *_SHOWN, *TYPES[kind].shown_fields]


def normalized_states(instance: Instance, kind: Kind) -> dict[str, NormalizedState]:
    """Return what this instance's states mean where its administrators said so."""
    rows = StateName.objects.filter(instance=instance, kind=kind).exclude(normalized_state="")
    return {
        value: NormalizedState(normalized_state)
        for value, normalized_state in rows.values_list("value", "normalized_state")
    }


def columns(
    ticket: Ticket, record: Record, now: datetime, named: dict[str, NormalizedState]
) -> dict[str, Any]:
    """Return the columns of a ticket as the record has them."""
    kind = Kind(ticket.kind)
    seen = RecordState(
        state=_state(record),
        active=_is_active(record),
        on_hold=record.get("on_hold") == "true",
        close_code=record.get("close_code"),
    )
    normalized_state = normalized_state_of(kind, seen, previous_state=ticket.state, named=named)
    if (
        ticket.normalized_state == NormalizedState.SENT_BACK
        and seen.state == ticket.state
        and not seen.on_hold
    ):
        normalized_state = NormalizedState.SENT_BACK
    return {
        **_labels(record),
        "sys_id": record.sys_id,
        "number": _number(record),
        "state": seen.state,
        "normalized_state": normalized_state,
        "active": seen.active,
        "is_open": normalized_state not in CLOSED,
        "record": {name: record.get(name) for name in (*_SHOWN, *TYPES[kind].shown_fields)},
        "sys_mod_count": version_of(record),
        "sys_updated_on": record.at("sys_updated_on"),
        **closing.columns(
            ticket, record, record.at("sys_updated_on") or now, is_closed=normalized_state in CLOSED
        ),
        "their_priority": _priority(record),
        **_due(ticket, record),
        "seen_at": now,
        "older_seen_at": None,
        "unread_since": None,
        "missing_since": None,
    }


def version_of(record: Record) -> int | None:
    """Return how often a record was updated; 0 where that is hidden, None where it is no number to be stored."""
    value = record.get("sys_mod_count") or "0"
    return int(value) if _VERSION.fullmatch(value) else None


def compared_values(kind: Kind, record: Record) -> tuple[str, ...]:
    """Return what is held against a ticket when its record is looked at; `stored_values` are the other side."""
    names = (*_SHOWN, *TYPES[kind].shown_fields)
    at = record.at("sys_updated_on")
    own = (_number(record), _state(record), str(_is_active(record)), at.isoformat() if at else "")
    return (*own, *(record.get(name) for name in names))


def stored_values(
    kind: Kind,
    *,
    number: str,
    state: str,
    active: bool,
    record: dict[str, str],
    sys_updated_on: datetime | None,
) -> tuple[str, ...]:
    """Return what was last mirrored of a record, in the order of `compared_values`."""
    names = (*_SHOWN, *TYPES[kind].shown_fields)
    at = sys_updated_on.isoformat() if sys_updated_on else ""
    return (number, state, str(active), at, *(record.get(name, "") for name in names))


def is_news(ticket: Ticket, record: Record) -> bool:
    """Whether a record, read with all its `fields`, is other than last seen: by its version, or by what it says."""
    return version_of(record) != ticket.sys_mod_count or _differs(ticket, record)


def _differs(ticket: Ticket, record: Record) -> bool:
    kind = Kind(ticket.kind)
    known = {
        name: getattr(ticket, name) for name in ("number", "state", "active", "record", "sys_updated_on")
    }
    return compared_values(kind, record) != stored_values(kind, **known)


def _number(record: Record) -> str:
    return record.number[:40]


def _state(record: Record) -> str:
    return record.get("state")[:40]


def _is_active(record: Record) -> bool:
    return record.get("active") != "false"


def no_columns() -> dict[str, Any]:
    """Return the same columns as they are without a record."""
    empty = ("sys_id", "number", "state", "state_label", "normalized_state")
    unknown = (
        "sys_mod_count",
        "sys_updated_on",
        "seen_at",
        "older_seen_at",
        "unread_since",
        "missing_since",
        "closed_at",
        "score_when_closed",
    )
    return {
        **dict.fromkeys(empty, ""),
        **dict.fromkeys((*unknown, "their_priority", "their_due_on")),
        "record": {},
        "record_labels": {},
        "notes_state": NotesState.NEVER,
        "notes_shown": {},
        "their_due_cleared": False,
        "active": True,
        "is_open": True,
    }


def _labels(record: Record) -> dict[str, Any]:
    """Return what people see. Answers to a create carry no display values: what is known then stays."""
    if not record.shown:
        return {}
    return {
        "state_label": record.shown.get("state", "")[:100],
        "record_labels": {name: record.shown.get(name, "") for name in _LABELLED},
    }


def _priority(record: Record) -> int | None:
    value = record.get("priority")
    return int(value) if value in _PRIORITIES else None


def _due(ticket: Ticket, record: Record) -> dict[str, Any]:
    """When it is due. Cleared is what was there once: where ServiceNow never kept ours, ours counts."""
    name = DUE_FIELDS[Kind(ticket.kind)]
    due_at = record.at(name)
    was_there = ticket.their_due_on is not None or ticket.their_due_cleared
    if name not in record.values:
        # A field that is hidden from us may be absent: what was last seen stays.
        return {"their_due_on": ticket.their_due_on, "their_due_cleared": ticket.their_due_cleared}
    is_empty = record.get(name) == ""
    return {"their_due_on": today(due_at) if due_at else None, "their_due_cleared": is_empty and was_there}


def apply(ticket: Ticket, record: Record, now: datetime, named: dict[str, NormalizedState]) -> bool:
    """Store what changed in ServiceNow, each change once. Returns whether anything had changed.

    `ticket` was read after the record was asked for at `now`. An older answer (a read replica's, or another poller's)
    never overwrites a newer one. Raises ValueError for a record whose version is none.
    """
    version = version_of(record)
    if version is None:
        raise ValueError("sys_mod_count is no number that can be stored.")
    row = Ticket.objects.filter(pk=ticket.pk, sys_id=record.sys_id)
    is_same = version == ticket.sys_mod_count
    if is_same and not _differs(ticket, record):
        _keep_labels(row, ticket, record)
        return still_there([ticket], now) > 0
    if is_same and not _is_later(now, ticket.seen_at):
        return False
    is_older = ticket.sys_mod_count is not None and version < ticket.sys_mod_count
    if is_older and not _is_believed(row, ticket, now):
        return False
    # Whoever looks at the same time has changed one of the two.
    as_read = Q(sys_mod_count=ticket.sys_mod_count, seen_at=ticket.seen_at)
    newer = Q(sys_mod_count__lt=version) | Q(sys_mod_count=None)
    unseen = row.filter(as_read if is_same or is_older else newer)
    new = columns(ticket, record, now, named)
    with transaction.atomic():
        is_stored = _store(ticket, unseen, new, is_silent=is_same)
        if is_stored and is_older:
            _tell_of_going_back(ticket, new)
    return is_stored


def _store(ticket: Ticket, unseen: TicketQuerySet, new: dict[str, Any], *, is_silent: bool) -> bool:
    """Store the columns and tell the change, unless somebody else has meanwhile."""
    now = new["seen_at"]
    row = Ticket.objects.filter(pk=ticket.pk, sys_id=new["sys_id"])
    with transaction.atomic():
        was_missing = ticket.missing_since and row.exclude(missing_since=None).exists()
        if not unseen.update(**without_extra_conflict(ticket, new)):
            return not is_silent and still_there([ticket], now) > 0
        if was_missing:
            TicketEvent.objects.create(ticket=ticket, at=now, type=TicketEvent.Type.FOUND)
        # When a change was made that left the stamps alone, nobody knows.
        at = (None if is_silent else new["sys_updated_on"]) or now
        _tell(ticket, new, at, is_silent=is_silent)
        if new["is_open"] and not ticket.is_open:
            TicketEvent.objects.create(ticket=ticket, at=at, type=TicketEvent.Type.REOPENED)
            score_completion.forget_lost(row)
    return True


def _tell(ticket: Ticket, new: dict[str, Any], at: datetime, *, is_silent: bool) -> None:
    """Add a change to the ticket's story. A version that was told before has come again: the instance went back."""
    told = {"ticket": ticket, "type": TicketEvent.Type.CHANGED, "sys_id": new["sys_id"]}
    changes = {"at": at, "detail": differences(ticket, new)}
    if is_silent:
        TicketEvent.objects.create(**told, **changes)
        return
    version = new["sys_mod_count"]
    _event, is_first = TicketEvent.objects.get_or_create(**told, sys_mod_count=version, defaults=changes)
    if not is_first and changes["detail"]:
        TicketEvent.objects.create(**told, **changes)


def _tell_of_going_back(ticket: Ticket, new: dict[str, Any]) -> None:
    logger.warning("%s %s is back at an older version", ticket.kind, new["sys_id"])
    versions = {"before": ticket.sys_mod_count, "after": new["sys_mod_count"]}
    TicketEvent.objects.create(
        ticket=ticket,
        at=new["seen_at"],
        type=TicketEvent.Type.WENT_BACK,
        sys_id=new["sys_id"],
        detail=versions,
    )


def _keep_labels(row: TicketQuerySet, ticket: Ticket, record: Record) -> None:
    """Store what people see in the fields, which changes without them: a group was renamed."""
    shown = _labels(record)
    if any(getattr(ticket, name) != value for name, value in shown.items()):
        row.filter(sys_mod_count=ticket.sys_mod_count, seen_at=ticket.seen_at).update(**shown)


def _is_later(now: datetime, seen_at: datetime | None) -> bool:
    """Whether what was read at `now` may stand in place of what was last seen. A moment that no clock can have told by
    now was told by a wrong one.
    """
    return seen_at is None or seen_at <= now or seen_at > now + CLOCKS_APART


def _is_believed(row: TicketQuerySet, ticket: Ticket, now: datetime) -> bool:
    """Whether a version lower than the known one was seen before, some time ago, and none other since."""
    first = ticket.older_seen_at
    if first is not None and now - first >= OLDER_SEEN_APART:
        return True
    if first is None or first > now + CLOCKS_APART:
        row.filter(older_seen_at=first).update(older_seen_at=now)
    return False


def reinterpret(ticket: Ticket, normalized_state: NormalizedState) -> bool:
    """Store what a record that has not changed means by now, unless the poller has just seen it change."""
    is_closed = normalized_state in CLOSED
    seen = Record(ticket.kind, ticket.record)
    ended = closing.columns(ticket, seen, ticket.sys_updated_on or ticket.seen_at, is_closed=is_closed)
    new = without_extra_conflict(
        ticket, {"normalized_state": normalized_state, "is_open": not is_closed, **ended}
    )
    unchanged = Ticket.objects.filter(pk=ticket.pk, sys_mod_count=ticket.sys_mod_count, state=ticket.state)
    return unchanged.update(**new) == 1


def still_there(tickets: Iterable[Ticket], now: datetime) -> int:
    """Note that these records were compared, and unchanged. Returns how many of them had been missing."""
    tickets = list(tickets)
    # By their records too: a person may have unlinked one meanwhile.
    rows = Ticket.objects.filter(
        pk__in=[ticket.pk for ticket in tickets], sys_id__in={ticket.sys_id for ticket in tickets}
    )
    with transaction.atomic():
        rows.update(seen_at=now, older_seen_at=None, unread_since=None)
        back = [
            ticket
            for ticket in tickets
            if ticket.missing_since
            and rows.filter(pk=ticket.pk).exclude(missing_since=None).update(missing_since=None)
        ]
        for ticket in back:
            TicketEvent.objects.create(ticket=ticket, at=now, type=TicketEvent.Type.FOUND)
    return len(back)


def mark_unread(ticket: Ticket, now: datetime) -> None:
    """Note that what ServiceNow returns of a record cannot be understood or stored; what was last seen stays."""
    Ticket.objects.filter(pk=ticket.pk, sys_id=ticket.sys_id, unread_since=None).update(unread_since=now)


def mark_missing(ticket: Ticket, now: datetime) -> bool:
    """Note that a record was asked for by id and not returned. It may be gone or hidden; never call that closed."""
    there = Ticket.objects.filter(pk=ticket.pk, sys_id=ticket.sys_id, missing_since=None)
    with transaction.atomic():
        if not there.update(missing_since=now):
            return False
        TicketEvent.objects.create(ticket=ticket, at=now, type=TicketEvent.Type.MISSING, sys_id=ticket.sys_id)
    return True


def without_extra_conflict(ticket: Ticket, new: dict[str, Any]) -> dict[str, Any]:
    """Let a ticket that opens again be open beside the one that replaced it."""
    if new["is_open"] and ticket.action_id and not ticket.is_extra:
        same = {"instance": ticket.instance_id, "action": ticket.action_id, "is_extra": False}
        others = Ticket.objects.open().filter(**same).exclude(pk=ticket.pk)
        if others.exists():
            return {**new, "is_extra": True}
    return new


def differences(ticket: Ticket, new: dict[str, Any]) -> dict[str, list[str]]:
    """Return what a record says other than was last seen: by field, before and after."""
    before = {"state": ticket.state, **ticket.record}
    after = {"state": new["state"], **new["record"]}
    return {
        name: [before.get(name, ""), value] for name, value in after.items() if before.get(name, "") != value
    }
