"""Linking a ticket to a record that exists, and taking the link away again. Never creates anything in ServiceNow.

A person links; the portal only makes sure that no record is linked twice and that none which carries a ticket's key is
overlooked. While an earlier attempt may still arrive, and while a worker holds the ticket, nothing is linked.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils.translation import pgettext_lazy

from accounts.models import User
from connector.access.calling import calling
from connector.access.client_factory import Paused
from connector.clock import Clock
from connector.models import Connection
from connector.servicenow.batch import Listing
from connector.servicenow.client import Client, query_value
from connector.servicenow.errors import ConditionIgnored, Refused, ServiceNowError
from connector.servicenow.records import Record
from tickets.models import Ticket, TicketComment, TicketEvent
from tickets.models.choices import Delivery, Kind
from tickets.models.comments import STUCK, CommentState
from tickets.records import provenance
from tickets.records.reference import Reference
from tickets.tracking import duplicates, journal, mirror

# Further records that carry a ticket's key, as its column has them: their kinds and numbers by sys_id.
Twins = Mapping[str, Mapping[str, str]]
_NONE_KNOWN: Twins = {}
# More records that carry one key than that, nobody has to choose from.
_SHOWN = 10


class Obstacle(models.TextChoices):
    """Why a ticket cannot be linked to a record."""

    IN_HAND = "in_hand", pgettext_lazy("linking", "It is being sent just now. Wait until that has ended.")
    LINKED = "linked", pgettext_lazy("linking", "It is linked to a record already.")
    DISCARDED = "discarded", pgettext_lazy("linking", "It was discarded.")
    MAY_ARRIVE = (
        "may_arrive",
        pgettext_lazy(
            "linking",
            "What was sent a moment ago may still arrive in ServiceNow, and there would be two records then. "
            "Wait some minutes.",
        ),
    )
    NOT_FOUND = (
        "not_found",
        pgettext_lazy("linking", "ServiceNow has no such record, or the integration user may not see it."),
    )
    AMBIGUOUS = (
        "ambiguous",
        pgettext_lazy("linking", "Several records have this number. Paste the address of the right one."),
    )
    OTHER_KIND = "other_kind", pgettext_lazy("linking", "This record is not of the ticket's type.")
    OTHER_INSTANCE = (
        "other_instance",
        pgettext_lazy("linking", "This is the address of another instance than the ticket's."),
    )
    LINKED_ELSEWHERE = (
        "linked_elsewhere",
        pgettext_lazy("linking", "Another ticket is linked to this record."),
    )
    UNSEEN = (
        "unseen",
        pgettext_lazy(
            "linking", "ServiceNow holds another record with this ticket's key by now. Look again."
        ),
    )
    CHANGED = "changed", pgettext_lazy("linking", "The ticket has changed in the meantime. Look again.")
    OTHER_KEY = "other_key", pgettext_lazy("linking", "This record carries the key of another ticket.")


class NotLinkable(Exception):
    """A ticket and a record that shall not be linked. `other` is the ticket in the way, where there is one."""

    def __init__(self, obstacle: Obstacle, other: Ticket | None = None) -> None:
        super().__init__(obstacle.value)
        self.obstacle = obstacle
        self.other = other


class Reason(models.TextChoices):
    """Why a person takes a link away."""

    WRONG = "wrong", pgettext_lazy("unlinking", "The wrong record was linked")
    DELETED = "deleted", pgettext_lazy("unlinking", "The record was deleted in ServiceNow")
    MOVED = "moved", pgettext_lazy("unlinking", "The work goes on in another record")


@contextmanager
def client_for(ticket: Ticket, now: datetime) -> Iterator[Client]:
    """Give a client for the ticket's own instance, and note how well the instance answered.

    Raises `Paused` where that instance is not connected or may not be called, and what the calls raise.
    """
    connection = Connection.objects.current().filter(instance=ticket.instance_id).first()
    with calling(connection, clock=Clock(now), answered=NotLinkable) as client:
        yield client


def check_ticket(ticket: Ticket, now: datetime) -> None:
    """Raise NotLinkable where a ticket cannot be linked to any record now."""
    if not ticket.may_be_linked:
        settled = {Delivery.DELIVERED: Obstacle.LINKED, Delivery.DISCARDED: Obstacle.DISCARDED}
        raise NotLinkable(settled.get(Delivery(ticket.delivery), Obstacle.IN_HAND))
    # Nothing of what had its answer is on its way.
    quarantine = timedelta(seconds=settings.PUSH_QUARANTINE)
    had_an_answer = ticket.delivery in (Delivery.DELIVERED, Delivery.UNLINKED)
    if not had_an_answer and ticket.is_still_possible(now, quarantine):
        raise NotLinkable(Obstacle.MAY_ARRIVE)


def check_record(ticket: Ticket, record: Record) -> None:
    """Raise NotLinkable where a record belongs to another ticket."""
    others = Ticket.objects.filter(instance=ticket.instance_id).exclude(pk=ticket.pk)
    if other := others.filter(sys_id=record.sys_id).first():
        raise NotLinkable(Obstacle.LINKED_ELSEWHERE, other)
    # What was discarded never looks for its record again.
    keys = Q(client_sys_id=record.sys_id) | Q(pk=provenance.key_of(record.get("correlation_id")))
    if other := others.exclude(delivery=Delivery.DISCARDED).filter(keys).first():
        raise NotLinkable(Obstacle.OTHER_KEY, other)


def find(ticket: Ticket, reference: Reference, client: Client) -> Record:
    """Ask ServiceNow for the record that a person named. Raises NotLinkable where it is not there, or not the one."""
    if reference.host and reference.host != ticket.instance.host:
        raise NotLinkable(Obstacle.OTHER_INSTANCE)
    kind = Kind(ticket.kind)
    if reference.table and reference.table != kind:
        raise NotLinkable(Obstacle.OTHER_KIND)
    rows = _rows(kind, reference, client)
    if len(rows) > 1:
        raise NotLinkable(Obstacle.AMBIGUOUS)
    if rows:
        return rows[0]
    elsewhere = False
    with suppress(Refused, ConditionIgnored):  # It only helps to say more.
        elsewhere = any(_rows(other, reference, client) for other in Kind if other != kind)
    raise NotLinkable(Obstacle.OTHER_KIND if elsewhere else Obstacle.NOT_FOUND)


@dataclass(frozen=True)
class Carriers:
    """Records that carry a ticket's key, the oldest first. There may be more of them unless it `is_complete`."""

    records: list[Record]
    is_complete: bool


