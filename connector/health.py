"""How an instance is doing: its breaker, its last contact, its budget of calls.

Five calls in a row that failed for reasons of the network or the instance open the breaker for a minute; then
one caller at a time may try. A 429 opens it for as long as the instance asks. Everything here is conditional
UPDATEs, so that any number of workers may report.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import F, Q

from connector.budget import HOUR, slot_of
from connector.servicenow.errors import (
    NotAuthenticated,
    OutcomeUnknown,
    RateLimited,
    ServiceNowError,
    TokenRefused,
    Unreachable,
)
from connector.writing import in_turn_without_the_disk

FAILURES_TO_BREAK = 5
BREAK = timedelta(seconds=60)
# How old the moment of the last contact may be on a page.
CONTACT_NEWS = timedelta(seconds=10)


class InstanceQuerySet(models.QuerySet[Any]):
    def record_success(self, now: datetime) -> None:
        """The instance did what it was asked. Written only where it is news."""
        well = Q(
            consecutive_failures=0, broken_until=None, last_error="", last_contact_at__gt=now - CONTACT_NEWS
        )
        news = self.exclude(well)
        # An UPDATE of nothing waits for all other writers, too.
        if news.exists():
            news.update(
                consecutive_failures=0,
                broken_until=None,
                last_contact_at=now,
                last_error="",
                last_error_detail="",
                last_error_at=None,
            )

    def record_failure(self, now: datetime, error: ServiceNowError) -> None:
        """A call ended badly. What ServiceNow refuses for its own reasons says nothing against the
        instance.
        """
        if isinstance(error, Unreachable | OutcomeUnknown) and error.retryable:
            self.filter(consecutive_failures__gte=FAILURES_TO_BREAK - 1).update(broken_until=now + BREAK)
            self.update(consecutive_failures=F("consecutive_failures") + 1, **_last_error(error, now))
            return
        # Who is asked to wait leaves the whole instance alone: its limits count all of a user's calls.
        wait = min(error.retry_after or BREAK, HOUR) if isinstance(error, RateLimited) else None
        until = now + wait if wait else None
        self.update(consecutive_failures=0, broken_until=until, last_contact_at=now)
        if isinstance(error, NotAuthenticated | TokenRefused):
            self.update(**_last_error(error, now))

    def record_pause(self, now: datetime, code: str) -> None:
        """Calls cannot be made for a reason of ours that a person has to mend. Written only where it is news."""
        news = self.exclude(last_error=code)
        if news.exists():
            news.update(last_error=code, last_error_detail="", last_error_at=now)

    def let_through(self, now: datetime) -> bool:
        """Whether the one instance may be called now. After a pause the first who asks may, and nobody
        else yet.
        """
        if self.filter(broken_until=None).exists():
            return True
        return self.filter(broken_until__lte=now).update(broken_until=now + BREAK) == 1

    def read_up_to(self, server_at: datetime) -> None:
        """Changes up to this moment of the instance's clock have been read. Never goes back."""
        self.filter(Q(delta_since=None) | Q(delta_since__lt=server_at)).update(delta_since=server_at)

    def spend_call(self, now: datetime, budget: int) -> bool:
        """Count a call that is about to be made. False, with nothing counted, where the last hour's calls have
        used the budget up.
        """
        if budget < 1:
            return False
        with in_turn_without_the_disk():
            return self._count_call(now, budget)

    def _count_call(self, now: datetime, budget: int) -> bool:
        slot = slot_of(now)
        # Another process, whose clock is a little ahead, may have begun the next slot.
        within = self.filter(calls_slot_at__range=(slot, slot + HOUR), calls_in_hour__lt=budget)
        while within.update(calls_in_hour=F("calls_in_hour") + 1) != 1:
            if not self._may_count(now, budget):
                return False
        return True

    def _may_count(self, now: datetime, budget: int) -> bool:
        """Whether a call may be counted after all, because a new slot began or there is room again."""
        row = self.first()
        if row is None:
            return False
        calls = row.calls.at(now)
        if calls == row.calls:
            return bool(calls.total < budget)
        # Who counted meanwhile, or began the slot, has changed one of these.
        as_read = self.filter(calls_slot_at=row.calls_slot_at, calls_in_hour=row.calls_in_hour)
        as_read.update(calls_slot_at=calls.slot_at, calls_in_hour=calls.total, calls_earlier=calls.earlier)
        return True


def _last_error(error: ServiceNowError, now: datetime) -> dict[str, object]:
    return {"last_error": error.code, "last_error_detail": error.detail[:500], "last_error_at": now}
