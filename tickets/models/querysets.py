import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, Exists, OuterRef, Q, Value, When
from django.db.models.functions import Coalesce, Lower

from accounts.models import User
from connector.clock import Clock
from connector.models import Connection
from tickets.models import outcome
from tickets.models.choices import (
    IN_HAND,
    MOVING,
    NEEDS_ATTENTION,
    UNDELIVERED,
    Delivery,
    Kind,
    NormalizedState,
    Priority,
    check_move,
)
from tickets.models.outbound_job import OutboundJobQuerySet, lease


def _attention(delivery: str) -> Q:
    has_twins = Q(**{delivery: Delivery.DELIVERED}, twin_since__isnull=False)
    return Q(**{f"{delivery}__in": NEEDS_ATTENTION}) | has_twins


_ATTENTION = _attention("delivery")
# As ServiceNow numbers its records: a table's prefix and digits.
_A_NUMBER = re.compile(r"[A-Za-z]{1,20}[0-9]{1,20}")
_HIGH = Q(current_priority__lte=Priority.HIGH)


def _past(today: date) -> Q:
    return Q(current_due_on__lt=today)


def _overdue(today: date) -> Q:
    return Q(is_open=True) & _past(today)


def _counted(today: date) -> dict[str, Count]:
    """What is counted of tickets that are open."""
    return {
        "open": Count("pk"),
        "overdue": Count("pk", filter=_past(today)),
        "attention": Count("pk", filter=_ATTENTION),
    }


def _frozen() -> Any:
    return ~Exists(Connection.objects.filter(instance=OuterRef("instance"), is_current=True))


@dataclass(frozen=True)
class Counts:
    """How many of some tickets are open, past their day, or waiting for a person's decision; and how many of the open
    ones nobody follows any more, because their instance is not connected.
    """

    open: int
    overdue: int
    attention: int
    frozen: int = 0

    @classmethod
    def of_open(cls, tickets: Collection[Any], today: date) -> "Counts":
        """Count open tickets that were read, by the same conditions as the queries."""
        return cls(
            open=len(tickets),
            overdue=sum(ticket.is_overdue(today) for ticket in tickets),
            attention=sum(
                ticket.delivery in NEEDS_ATTENTION
                or (ticket.delivery == Delivery.DELIVERED and ticket.twin_since is not None)
                for ticket in tickets
            ),
        )


