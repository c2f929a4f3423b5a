"""The fields of a mirrored record in the words of the person who reads them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import get_language, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.moments import exact
from connector.servicenow.records import SYS_ID, Record
from tickets.models import Ticket
from tickets.models.choices import Category, Kind, NormalizedState, Priority
from tickets.models.state_labels import ENGLISH, Named, name_of

_LEVELS: dict[str, str | Promise] = {
    "1": pgettext_lazy("level", "1 - High"),
    "2": pgettext_lazy("level", "2 - Medium"),
    "3": pgettext_lazy("level", "3 - Low"),
}
# Out-of-the-box choices (ServiceNow product documentation, "Change types", "Incident priority", "Change request
# approvals" and "Put an incident on hold").
_CHOICES: dict[str, dict[str, str | Promise]] = {
    "type": {
        "normal": pgettext_lazy("change type", "Normal"),
        "standard": pgettext_lazy("change type", "Standard"),
        "emergency": pgettext_lazy("change type", "Emergency"),
    },
    "impact": _LEVELS,
    "urgency": _LEVELS,
    "approval": {
        "not requested": pgettext_lazy("approval", "Not Yet Requested"),
        "requested": pgettext_lazy("approval", "Requested"),
        "approved": pgettext_lazy("approval", "Approved"),
        "rejected": pgettext_lazy("approval", "Rejected"),
    },
    "close_code": {
        "successful": pgettext_lazy("close code", "Successful"),
        "successful_issues": pgettext_lazy("close code", "Successful with issues"),
        "unsuccessful": pgettext_lazy("close code", "Unsuccessful"),
    },
    "on_hold": {"true": _("Yes"), "false": _("No")},
    "hold_reason": {
        "1": pgettext_lazy("on hold", "Awaiting Caller"),
        "5": pgettext_lazy("on hold", "Awaiting Change"),
        "3": pgettext_lazy("on hold", "Awaiting Problem"),
        "4": pgettext_lazy("on hold", "Awaiting Vendor"),
    },
}
_SYS_ID = re.compile(SYS_ID, re.IGNORECASE)
_LABELS = {"kind": Kind, "recommendation_category": Category}
_MOMENTS = frozenset({"requested_by_date", "due_date", "start_date", "end_date", "resolved_at", "closed_at"})
# What the ticket's page lists of a record by itself, in this order.
_LISTED: dict[str, str | Promise] = {
    "approval": _("Approval"),
    "on_hold_reason": _("Reason for holding"),
    "hold_reason": _("Reason for holding"),
    "type": pgettext_lazy("ServiceNow", "Type"),
    "impact": _("Impact"),
    "urgency": _("Urgency"),
    "start_date": _("Planned start"),
    "end_date": _("Planned end"),
    "resolved_at": _("Resolved"),
    "closed_at": pgettext_lazy("moment", "Closed"),
    "close_code": pgettext_lazy("ticket", "Close code"),
}


@dataclass(frozen=True)
class Fact:
    """One field of a record: a moment, or else words."""

    label: str | Promise
    at: datetime | None
    words: str


def facts(ticket: Ticket) -> list[Fact]:
    """Return what a ticket's record says of its approval, type, weight and times, and why it is held; what is empty
    or says nothing is left out.
    """
    kind = Kind(ticket.kind)
    held = {name: str(ticket.record.get(name) or "") for name in _LISTED if not _says_nothing(ticket, name)}
    return [
        Fact(
            _LISTED[name],
            _moment(value) if name in _MOMENTS else None,
            _theirs(ticket, name, value) or word(name, value, kind),
        )
        for name, value in held.items()
        if value
    ]


def _says_nothing(ticket: Ticket, name: str) -> bool:
    """An approval that nobody asked for; a reason that was left behind by an earlier hold."""
    if name == "approval":
        return bool(ticket.record.get(name) == "not requested")
    return name in {"on_hold_reason", "hold_reason"} and ticket.normalized_state != NormalizedState.ON_HOLD


def _theirs(ticket: Ticket, name: str, value: str) -> str:
    """The instance's own label; empty where it is ServiceNow's out-of-the-box one, which is translated here."""
    label = str(ticket.record_labels.get(name) or "")
    with translation.override(ENGLISH):
        known = word(name, value, Kind(ticket.kind))
    return "" if label == known else label


def word(field: str, value: str, kind: Kind, names: Iterable[Named] = ()) -> str:
    """Say a value as people read it, in the language and the time zone of now; as it is where nothing is known of it.

    `names` are the instance's names of states.
    """
    if field == "state":
        return name_of(kind, value, names, get_language() or ENGLISH) or value
    if field == "priority" and value.isdigit() and int(value) in Priority.values:
        return str(Priority(int(value)).label)
    if field in _LABELS and value in _LABELS[field].values:
        return str(_LABELS[field](value).label)
    if field in _MOMENTS and (at := _moment(value)):
        return exact(at)
    # What nobody told us the name of tells people nothing.
    unknown = pgettext("reference", "name not known") if is_sys_id(value) else value
    return str(_CHOICES.get(field, {}).get(value, unknown))


def is_sys_id(value: str) -> bool:
    """Whether this is the primary key of a record, which no person should have to read."""
    return _SYS_ID.fullmatch(value) is not None


def _moment(value: str) -> datetime | None:
    return Record("", {"at": value}).at("at")
