"""How an instance is doing: its breaker, its last contact, its budget of calls.

Five calls in a row that failed for reasons of the network or the instance open the breaker for a minute; then
one caller at a time may try. Everything here is conditional UPDATEs, so that any number of workers may
report.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Case, F, Q, Value, When

from connector.servicenow.errors import (
    NotAuthenticated,
    OutcomeUnknown,
    ServiceNowError,
    TokenRefused,
    Unreachable,
)

FAILURES_TO_BREAK = 5
BREAK = timedelta(seconds=60)
HOUR = timedelta(hours=1)


class InstanceQuerySet(models.QuerySet[Any]):
    def record_success(self, now: datetime) -> None:
        """The instance did what it was asked."""
        self.update(
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
        if isinstance(error, Unreachable | OutcomeUnknown):
            self.filter(consecutive_failures__gte=FAILURES_TO_BREAK - 1).update(broken_until=now + BREAK)
            self.update(consecutive_failures=F("consecutive_failures") + 1, **_last_error(error, now))
            return
        self.update(consecutive_failures=0, broken_until=None, last_contact_at=now)
        if isinstance(error, NotAuthenticated | TokenRefused):
            self.update(**_last_error(error, now))

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

    def count_call(self, now: datetime, clock_offset: timedelta | None = None) -> None:
        """One call was made; `clock_offset` is the instance's clock minus ours where its answer showed it."""
        this_hour = Q(calls_hour_at__gt=now - HOUR)
        self.update(
            calls_in_hour=Case(When(this_hour, then=F("calls_in_hour") + 1), default=Value(1)),
            calls_hour_at=Case(When(this_hour, then=F("calls_hour_at")), default=Value(now)),
            **({} if clock_offset is None else {"clock_offset": clock_offset}),
        )


def _last_error(error: ServiceNowError, now: datetime) -> dict[str, object]:
    return {"last_error": error.code, "last_error_detail": error.detail[:500], "last_error_at": now}