class TicketQuerySet(OutboundJobQuerySet[Any]):
    """Tickets, in words."""

    def open(self) -> "TicketQuerySet":
        """Neither closed in ServiceNow nor given up here."""
        return self.filter(is_open=True)

    def of_current_instance(self) -> "TicketQuerySet":
        """Those of the instance that is connected now; the rest is history."""
        return self.filter(instance__connections__is_current=True)

    def of_kind(self, kind: Kind) -> "TicketQuerySet":
        """Change requests or incidents."""
        return self.filter(kind=kind)

    def undelivered(self) -> "TicketQuerySet":
        """Not in ServiceNow as far as we know, and not given up."""
        return self.filter(delivery__in=UNDELIVERED)

    def tracked(self) -> "TicketQuerySet":
        """Linked to a record in ServiceNow."""
        return self.exclude(sys_id="")

    def due(self, clock: Clock) -> "TicketQuerySet":
        """What a worker may take now: waiting and due, or taken by a worker whose lease ran out."""
        return self.filter(Q(delivery=Delivery.WAITING, next_attempt_at__lte=clock())) | self.abandoned(clock)

    def abandoned(self, clock: Clock) -> "TicketQuerySet":
        """What a worker took whose lease ran out."""
        return self.lapsed(clock, lease()).filter(delivery__in=IN_HAND)

    def take(self, token: UUID, until: datetime) -> bool:
        """Take the one ticket that this asks for. Returns False, having changed nothing, where it asks for none."""
        hold = {"claim_token": token, "claimed_until": until, "next_attempt_at": None}
        return any(self.move(old, Delivery.CLAIMED, **hold) for old in MOVING)

    def overdue(self, today: date) -> "TicketQuerySet":
        """Open past its day."""
        return self.filter(_overdue(today))

    def needing_attention(self, *, by_index: bool = True) -> "TicketQuerySet":
        """Nothing more happens until a person decides. `by_index` as `having`."""
        if by_index:
            return self.filter(_ATTENTION)
        found: TicketQuerySet = self.alias(plain_delivery=Coalesce("delivery", "delivery")).filter(
            _attention("plain_delivery")
        )
        return found

    def most_urgent_first(self, today: date) -> "TicketQuerySet":
        """What waits for a person, then what is past its day, then what is of high priority; among equals the newest
        first. A database must look at each.
        """
        conditions = (_ATTENTION, _past(today), _HIGH)
        urgency = [Case(When(condition, then=Value(0)), default=Value(1)) for condition in conditions]
        return self.order_by(*urgency, "-created_at", "-id")

    def counts(self, today: date) -> Counts:
        """Count in one query, by the same conditions as the filters."""
        # What is not open is in none of the three; leaving it out first spares the database years of history.
        frozen = Count("pk", filter=_frozen())
        return Counts(**self.open().aggregate(**_counted(today), frozen=frozen))

    def open_by_kind(self, today: date) -> "TicketQuerySet":
        """Count what is open, by kind: rows of the kind and what `Counts` holds, in its order."""
        grouped = self.open().order_by().values("kind")
        found: TicketQuerySet = grouped.annotate(**_counted(today)).values_list("kind", *_counted(today))
        return found

    def normalized_state(
        self, normalized_state: NormalizedState, *, by_index: bool = True
    ) -> "TicketQuerySet":
        """Those whose record means this now. A record that is gone or hidden means only that. `by_index` is that of
        `having`.
        """
        if normalized_state == NormalizedState.MISSING:
            return self.filter(missing_since__isnull=False)
        stored = {"delivery": Delivery.DELIVERED, "normalized_state": normalized_state}
        return self.filter(missing_since=None).having(stored, by_index=by_index)

    def with_outcome(self, judged_until: datetime | None) -> "TicketQuerySet":
        """Add `outcome`, what came of each, where scores speak about what was closed by `judged_until`."""
        named = outcome.named(judged_until, self.model.objects.all())
        annotated: TicketQuerySet = self.annotate(outcome=named)
        return annotated

    def without_long_texts(self) -> "TicketQuerySet":
        """Without what lists do not show."""
        return self.defer("description", "record", "dropped_fields", "last_problem")

    def listed(self) -> "TicketQuerySet":
        """For lists: without the long texts, with the names of the states, and with whether they are not followed any
        more.
        """
        return self.with_state_names().without_long_texts().with_frozen()

    def with_frozen(self) -> "TicketQuerySet":
        """Add `is_frozen`: nobody follows them any more, because their instance is not connected."""
        annotated: TicketQuerySet = self.annotate(is_frozen=_frozen())
        return annotated

    def search(self, text: str) -> "TicketQuerySet":
        """Those that have every word of the text in their name or number. A whole number finds its ticket alone, which
        an index tells; of anything else every name is looked at.
        """
        words = text.split()
        if len(words) == 1 and _A_NUMBER.fullmatch(words[0]):
            numbered = self.filter(number__in={words[0], words[0].upper()})
            if numbered.exists():
                return numbered
        found = self
        for word in words:
            # Folded by the database, as the column is.
            found = found.filter(searched_text__contains=Lower(Value(word)))
        return found

    def looked_after_by(self, person: User) -> "list[int]":
        """Return whose tickets a person sees to: those that they asked for, or somebody whose successor they are."""
        # Mostly one: by a list of one, the index gives tickets in order.
        asked = User.objects.filter(Q(pk=person.pk) | Q(successor=person.pk))
        return list(asked.values_list("pk", flat=True))

    def having(self, wanted: Mapping[str, Any], *, by_index: bool) -> "TicketQuerySet":
        """Those whose columns are as `wanted`, which holds look-ups. Without `by_index` no index of these columns is
        used: SQLite does not know that few tickets are open, and would rather read all of one kind than those.
        """
        if by_index:
            return self.filter(**wanted)
        hidden = {look_up.removesuffix("__in"): look_up for look_up in wanted}
        plain = self.alias(**{f"plain_{column}": Coalesce(column, column) for column in hidden})
        found: TicketQuerySet = plain.filter(
            **{f"plain_{look_up}": wanted[look_up] for look_up in hidden.values()}
        )
        return found

    def with_label(self, column: str, label: str, *, by_index: bool) -> "TicketQuerySet":
        """Those that have this label, in whatever case, in `assignee` or `assignment_group`; `by_index` as `having`."""
        folded = Lower(column) if by_index else Coalesce(Lower(column), Lower(column))
        name = f"folded_{column}"
        found: TicketQuerySet = self.alias(**{name: folded}).filter(**{name: Lower(Value(label))})
        return found

    def page(self, start: int, end: int, count: int) -> list[UUID]:
        """Return the keys of so many of them, in their order. What lies nearer to the end is counted from there."""
        keys = self.values_list("pk", flat=True)
        if start <= count - end:
            return list(keys[start:end])
        return list(keys.reverse()[max(count - end, 0) : count - start])[::-1]

    def with_state_names(self) -> "TicketQuerySet":
        """With what their states are called, for pages that show many: `state_words` then asks nothing more."""
        return self.select_related("instance").prefetch_related("instance__state_names")

    def move(self, old: str, new: str, **changes: Any) -> bool:
        """As any job. Raises ValueError for a move that is not in the table."""
        check_move(Delivery(old), Delivery(new))
        return super().move(old, new, **changes)
