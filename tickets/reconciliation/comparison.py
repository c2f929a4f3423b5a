"""What we think against what is there. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from tickets.models.choices import Delivery, Kind
from tickets.models.reconciliation import Discrepancy


@dataclass(frozen=True)
class Local:
    """A ticket as we think it is. `version` is its record's sys_mod_count as last mirrored, `values` what was mirrored
    besides (`mirror.stored_values`).
    """

    ticket_id: UUID
    kind: Kind
    delivery: Delivery
    sys_id: str = ""
    client_sys_id: str = ""
    version: int | None = None
    values: tuple[str, ...] = ()
    is_missing: bool = False


@dataclass(frozen=True)
class Remote:
    """A record as ServiceNow has it. `values` is what is mirrored of it (`mirror.compared_values`)."""

    kind: Kind
    sys_id: str
    correlation_id: str = ""
    version: int | None = 0
    values: tuple[str, ...] = ()
    is_active: bool = True


@dataclass(frozen=True)
class Found:
    """One disagreement; `ours` is None for a record of no ticket, `theirs` holds the records that it is about."""

    discrepancy: Discrepancy
    kind: Kind
    ours: Local | None = None
    theirs: tuple[Remote, ...] = field(default=())


def of_linked(tickets: Iterable[Local], records: Mapping[str, Remote]) -> Iterator[Found]:
    """Compare linked tickets with the records that came back when they were asked for by sys_id.

    An older version than ours is a disagreement too: the instance was restored or cloned over. And so is a difference
    within one version: scripts inside ServiceNow may leave it as it is.
    """
    for ours in tickets:
        theirs = records.get(ours.sys_id)
        if theirs is None:
            if not ours.is_missing:
                yield Found(Discrepancy.MISSING, ours.kind, ours)
        elif ours.is_missing or (ours.version, ours.values) != (theirs.version, theirs.values):
            yield Found(Discrepancy.STALE, ours.kind, ours, (theirs,))


def of_keyed(tickets: Iterable[Local], records: Iterable[Remote]) -> Iterator[Found]:
    """Compare the records that carry our keys with the tickets that these keys belong to.

    What a worker holds is about to settle by itself, and a conflict is known: both are left out.
    """
    tickets = list(tickets)
    by_key = {str(ours.ticket_id): ours for ours in tickets}
    linked = {ours.sys_id for ours in tickets if ours.sys_id}
    asked = {ours.client_sys_id: ours for ours in tickets if not ours.sys_id}
    carrying: dict[Local, dict[str, Remote]] = defaultdict(dict)
    for theirs in records:
        ours = by_key.get(theirs.correlation_id) or asked.get(theirs.sys_id)
        if ours is not None:
            carrying[ours][theirs.sys_id] = theirs
        elif theirs.sys_id not in linked:
            yield Found(Discrepancy.UNKNOWN, theirs.kind, None, (theirs,))
    for ours, found in carrying.items():
        yield from _of_key(ours, tuple(found.values()), linked)


def _of_key(ours: Local, theirs: tuple[Remote, ...], linked: set[str]) -> Iterator[Found]:
    if ours.delivery == Delivery.DELIVERED:
        # A twin that was canceled is what people were asked for.
        living = tuple(one for one in theirs if one.is_active or one.sys_id == ours.sys_id)
        if any(one.sys_id != ours.sys_id for one in living):
            yield Found(Discrepancy.DUPLICATE, ours.kind, ours, living)
    elif ours.delivery in (Delivery.WAITING, Delivery.ATTENTION):
        several = len(theirs) > 1
        yield Found(Discrepancy.DUPLICATE if several else Discrepancy.UNLINKED, ours.kind, ours, theirs)
    elif ours.delivery == Delivery.DISCARDED:
        # The ticket was given up here, and its record is there all the same.
        yield from (
            Found(Discrepancy.UNKNOWN, one.kind, ours, (one,)) for one in theirs if one.sys_id not in linked
        )
