"""What happens in ServiceNow, and whether the tickets tell it truly."""

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.sandbox_process import Row, SandboxProcess
from tickets.models import Ticket, TicketEvent
from tickets.models.choices import Kind

FOREVER = 10**9
HIDDEN = 0.1
# What becomes of the records, in turns.
CHANGES: Mapping[Kind, tuple[Mapping[str, str], ...]] = {
    Kind.CHANGE_REQUEST: (
        {"state": "-4"},
        {"on_hold": "true", "on_hold_reason": "Waiting for a part"},
        {"state": "3", "active": "false", "close_code": "successful", "close_notes": "Done."},
    ),
    Kind.INCIDENT: (
        {"state": "2"},
        {"state": "3", "hold_reason": "1"},
        {"state": "7", "active": "false", "close_code": "Solution provided", "close_notes": "Done."},
    ),
}


@dataclass
class World:
    """A ServiceNow in which everything changes at one moment, `changed_at` by its own clock."""

    sandbox: SandboxProcess
    changed_at: datetime
    closed_wrongly: list[str] = field(default_factory=list)
    _closed: set[str] = field(default_factory=set)

    def set_clock(self, since_change: timedelta) -> None:
        """Let ServiceNow's clock go on from that long after the change."""
        offset = self.changed_at + since_change - datetime.now(UTC)
        self.sandbox.settings(clock_offset_seconds=round(offset.total_seconds()))

    def hide(self) -> None:
        """Hide one record in ten, always the same ones."""
        self.sandbox.fault("acl_hidden", route="any", method="GET", times=FOREVER, share=HIDDEN)

    def show(self) -> None:
        """Let everything be read again."""
        self.sandbox.clear()

    def change(self, *, late: bool) -> None:
        """Change every record as of the one moment: two in three now, the third when those are `late`."""
        rows = Ticket.objects.order_by("pk").values_list("kind", "sys_id")
        for number, (kind, sys_id) in enumerate(rows):
            if (number % 3 == 0) is late:
                fields = CHANGES[Kind(kind)][number // 3 % 3]
                self.sandbox.change_as_of(self.changed_at, kind, sys_id, **fields)
                if fields.get("active") == "false":
                    self._closed.add(sys_id)

    def close_silently(self) -> None:
        """Close one record in six as a script does that leaves the version alone."""
        rows = Ticket.objects.order_by("pk").values_list("kind", "sys_id")
        for number, (kind, sys_id) in enumerate(rows):
            first, _second, closed = CHANGES[Kind(kind)]
            if CHANGES[Kind(kind)][number // 3 % 3] is first and number % 2:
                self.sandbox.change_silently(kind, sys_id, **closed)
                self._closed.add(sys_id)

    def look_for_untruths(self) -> None:
        """Note every ticket that is closed now, or was for a while, though its record was not."""
        closed = set(Ticket.objects.filter(is_open=False).values_list("sys_id", flat=True))
        reopened = TicketEvent.objects.filter(type=TicketEvent.Type.REOPENED)
        closed |= set(reopened.values_list("ticket__sys_id", flat=True))
        self.closed_wrongly += [f"{sys_id} was shown closed" for sys_id in sorted(closed - self._closed)]

    def complaints(self, when: str, *, hidden: bool = True, hidden_are_missing: bool = False) -> list[str]:
        """What tickets say that their records do not, if these can be read, and which ones are missing wrongly."""
        tickets = {ticket.sys_id: ticket for ticket in Ticket.objects.all()}
        wrong = [
            f"{tickets[record['sys_id']].number} {when}: {complaint}"
            for record in self._records()
            for complaint in _differences(
                tickets[record["sys_id"]],
                record,
                is_hidden=hidden and is_hidden(record["sys_id"]),
                hidden_are_missing=hidden_are_missing,
            )
        ]
        return [*wrong[:10], f"{len(wrong)} of {len(tickets)} wrong {when}"] if wrong else []

    def told(self) -> str:
        """How many calls were made since the last time this was asked."""
        calls = self.sandbox.requests()["by_route"]
        self.sandbox.clear_log()
        return f"{sum(calls.values())} calls"

    def _records(self) -> Iterator[Row]:
        for kind in Kind:
            yield from self.sandbox.records(kind)


def is_hidden(sys_id: str) -> bool:
    """Whether this record is one of those that the sandbox hides."""
    return zlib.crc32(sys_id.encode()) % 1000 < HIDDEN * 1000


def _differences(ticket: Ticket, record: Row, *, is_hidden: bool, hidden_are_missing: bool) -> Iterator[str]:
    if is_hidden:
        if ticket.sys_mod_count != 0 or not ticket.is_open:
            yield f"it is hidden, and told as {ticket.normalized_state}"
        if ticket.is_missing is not hidden_are_missing:
            yield f"it is hidden, and missing is {ticket.is_missing}"
        return
    told = (ticket.state, ticket.sys_mod_count, ticket.is_open, ticket.record.get("on_hold", "false"))
    true = (
        record["state"],
        int(record["sys_mod_count"]),
        record["active"] == "true",
        record.get("on_hold") or "false",
    )
    if told != true:
        yield f"it says {told}, the record {true}"
    if ticket.is_missing:
        yield "it is missing"
