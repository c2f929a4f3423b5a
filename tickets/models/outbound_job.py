"""What is to be sent to ServiceNow once, whatever dies: the columns that tickets and comments share.

The intent (`sent_at` and what goes with it) is stored before the socket opens. Whoever finds one looks for what it may
have made before sending again (docs/decisions/0001-one-record-per-ticket.md).
"""

from datetime import datetime, timedelta
from typing import Any, ClassVar, Self, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from connector.clock import Clock
from connector.models.lease import Leased, LeasedQuerySet


def lease() -> timedelta:
    """How long a worker may hold a job: a token, two look-ups and a create at their slowest, and a margin."""
    return timedelta(seconds=5 * settings.PUSH_TIMEOUT + 10)


class OutboundJob(Leased):
    """One thing to be sent."""

    # Which column holds how far it got, and which ones a try changes before it sends.
    state_column: ClassVar[str]
    intent_columns: ClassVar[tuple[str, ...]] = (
        "sent_at", "intent_at", "first_sent_at", "unseen_at", "possible_refusal",
    )  # fmt: skip

    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt at"), null=True, blank=True)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    # By the clock that nobody can set (`connector.clock`).
    intent_at = models.DateTimeField(null=True, blank=True, editable=False)
    first_sent_at = models.DateTimeField(
        _("first sent at"),
        null=True,
        blank=True,
        help_text=_("Also where the answer was a refusal: from then on it is looked for before it is sent."),
    )
    # When the first of the two look-ups before a second sending found nothing; by the clock that nobody can set.
    unseen_at = models.DateTimeField(null=True, blank=True, editable=False)
    possible_refusal = models.TextField(
        _("possible refusal"),
        blank=True,
        help_text=_("What the answer to the last sending said, where it may have been a refusal."),
    )
    delivered_at = models.DateTimeField(_("delivered at"), null=True, blank=True)
    last_problem = models.TextField(_("last problem"), blank=True)

    class Meta:
        abstract = True

    @property
    def stage(self) -> str:
        """How far it got, when this was read."""
        return str(getattr(self, self.state_column))

    @property
    def was_sent(self) -> bool:
        """Whether anything was ever sent for it, as far as its row says."""
        return self.sent_at is not None or self.first_sent_at is not None

    def intent(self, clock: Clock) -> dict[str, Any]:
        """Return the columns to store before it is sent now."""
        now = clock()
        return {
            "sent_at": now,
            "intent_at": clock.steady(),
            "first_sent_at": self.first_sent_at or now,
            "unseen_at": None,
            "possible_refusal": "",
        }

    def intent_as_read(self) -> dict[str, Any]:
        """Return what takes an intent back that was stored since this was read: nothing was sent for it. What an
        earlier try may have sent is as unknown as it was.
        """
        return {name: getattr(self, name) for name in self.intent_columns}


Job_co = TypeVar("Job_co", bound=OutboundJob, covariant=True)


class OutboundJobQuerySet(LeasedQuerySet[Job_co]):
    """Jobs of one kind. Each kind says how a free one is taken."""

    def due(self, clock: Clock) -> Self:
        """What a worker may take now."""
        raise NotImplementedError

    def take(self, token: UUID, until: datetime) -> bool:
        """Take the one job that this asks for. Returns False, having changed nothing, where it asks for none."""
        raise NotImplementedError

    def move(self, old: str, new: str, **changes: Any) -> bool:
        """Move these jobs from one state to another if, and only if, they are still in the old one.

        Filter by the claim token first where there is one: a stale token then changes nothing. Returns whether a
        row changed.
        """
        column = self.model.state_column
        return self.filter(**{column: old}).update(**{column: new}, **changes) == 1
