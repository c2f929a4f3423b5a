"""A worker's hold on one job that goes out."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from connector.clock import Clock
from connector.db_writes import in_turn, in_turn_without_the_disk
from connector.models import Connection
from tickets.models import Ticket
from tickets.models.choices import Delivery
from tickets.models.outbound_job import OutboundJob, OutboundJobQuerySet, lease

Job = TypeVar("Job", bound=OutboundJob)


@dataclass
class Claim(Generic[Job]):
    """One of the `jobs` in one worker's hands, as it was read then. `stage` follows the row; `is_sending` says whether
    the intent of this try is stored.
    """

    jobs: OutboundJobQuerySet[Job]
    job: Job
    token: UUID
    clock: Clock
    started_at: datetime
    stage: str
    is_sending: bool = False

    @classmethod
    def take(cls, jobs: OutboundJobQuerySet[Job], key: UUID, clock: Clock) -> "Claim[Job] | None":
        """Take one of the jobs, if it is due; None when it is not, or somebody else was quicker."""
        token = uuid.uuid4()
        # A claim that the power takes along leaves the job as it was, and whoever held it is gone as well.
        with in_turn_without_the_disk():
            if not jobs.due(clock).filter(pk=key).take(token, clock.steady() + lease()):
                return None
        job = jobs.get(pk=key)
        return cls(jobs, job, token, clock, clock(), job.stage)

    def move(self, new: str, **changes: Any) -> bool:
        """Move the job on if the lease is still ours. Returns False, having changed nothing, if it is not."""
        ours = self.jobs.held_by(self.token).filter(pk=self.job.pk)
        with in_turn():
            if not ours.move(self.stage, new, **changes):
                return False
        self.stage = new
        return True

    def begin_sending(self, new: str, **changes: Any) -> datetime | None:
        """Store the intent, at this moment. None: the lease is no longer ours, and nothing may be sent."""
        intent = self.job.intent(self.clock)
        if not self.move(new, **intent, **changes):
            return None
        self.is_sending = True
        sent_at: datetime = intent["sent_at"]
        return sent_at

    def let_go(self, new: str, **changes: Any) -> bool:
        """Move the job on and give up the hold."""
        return self.move(new, claim_token=None, claimed_until=None, **changes)


def release_abandoned(clock: Clock) -> int:
    """Let go of what workers that died held for an instance that is no longer connected: nobody takes that up again.
    Returns how many tickets.
    """
    connected = Connection.objects.current().values("instance")
    left = Ticket.objects.abandoned(clock).exclude(instance__in=connected)
    let_go = {"claim_token": None, "claimed_until": None, "next_attempt_at": clock()}
    return sum(
        Ticket.objects.filter(pk=ticket.pk, claim_token=ticket.claim_token).move(
            Delivery(ticket.delivery), Delivery.WAITING, **let_go
        )
        for ticket in left
    )
