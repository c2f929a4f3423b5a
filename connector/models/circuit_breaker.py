"""How an instance is doing: its breaker, its last contact, its budget of calls.

Five calls in a row that failed for reasons of the network or the instance open the breaker for a minute; then
one caller at a time may try. After a 429 the instance is left alone for as long as it asks: only time ends that wait,
no success of another call does. Everything here is conditional
UPDATEs, so that any number of workers may report.
"""

from datetime import datetime, timedelta

from django.db.models import F, Q

from connector.budget import HOUR
from connector.models.call_counter import CallCounterQuerySet
from connector.servicenow.errors import (
    NotAuthenticated,
    OutcomeUnknown,
    RateLimited,
    ServiceNowError,
    TokenRefused,
    Unreachable,
)

FAILURES_TO_BREAK = 5
BREAK = timedelta(seconds=60)
# Further ahead lies no pause that was noted by a clock like ours: that one was put back since.
LONGEST_BREAK, LONGEST_WAIT = 2 * BREAK, 2 * HOUR
# How old the moment of the last contact may be on a page.
CONTACT_NEWS = timedelta(seconds=10)


class InstanceQuerySet(CallCounterQuerySet):
    def record_success(self, now: datetime) -> None:
        """The instance did what it was asked. Written only where it is news."""
        well = Q(
            consecutive_failures=0,
            circuit_open_until=None,
            last_error="",
            last_contact_at__gt=now - CONTACT_NEWS,
        )
        news = self.exclude(well)
        # An UPDATE of nothing waits for all other writers, too.
        if news.exists():
            news.update(
                consecutive_failures=0,
                circuit_open_until=None,
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
            self.filter(consecutive_failures__gte=FAILURES_TO_BREAK - 1).update(
                circuit_open_until=now + BREAK
            )
            self.update(consecutive_failures=F("consecutive_failures") + 1, **_last_error(error, now))
            return
        self.update(consecutive_failures=0, circuit_open_until=None, last_contact_at=now)
        if isinstance(error, RateLimited):
            self.asked_to_wait(now, error.retry_after)
        if isinstance(error, NotAuthenticated | TokenRefused):
            self.update(**_last_error(error, now))

    def record_pause(self, now: datetime, code: str) -> None:
        """Calls cannot be made for a reason of ours that a person has to fix. Written only where it is news."""
        news = self.exclude(last_error=code)
        if news.exists():
            news.update(last_error=code, last_error_detail="", last_error_at=now)

    def asked_to_wait(self, now: datetime, wait: timedelta | None) -> None:
        """The instance answered 429: leave all of it alone, for its limits count all of a user's calls. `wait` is what
        it asked for; it counts calls by the hour, so no longer wait is obeyed. A shorter one shortens no longer one.
        """
        until = now + min(wait or BREAK, HOUR)
        self.exclude(rate_limited_until__range=(until, now + LONGEST_WAIT)).update(rate_limited_until=until)

    def may_be_counted(self, now: datetime) -> "InstanceQuerySet":
        """Those that did not ask to be left alone just now."""
        return self.exclude(rate_limited_until__gt=now, rate_limited_until__lte=now + LONGEST_WAIT)

    def let_through(self, now: datetime) -> bool:
        """Whether the one instance may be called now. After a pause the first who asks may, and nobody
        else yet.
        """
        if self.filter(circuit_open_until=None).exists():
            return True
        over = Q(circuit_open_until__lte=now) | Q(circuit_open_until__gt=now + LONGEST_BREAK)
        return self.filter(over).update(circuit_open_until=now + BREAK) == 1

    def record_keys(self, table: str, now: datetime, *, are_kept: bool) -> bool:
        """A record of this table came back with one of our keys, or with neither: no look-up would find that one, and
        nothing more is sent until a trial shows otherwise. Returns whether that is news.
        """
        if are_kept:
            found = self.filter(keyless_table=table).update(keyless_since=None, keyless_table="")
        else:
            found = self.filter(keyless_since=None).update(keyless_since=now, keyless_table=table)
        return found == 1

    def read_up_to(self, server_at: datetime) -> None:
        """Changes up to this moment of the instance's clock have been read. Never goes back."""
        self.filter(Q(delta_since=None) | Q(delta_since__lt=server_at)).update(delta_since=server_at)

    def read_again(self, cursor: datetime, since: datetime) -> None:
        """Changes since this moment are to be read again, for the cursor was set by a clock that was wrong."""
        self.filter(delta_since=cursor).update(delta_since=since)


def _last_error(error: ServiceNowError, now: datetime) -> dict[str, object]:
    return {"last_error": error.code, "last_error_detail": error.said[:500], "last_error_at": now}
