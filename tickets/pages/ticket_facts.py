"""What a ticket's page lists of the ticket and of its record: lines of words, which its template only prints."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, pgettext
from django.utils.translation import gettext_lazy as _

from accounts.moments import element
from tickets.models import Ticket
from tickets.models.choices import NormalizedState
from tickets.models.state_labels import ENGLISH, Named
from tickets.pages.record_words import facts, is_sys_id

_NOTHING = "–"
# Lists show plain words where nothing is wrong; a badge has a tone always.
_TONES = {
    NormalizedState.ON_HOLD: "warning",
    NormalizedState.RESOLVED: "success",
    NormalizedState.CLOSED: "success",
    NormalizedState.CANCELED: "neutral",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A label and what stands beside it; `aside` says more of that."""

    label: str | Promise
    value: str | SafeString
    aside: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """How far a ticket is: its badge, and what is said aloud once that is another one."""

    words: str
    tone: str
    announcement: str


def status(ticket: Ticket, names: Iterable[Named]) -> Status:
    """Return the badge at the top of a ticket's page. `names` are what its instance calls its states."""
    words = ticket.condition.words(names, get_language() or ENGLISH)
    state = NormalizedState(ticket.normalized_state) if ticket.normalized_state else None
    usual = _TONES.get(state, "info") if state else "info"
    return Status(words, ticket.state_tone or usual, f"{ticket}: {words}")


def assignee(ticket: Ticket) -> str:
    """Who works on it, else which group; empty where nobody does, or where no record tells."""
    return ticket.assigned_to_words or ticket.assignment_group_words


def of_record(ticket: Ticket, now: datetime) -> list[Line]:
    """Return what is told of the record as last seen."""
    lines = [
        Line(pgettext("ticket", "Number"), ticket.number),
        *_asked_otherwise(ticket),
        Line(_("Assigned to"), ticket.assigned_to_words),
        Line(_("Assignment group"), ticket.assignment_group_words),
        *(Line(one.label, element(one.at, now) if one.at else one.words) for one in facts(ticket)),
        Line(_("Times reopened"), _count(ticket.record.get("reopen_count"))),
        Line(_("Close notes"), str(ticket.record.get("close_notes") or "")),
        Line(_("Last changed"), _at(ticket.sys_updated_on, now), _by(ticket)),
        Line(_("Last checked"), _at(ticket.seen_at, now)),
    ]
    return [line for line in lines if line.value]


def of_request(ticket: Ticket, now: datetime) -> list[Line]:
    """Return what was asked for here."""
    return [
        Line(_("Priority"), ticket.get_priority_display()),
        Line(_("Due date"), _day(ticket.due_on) or pgettext("due date", "None")),
        Line(_("Recommendation source"), ticket.get_recommendation_source_display()),
        Line(_("Recommendation category"), ticket.get_recommendation_category_display()),
        *_action(ticket),
        *_extra_fields(ticket),
        Line(_("Created"), element(ticket.created_at, now)),
    ]


def successor(ticket: Ticket) -> str:
    """Say who looks after a ticket whose requester handed over; empty where nobody else does."""
    if not ticket.requested_by.successor:
        return ""
    return gettext("now looked after by %(name)s") % {"name": ticket.requested_by.successor}


def _asked_otherwise(ticket: Ticket) -> Iterator[Line]:
    """What somebody set otherwise in ServiceNow than it was asked for."""
    if ticket.their_priority and ticket.their_priority != ticket.priority:
        asked = gettext("asked for: %(asked)s") % {"asked": ticket.get_priority_display()}
        yield Line(_("Priority"), ticket.current_priority_label, asked)
    if ticket.their_due_on != ticket.due_on:
        asked = gettext("asked for: %(asked)s") % {"asked": _day(ticket.due_on)}
        yield Line(
            _("Due date"),
            _day(ticket.their_due_on) or _NOTHING,
            asked if ticket.due_on else gettext("none was asked for"),
        )


def _action(ticket: Ticket) -> Iterator[Line]:
    if action := ticket.action:
        link = format_html('<a href="{}" lang="en">{}</a>', action.get_absolute_url(), action.title)
        yield Line(_("Improvement action"), link)


def _extra_fields(ticket: Ticket) -> Iterator[Line]:
    for chosen in ticket.extra_fields.values():
        value = str(chosen.get("label") or chosen["value"])
        shown = pgettext("reference", "name not known") if is_sys_id(value) else value
        yield Line(format_html('<span lang="en">{}</span>', chosen["name"]), shown)


def _count(value: object) -> str:
    return str(value) if value and value != "0" else ""


def _by(ticket: Ticket) -> str:
    return str(ticket.record.get("sys_updated_by") or "")


def _day(day: date | None) -> SafeString | str:
    return (
        format_html('<time datetime="{}">{}</time>', day, date_format(day, "SHORT_DATE_FORMAT"))
        if day
        else ""
    )


def _at(moment: datetime | None, now: datetime) -> SafeString | str:
    return element(moment, now) if moment else gettext("Not yet")
