"""A worker's hold on one ticket, taken and kept by compare-and-set.

Row locks would not do: on SQLite `select_for_update(skip_locked=True)` is silently nothing.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings

from connector.clock import Clock
from connector.db_writes import in_turn, in_turn_without_the_disk
from connector.models import Connection
from tickets.models import Ticket
from tickets.models.choices import MOVING, Delivery


def lease() -> timedelta:
    """How long a worker may hold a ticket: a token, two look-ups and a create at their slowest, and a margin."""
    return timedelta(seconds=5 * settings.PUSH_TIMEOUT + 10)


@dataclass
class Claim:
    """One ticket in one worker's hands. `stage` follows the row: claimed, then sent."""

    ticket: Ticket
    token: UUID
    clock: Clock
    started_at: datetime
    stage: Delivery = Delivery.CLAIMED

    @classmethod
    def take(cls, ticket_id: UUID, clock: Clock) -> "Claim | None":
        """Take a ticket that is due; None when it is not, or somebody else was quicker."""
        token = uuid.uuid4()
        due = Ticket.objects.due(clock, lease()).filter(pk=ticket_id)
        hold = {"claim_token": token, "claimed_until": clock.steady() + lease(), "next_attempt_at": None}
        # A claim that the power takes along leaves the ticket as it was, and whoever held it is gone as well.
        with in_turn_without_the_disk():
            if not any(due.move(old, Delivery.CLAIMED, **hold) for old in MOVING):
                return None
        ticket = Ticket.objects.select_related("instance", "requested_by", "action").get(pk=ticket_id)
        return cls(ticket, token, clock, clock())

    def move(self, new: Delivery, **changes: Any) -> bool:
        """Move the ticket on if the lease is still ours. Returns False, having changed nothing, if it is not."""
        ours = Ticket.objects.filter(pk=self.ticket.pk, claim_token=self.token)
        with in_turn():
            if not ours.move(self.stage, new, **changes):
                return False
        self.stage = new
        return True

    def let_go(self, new: Delivery, **changes: Any) -> bool:
        """Move the ticket on and give up the hold."""
        return self.move(new, claim_token=None, claimed_until=None, **changes)


def release_abandoned(clock: Clock) -> int:
    """Let go of what workers that died held for an instance that is no longer connected: nobody takes that up again.
    Returns how many tickets.
    """
    connected = Connection.objects.current().values("instance")
    abandoned = Ticket.objects.abandoned(clock, lease()).exclude(instance__in=connected)
    let_go = {"claim_token": None, "claimed_until": None, "next_attempt_at": clock()}
    return sum(
        Ticket.objects.filter(pk=ticket.pk, claim_token=ticket.claim_token).move(
            Delivery(ticket.delivery), Delivery.WAITING, **let_go
        )
        for ticket in abandoned
    )
