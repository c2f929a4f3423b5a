"""What happened to a ticket, told for people."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from tickets.actions.link import Reason
from tickets.models import TicketEvent
from tickets.models.choices import Kind
from tickets.models.state_labels import Named
from tickets.pages.record_words import word

# What is worth telling of a change.
_NAMES: dict[str, str | Promise] = {
    "state": _("Status"),
    "priority": _("Priority"),
    "assigned_to": _("Assigned to"),
    "assignment_group": _("Assignment group"),
    "approval": _("Approval"),
    "on_hold": _("On hold"),
    "on_hold_reason": _("Reason for holding"),
    "hold_reason": _("Reason for holding"),
    "requested_by_date": _("Due date"),
    "due_date": _("Due date"),
    "start_date": _("Planned start"),
    "end_date": _("Planned end"),
    "close_code": pgettext_lazy("ticket", "Close code"),
    "close_notes": _("Close notes"),
    "short_description": pgettext_lazy("ticket", "Task name"),
    "reopen_count": _("Times reopened"),
}
# What a person edited here, by our own names.
_EDITED: dict[str, str | Promise] = {
    "kind": pgettext_lazy("ticket", "Task type"),
    "name": pgettext_lazy("ticket", "Task name"),
    "description": pgettext_lazy("ticket", "Task description"),
    "priority": _("Priority"),
    "due_on": _("Due date"),
    "recommendation_category": pgettext_lazy("ticket", "Recommendation category"),
    "extra_fields": _("Further fields"),
}
_REFERENCES = frozenset({"assigned_to", "assignment_group"})


@dataclass(frozen=True)
class Change:
    """One field's change; `before` and `after` are empty where only the fact can be told."""

    field: str | Promise
    before: str
    after: str

    def __str__(self) -> str:
        words = {"field": self.field, "before": self.before or "–", "after": self.after or "–"}
        told = self.before or self.after
        return (
            gettext("%(field)s: %(before)s → %(after)s") if told else gettext("%(field)s changed")
        ) % words


@dataclass(frozen=True)
class TimelineEntry:
    """An event with the changes that it brought, and why a person did it where they said so."""

    event: TicketEvent
    changes: list[Change]

    @property
    def words(self) -> str:
        """What happened, who did it, and the records that it is about."""
        event = self.event
        who = f" ({event.actor})" if event.actor else ""
        numbers = [number for number in (event.detail.get("number"), self.numbers) if number]
        return ": ".join([f"{event.get_type_display()}{who}", *numbers])

    @property
    def reason(self) -> str:
        """Why a link was taken away."""
        reason = self.event.detail.get("reason", "") if self.event.type == TicketEvent.Type.UNLINKED else ""
        return str(Reason(reason).label) if reason in Reason.values else ""

    @property
    def is_unexplained(self) -> bool:
        """Whether the record got a new version and nothing that is told here differs in it."""
        return self.event.type == TicketEvent.Type.CHANGED and not self.changes

    @property
    def other_ticket(self) -> str:
        """What the other ticket that the event names is to this one."""
        is_old = self.event.type == TicketEvent.Type.REPLACES
        return gettext("the old ticket") if is_old else gettext("the new ticket")

    @property
    def others(self) -> str:
        """The numbers of the records that carry the ticket's key and were not linked."""
        linked = self.event.type == TicketEvent.Type.LINKED
        return ", ".join(self.event.detail.get("others", ())) if linked else ""

    @property
    def numbers(self) -> str:
        """The numbers of the records among which a person is to choose."""
        return ", ".join(self.event.detail.get("numbers", ()))


def told(
    events: Iterable[TicketEvent],
    kind: Kind,
    names: Iterable[Named],
    noted_at: Collection[datetime] = (),
    called: Mapping[str, str] | None = None,
) -> list[TimelineEntry]:
    """Return the events of a ticket of this kind with their changes in words; `names` are the instance's of states,
    `called` is what references are called, by sys_id.

    A note makes a new version of its record in the same moment. What only tells of that, at one of `noted_at`, is left
    out: the note itself is shown.
    """
    entries = [TimelineEntry(event, list(_changes(event, kind, names, called or {}))) for event in events]
    return [entry for entry in entries if not (entry.is_unexplained and entry.event.at in noted_at)]


def references_in(events: Iterable[TicketEvent]) -> set[str]:
    """Return the sys_ids of what a record was assigned to, before and after each change."""
    changes = [event.detail for event in events if event.type == TicketEvent.Type.CHANGED]
    return {value for detail in changes for name in _REFERENCES for value in detail.get(name, ()) if value}


def _changes(
    event: TicketEvent, kind: Kind, names: Iterable[Named], called: Mapping[str, str]
) -> Iterator[Change]:
    if event.type == TicketEvent.Type.EDITED:
        yield from _edits(event, kind)
    if event.type != TicketEvent.Type.CHANGED:
        return
    for field, (before, after) in event.detail.items():
        if field in _NAMES:
            words = [called.get(value) or word(field, value, kind, names) for value in (before, after)]
            yield Change(_NAMES[field], *words)


def _edits(event: TicketEvent, kind: Kind) -> Iterator[Change]:
    for field, (before, after) in event.detail.items():
        if field == "description":
            yield Change(_EDITED[field], "", "")
        elif field in _EDITED:
            yield Change(_EDITED[field], word(field, before, kind), word(field, after, kind))
