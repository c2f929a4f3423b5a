"""What is read back from ServiceNow, in ServiceNow's own words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from connector.servicenow.errors import ServiceNowError

# Their stored value is always empty, as seen on live instances: what is written into them goes to a table of its own.
JOURNALS = frozenset({"work_notes", "comments", "comments_and_work_notes"})
# As ServiceNow makes them. Some instances have others, of any letters and digits.
SYS_ID = r"[0-9a-f]{32}"
_ANY_SYS_ID = re.compile(r"[0-9A-Za-z]{32}")
# Of date-times as stored, in UTC (REST API documentation, `sysparm_display_value=false`).
TIME_FORMAT = "%Y-%m-%d %H:%M:%S"
# A day away from the ends of the calendar, so that every time zone can show it.
_EARLIEST = datetime.min.replace(tzinfo=UTC) + timedelta(days=1)
_LATEST = datetime.max.replace(microsecond=0, tzinfo=UTC) - timedelta(days=1)


@dataclass(frozen=True)
class Record:
    """One row of a table; every value a string as stored, references as their sys_id, moments in UTC."""

    table: str
    values: Mapping[str, str]
    # What people see in a field, in the integration user's language; only where it was asked for.
    shown: Mapping[str, str] = field(default_factory=dict)

    @property
    def sys_id(self) -> str:
        return self.get("sys_id")

    @property
    def number(self) -> str:
        return self.get("number")

    @property
    def has_sys_id(self) -> bool:
        """Whether it says which row it is."""
        return _ANY_SYS_ID.fullmatch(self.sys_id) is not None

    def get(self, name: str) -> str:
        """The stored value; an empty string where the field is empty, unknown or hidden from us."""
        return self.values.get(name, "")

    def at(self, name: str) -> datetime | None:
        """The moment in a date-time field, or None where it is empty or unreadable.

        People write 9999-12-31 for never: that is moved by a day.
        """
        try:
            at = datetime.strptime(self.get(name), TIME_FORMAT).replace(tzinfo=UTC)
        except ValueError:
            return None
        return min(max(at, _EARLIEST), _LATEST)

    def is_true(self, name: str) -> bool:
        """Whether a true/false field holds true."""
        return self.get(name) == "true"


@dataclass(frozen=True)
class Page:
    """The rows of one list call, and the server's clock when it answered (None where it did not say).

    `left_out` is how many rows the answer held besides that are no records. `problem` says why an optional list holds
    nothing.
    """

    records: tuple[Record, ...]
    server_at: datetime | None = None
    left_out: int = 0
    problem: ServiceNowError | None = None

    def __len__(self) -> int:
        return len(self.records)


@dataclass(frozen=True)
class Tokens:
    """What the token endpoint gave; lifetimes count from the moment of the answer."""

    access_token: str = field(repr=False)
    expires_in: timedelta
    refresh_token: str = field(default="", repr=False)
    scope: str = ""