def carrying_key(ticket: Ticket, client: Client) -> Carriers:
    """Return the records that carry a ticket's key, as far as the instance lets us look for them."""
    found: list[Record] = []
    is_complete = False
    with suppress(Refused, ConditionIgnored):
        found = client.find_by_correlation_id(ticket.kind, ticket.correlation_id, limit=_SHOWN)
        is_complete = True
    asked = client.read(ticket.kind, ticket.client_sys_id)
    if asked is not None and asked.get("correlation_id") in ("", ticket.correlation_id):
        found = [asked, *(record for record in found if record.sys_id != asked.sys_id)]
    records = sorted(found, key=lambda record: (record.get("sys_created_on"), record.sys_id))
    return Carriers(records, is_complete)


def choose(
    ticket: Ticket, sys_id: str, *, seen: Collection[str], by: User | None, now: datetime
) -> list[Record]:
    """Link a ticket to the record that a person chose, as it is in ServiceNow now, and mirror its journal.

    `seen` are the sys_ids that the person was shown: a further record with the ticket's key stops it. Returns the other
    records that carry the key. Raises NotLinkable, and as `client_for` does.
    """
    check_ticket(ticket, now)
    with client_for(ticket, now) as client:
        record = find(ticket, Reference(sys_id=sys_id), client)
        carriers = carrying_key(ticket, client)
        others = [other for other in carriers.records if other.sys_id != sys_id]
        if any(other.sys_id not in seen for other in others):
            raise NotLinkable(Obstacle.UNSEEN)
        if ticket.is_delivered:
            known = {} if carriers.is_complete else _known_carriers(ticket, sys_id)
            _choose_between(ticket, record, others=others, known=known, by=by, now=now)
        elif not link(ticket, record, others=others, by=by, now=now):
            raise NotLinkable(Obstacle.CHANGED)
        # It is linked; what stands in its journal comes with its next change at the latest.
        with suppress(ServiceNowError, Paused):
            journal.read_notes(ticket, sys_id, client)
    return others


def link(
    ticket: Ticket,
    record: Record,
    *,
    others: Sequence[Record] = (),
    known: Twins = _NONE_KNOWN,
    by: User | None,
    now: datetime,
) -> bool:
    """Link a ticket to a record of its kind, which is tracked from then on.

    `others` are further records that carry its key, `known` those of which that was seen earlier, where it could not be
    asked now: the ticket's story names them. Returns False when the ticket changed since it was read. Raises
    NotLinkable.
    """
    check_ticket(ticket, now)
    check_record(ticket, record)
    columns = mirror.columns(
        ticket, record, now, mirror.normalized_states(ticket.instance, Kind(ticket.kind))
    )
    further, numbers = _further(ticket, others, known)
    # The moment of the last send is its version: whoever sent meanwhile has changed it, or sent nothing.
    as_read = Ticket.objects.filter(pk=ticket.pk, sent_at=ticket.sent_at)
    told = {"number": record.number, "others": numbers}
    try:
        with transaction.atomic():
            if not as_read.move(
                Delivery(ticket.delivery), Delivery.DELIVERED, **_DONE, delivered_at=now, **columns, **further
            ):
                return False
            _tell(ticket, TicketEvent.Type.LINKED, record.sys_id, by, now, told)
    except IntegrityError:
        other = Ticket.objects.filter(instance=ticket.instance_id, sys_id=record.sys_id).first()
        raise NotLinkable(Obstacle.LINKED_ELSEWHERE, other) from None
    return True


