import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Clock:
    """A given moment that moves on with the time that passes."""

    began_at: datetime
    began: float = field(default_factory=time.monotonic)

    def __call__(self) -> datetime:
        return self.began_at + timedelta(seconds=time.monotonic() - self.began)
