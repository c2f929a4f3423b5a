"""Counting calls in a row of the database, by any number of processes at once."""

from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from connector.budget import HOUR, LONG_AGO, Calls, slot_of
from connector.db_writes import in_turn_without_the_disk


class CallCounterQuerySet(models.QuerySet[Any]):
    """Rows that count calls; each change is one conditional UPDATE."""

    def may_be_counted(self, now: datetime) -> Self:
        """Those for which a call may be counted now, if there is room."""
        return self.all()

    def spend_call(self, now: datetime, budget: int) -> bool:
        """Count a call that is about to be made. False, with nothing counted, where the last hour's calls have
        used the budget up, or the instance asked to be left alone.
        """
        if budget < 1:
            return False
        with in_turn_without_the_disk():
            return self._count_call(now, budget)

    def _count_call(self, now: datetime, budget: int) -> bool:
        slot = slot_of(now)
        # Another process, whose clock is a little ahead, may have begun the next slot.
        within = self.may_be_counted(now).filter(
            calls_slot_at__range=(slot, slot + HOUR), calls_in_hour__lt=budget
        )
        while within.update(calls_in_hour=F("calls_in_hour") + 1) != 1:
            if not self._may_count(now, budget):
                return False
        return True

    def _may_count(self, now: datetime, budget: int) -> bool:
        """Whether a call may be counted after all, because a new slot began or there is room again."""
        row = self.may_be_counted(now).first()
        if row is None:
            return False
        calls = row.calls.at(now)
        if calls == row.calls:
            return bool(calls.total < budget)
        # Who counted meanwhile, or began the slot, has changed one of these.
        as_read = self.filter(calls_slot_at=row.calls_slot_at, calls_in_hour=row.calls_in_hour)
        as_read.update(calls_slot_at=calls.slot_at, calls_in_hour=calls.total, calls_earlier=calls.earlier)
        return True


class CallCounter(models.Model):
    """The calls of an hour, by slots of five minutes (`budget`)."""

    calls_slot_at = models.DateTimeField(_("last five minutes with calls began"), null=True, blank=True)
    calls_in_hour = models.PositiveIntegerField(_("calls that count"), default=0)
    calls_earlier = models.JSONField(
        _("calls in the five minutes before, and so on"), default=list, blank=True
    )

    class Meta:
        abstract = True

    @property
    def calls(self) -> Calls:
        """The calls as they were last counted."""
        return Calls(self.calls_slot_at or LONG_AGO, self.calls_in_hour, tuple(self.calls_earlier))

    def calls_made(self, now: datetime) -> int:
        """How many calls of the last hour count."""
        return self.calls.at(now).total

    def calls_left(self, now: datetime, budget: int) -> int:
        """How many of `budget` calls per hour remain."""
        return max(0, budget - self.calls_made(now))

    def calls_free_at(self, now: datetime, budget: int) -> datetime:
        """From when on some of `budget` calls per hour remain."""
        return self.calls.free_at(now, budget)
