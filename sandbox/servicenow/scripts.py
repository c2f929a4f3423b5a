"""The `javascript:` values that queries may carry, worked out in the time zone of who asks.

Source: ServiceNow documentation, "GlideSystem" (date functions) and "Relative date filters".
"""

import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sandbox.servicenow.clock import FORMAT, stamp
from sandbox.servicenow.periods import end_of, in_zone, shifted, start_of
from sandbox.servicenow.store import Row

_CALL = re.compile(r"\s*gs\.(?P<name>\w+)\((?P<given>[^()]*)\)\s*;?\s*")
_PERIOD = re.compile(r"(?P<edge>beginningOf|endOf)(?P<which>This|Last|Next)(?P<unit>Week|Month|Quarter|Year)")
_DAY = re.compile(r"(?P<edge>beginningOf|endOf)(?P<day>Today|Yesterday|Tomorrow)")
_AGO = re.compile(
    r"(?P<unit>minute|hour|day|week|month|quarter|year)s?Ago(?P<edge>Start|End)?", re.IGNORECASE
)
_DAYS = {"Yesterday": -1, "Today": 0, "Tomorrow": 1}
_WHICH = {"Last": -1, "This": 0, "Next": 1}


@dataclass(frozen=True)
class Scripts:
    """Who asks, when (UTC), and in which time zone."""

    user: Row
    now: datetime
    time_zone: str

    def value(self, text: str) -> str | None:
        """What a value of a query stands for: itself, or the outcome of its script; none if that is not known."""
        if not text.startswith("javascript:"):
            return text
        called = _CALL.fullmatch(text.removeprefix("javascript:"))
        if called is None:
            return None
        given = [part.strip().strip("'\"") for part in called["given"].split(",") if part.strip()]
        return self._about_user(called["name"]) or self._about_time(called["name"], given)

    def local_now(self) -> datetime:
        """The moment on the clock of who asks."""
        return in_zone(self.now, self.time_zone)

    def _about_user(self, name: str) -> str | None:
        fields = {"getUserID": "sys_id", "getUserName": "user_name", "getUserDisplayName": "name"}
        return self.user.get(fields[name]) if name in fields else None

    def _about_time(self, name: str, given: list[str]) -> str | None:
        now = self.local_now()
        if name == "nowDateTime" or name == "now":
            return now.strftime(FORMAT if name == "nowDateTime" else "%Y-%m-%d")
        if name == "dateGenerate":
            return self._generated(given)
        if found := _DAY.fullmatch(name):
            return _edge(found["edge"], "day", shifted(now, "day", _DAYS[found["day"]]))
        if found := _PERIOD.fullmatch(name):
            unit = found["unit"].lower()
            return _edge(found["edge"], unit, shifted(now, unit, _WHICH[found["which"]]))
        if (found := _AGO.fullmatch(name)) and len(given) == 1 and given[0].lstrip("-").isdigit():
            return self._ago(found["unit"].lower(), int(given[0]), found["edge"])
        return None

    def _ago(self, unit: str, count: int, edge: str | None) -> str:
        moment = shifted(self.local_now(), unit, -count)
        return stamp(moment) if edge is None else _edge(edge, unit, moment)

    def _generated(self, given: list[str]) -> str | None:
        """`dateGenerate('2026-07-14', '12:30:00')`; for the time also `start` and `end`."""
        if len(given) != 2:
            return None
        time = {"start": "00:00:00", "end": "23:59:59"}.get(given[1], given[1])
        try:
            naive = datetime.strptime(f"{given[0]} {time}", FORMAT)  # noqa: DTZ007 - the zone follows
        except ValueError:
            return None
        return stamp(naive.replace(tzinfo=ZoneInfo(self.time_zone)))


def _edge(edge: str, unit: str, moment: datetime) -> str:
    begins = edge.lower().startswith(("beginning", "start"))
    return stamp(start_of(unit, moment) if begins else end_of(unit, moment))
