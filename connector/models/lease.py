"""A hold on one row, taken and kept by compare-and-set, that ends by itself when its holder dies.

Row locks would not do: on SQLite `select_for_update(skip_locked=True)` is silently nothing.
"""

from datetime import timedelta
from typing import Any, Self, TypeVar
from uuid import UUID

from django.db import models
from django.db.models import Q

from connector.clock import Clock, lapsed, watch

Row_co = TypeVar("Row_co", bound=models.Model, covariant=True)


class LeasedQuerySet(models.QuerySet[Row_co]):
    """Rows that one process at a time may work with. How long a lease lasts is its holders' affair."""

    def free(self, clock: Clock, lease: timedelta) -> Self:
        """Those that nobody holds, and those whose lease ran out."""
        return self.filter(Q(claimed_until=None) | _lapsed(clock, lease))

    def lapsed(self, clock: Clock, lease: timedelta) -> Self:
        """Those that somebody took whose lease ran out."""
        return self.filter(_lapsed(clock, lease))

    def held_by(self, token: UUID) -> Self:
        """Those that are still held by whoever took them with this token."""
        return self.filter(claim_token=token)

    def let_go(self, **changes: Any) -> int:
        """Give up the hold on these rows, and change them. Returns how many there were."""
        return self.update(claim_token=None, claimed_until=None, **changes)


class Leased(models.Model):
    """A row that one process at a time may work with."""

    claim_token = models.UUIDField(null=True, blank=True, editable=False)
    # By the clock that nobody can set (`connector.clock`).
    claimed_until = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True


def _lapsed(clock: Clock, lease: timedelta) -> Q:
    """Nobody knows which leases ran out while the clock was set less than one ago."""
    if watch.has_just_jumped(clock.boot(), lease.total_seconds()):
        return Q(pk__in=())
    return lapsed("claimed_until", clock.steady(), lease)