def _choose_between(
    ticket: Ticket,
    record: Record,
    *,
    others: Sequence[Record],
    known: Twins,
    by: User | None,
    now: datetime,
) -> None:
    """Keep the record that a ticket is linked to, or take another one that carries its key. Raises NotLinkable."""
    with transaction.atomic():
        if record.sys_id != ticket.sys_id:
            # The link is taken and given in one go: at no moment is the ticket without.
            if not unlink(ticket, Reason.MOVED, by=by, now=now):
                raise NotLinkable(Obstacle.CHANGED)
            ticket.refresh_from_db()
            if not link(ticket, record, others=others, known=known, by=by, now=now):
                raise NotLinkable(Obstacle.CHANGED)
            return
        further, numbers = _further(ticket, others, known)
        linked = Ticket.objects.filter(pk=ticket.pk, sys_id=ticket.sys_id, twin_since=ticket.twin_since)
        if not linked.update(**further):
            raise NotLinkable(Obstacle.CHANGED)
        told = {"number": record.number, "others": numbers}
        _tell(ticket, TicketEvent.Type.LINKED, record.sys_id, by, now, told)


def _known_carriers(ticket: Ticket, chosen: str) -> Twins:
    """Return what is known of the records of a linked ticket besides the one that was chosen."""
    linked = {ticket.sys_id: {"kind": ticket.kind, "number": ticket.number}}
    return {sys_id: twin for sys_id, twin in (linked | ticket.twins).items() if sys_id != chosen}


def _further(ticket: Ticket, others: Sequence[Record], known: Twins) -> tuple[dict[str, Any], list[str]]:
    """Return the columns of a ticket that name its further records, and the numbers of all of these."""
    columns = duplicates.as_columns(others, Kind(ticket.kind))
    found = {other.sys_id: other.number for other in others}
    unasked = {sys_id: twin for sys_id, twin in known.items() if sys_id not in found}
    columns["twins"] = {**unasked, **columns["twins"]}
    return columns, [*found.values(), *(twin["number"] for twin in unasked.values())]


def unlink(ticket: Ticket, reason: Reason, *, by: User | None, now: datetime) -> bool:
    """Take the link away, or say that it is none of the records that carry its key; these stay as they are. Returns
    False when the ticket has no such link any more.

    Nothing is sent afterwards unless a person says so: the old record may carry the ticket's key.
    """
    linked, old = Ticket.objects.filter(pk=ticket.pk, sys_id=ticket.sys_id), Delivery(ticket.delivery)
    columns = mirror.without_extra_conflict(ticket, mirror.no_columns())
    columns |= duplicates.as_columns((), Kind(ticket.kind))
    pending = TicketComment.objects.filter(ticket=ticket, state__in=(CommentState.WAITING, *STUCK))
    told = {"number": ticket.number, "reason": reason.value}
    with transaction.atomic():
        if not ticket.may_be_unlinked or not linked.move(
            old, Delivery.UNLINKED, **_DONE, delivered_at=None, **columns
        ):
            return False
        # They were meant for that record.
        pending.let_go(state=CommentState.GIVEN_UP, next_attempt_at=None)
        _tell(ticket, TicketEvent.Type.UNLINKED, ticket.sys_id, by, now, told)
    return True


_DONE: dict[str, Any] = {"next_attempt_at": None, "last_result": "", "last_problem": "", "dropped_fields": []}


def _tell(
    ticket: Ticket,
    what: TicketEvent.Type,
    sys_id: str,
    by: User | None,
    now: datetime,
    detail: Mapping[str, Any],
) -> None:
    TicketEvent.objects.record_action(
        ticket, what, by=by, now=now, sys_id=sys_id, detail=detail, audit_detail={"sys_id": sys_id, **detail}
    )


def _rows(kind: Kind, reference: Reference, client: Client) -> list[Record]:
    """Return the rows that are what was asked for: an instance that ignores the condition answers with strangers."""
    name, value = ("sys_id", reference.sys_id) if reference.sys_id else ("number", reference.number)
    wanted = [*mirror.fields(kind), "sys_created_on"]
    listing = Listing(kind, f"{name}={query_value(value)}", wanted, 2, display_values=True)
    [page] = client.lists([listing])
    return [record for record in page.records if record.get(name).upper() == value.upper()]
