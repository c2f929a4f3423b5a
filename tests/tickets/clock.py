from datetime import datetime, timedelta

from django.utils import timezone

from connector.clock import boottime


class Clock:
    """The real time, moved by hand; or only what the wall clock shows, as when somebody sets it."""

    def __init__(self) -> None:
        self.offset = timedelta(0)
        self.error = timedelta(0)

    def __call__(self) -> datetime:
        return timezone.now() + self.offset + self.error

    def boot(self) -> float:
        return boottime() + self.offset.total_seconds()

    def advance(self, **delta: float) -> None:
        self.offset += timedelta(**delta)

    def set(self, **delta: float) -> None:
        self.error += timedelta(**delta)
