from datetime import date, datetime
from typing import Any

from django.db import models
from django.db.models import Q

from tickets.states import IN_HAND, UNDELIVERED, Delivery, Kind, check_move


class TicketQuerySet(models.QuerySet[Any]):
    """Tickets, in words."""

    def open(self) -> "TicketQuerySet":
        """Neither closed in ServiceNow nor given up here."""
        return self.filter(is_open=True)

    def of_kind(self, kind: Kind) -> "TicketQuerySet":
        """Change requests or incidents."""
        return self.filter(kind=kind)

    def undelivered(self) -> "TicketQuerySet":
        """Not in ServiceNow as far as we know, and not given up."""
        return self.filter(delivery__in=UNDELIVERED)

    def tracked(self) -> "TicketQuerySet":
        """Linked to a record in ServiceNow."""
        return self.exclude(sys_id="")

    def due(self, now: datetime) -> "TicketQuerySet":
        """What a worker may take now: waiting and due, or taken by a worker whose lease ran out."""
        waiting = Q(delivery=Delivery.WAITING, next_try_at__lte=now)
        abandoned = Q(delivery__in=IN_HAND, claimed_until__lt=now)
        return self.filter(waiting | abandoned)

    def overdue(self, today: date) -> "TicketQuerySet":
        """Open past its day."""
        return self.open().filter(due_on__lt=today)

    def with_state_names(self) -> "TicketQuerySet":
        """With what their states are called, for pages that show many: `state_words` then asks nothing more."""
        return self.select_related("instance").prefetch_related("instance__state_names")

    def move(self, old: Delivery, new: Delivery, **changes: Any) -> bool:
        """Move these tickets from one delivery state to another if, and only if, they are still in the old one.

        Filter by the claim token first where there is one: a stale token then changes nothing. Returns whether a
        row changed.
        """
        check_move(old, new)
        return self.filter(delivery=old).update(delivery=new, **changes) == 1
