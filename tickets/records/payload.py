"""A ticket as ServiceNow's fields, and what it kept of them. No calls.

Field names and rules: ServiceNow product documentation, tables `change_request` and `incident`. The data exchanged
are the original's seven: user ID, task name, description, priority, due date, recommendation source and category.
"""

from collections.abc import Mapping
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.conf import settings

from connector.servicenow.records import JOURNALS
from tickets.models import Ticket
from tickets.models.choices import Category, Kind, Priority, Source
from tickets.models.ticket_type import TYPES

NAME_LENGTH = 160
DESCRIPTION_LENGTH = 4000
MARKERS = {kind: entry.marker for kind, entry in TYPES.items()}
DUE_FIELDS = {kind: entry.due_field for kind, entry in TYPES.items()}
# Where the priority is computed, by the priority look-up rules of the base system.
IMPACT_AND_URGENCY = {
    Priority.CRITICAL: ("1", "1"),
    Priority.HIGH: ("1", "2"),
    Priority.MODERATE: ("2", "2"),
    Priority.LOW: ("2", "3"),
    Priority.PLANNING: ("3", "3"),
}
# What people write may be this long, so that the lines we add always fit.
TEXT_LENGTH = 3200


def due_at(due_on: date, time_zone: str) -> datetime:
    """Return the last second of that day in the organisation's time zone, in UTC; of the calendar's last day, UTC's."""
    try:
        return datetime.combine(due_on, time(23, 59, 59), ZoneInfo(time_zone)).astimezone(ZoneInfo("UTC"))
    except OverflowError:
        return datetime.combine(due_on, time(23, 59, 59), ZoneInfo("UTC"))


def description(
    *,
    kind: Kind,
    text: str,
    source: Source,
    category: Category,
    user_id: str,
    priority: Priority,
    due_on: date | None,
    link: str,
) -> str:
    """Return the record's description: the line that lists filter by, the person's text, then the labelled data.

    In English, whatever language the person reads: the record is the organisation's, and its people search it.
    """
    lines = [
        MARKERS[kind],
        "",
        text.replace("\r\n", "\n").strip(),
        "",
        f"Recommendation source: {_SOURCE_WORDS[source]}",
        f"Recommendation category: {_CATEGORY_WORDS[category]}",
        f"Requested by (user ID): {user_id}",
        f"Priority: {_PRIORITY_WORDS[priority]}",
    ]
    if due_on:
        lines.append(f"Due date: {due_on.isoformat()}")
    lines.append(f"Link: {link}")
    return "\n".join(lines)


def fields(
    *,
    kind: Kind,
    name: str,
    description: str,
    priority: Priority,
    due: datetime | None,
    correlation_id: str,
    sys_id: str,
) -> dict[str, str]:
    """Return what is posted. `due` is in UTC, which is how ServiceNow reads a date that is not a display value.

    A change is due by `requested_by_date`; the change process does not use `due_date` and plans with start and end
    dates, which are not ours to set.
    """
    values = {
        "sys_id": sys_id,
        "short_description": name,
        "description": description,
        "correlation_id": correlation_id,
        "correlation_display": MARKERS[kind],
    }
    if TYPES[kind].priority_is_computed:
        values["impact"], values["urgency"] = IMPACT_AND_URGENCY[priority]
    else:
        values["priority"] = str(int(priority))
    if due:
        values[DUE_FIELDS[kind]] = due.strftime("%Y-%m-%d %H:%M:%S")
    return values


def source_word(source: Source) -> str:
    """Return the recommendation source as ServiceNow's people read it."""
    return _SOURCE_WORDS[source]


def category_word(category: Category) -> str:
    """Return the recommendation category as ServiceNow's people read it."""
    return _CATEGORY_WORDS[category]


def dropped_fields(sent: Mapping[str, str], kept: Mapping[str, str]) -> list[str]:
    """List the fields that came back other than they were sent, in the order they were sent.

    Journals never come back.
    """
    return [
        name
        for name, value in sent.items()
        if name not in JOURNALS and _flat(kept.get(name, "")) != _flat(value)
    ]


def _flat(value: str) -> str:
    return value.replace("\r\n", "\n").strip()


_SOURCE_WORDS = {Source.MICROSOFT: "Microsoft recommendation", Source.USER: "User recommendation"}
_CATEGORY_WORDS = {
    Category.DEVICES: "Devices",
    Category.DATA: "Data",
    Category.APPS: "Apps",
    Category.IDENTITY: "Identity",
    Category.INFRASTRUCTURE: "Infrastructure",
}
_PRIORITY_WORDS = {
    Priority.CRITICAL: "Critical",
    Priority.HIGH: "High",
    Priority.MODERATE: "Moderate",
    Priority.LOW: "Low",
    Priority.PLANNING: "Planning",
}


def fields_of(ticket: Ticket) -> dict[str, str]:
    """Return what is posted for a ticket, the same at every try unless a person edits it in between."""
    kind, priority = Kind(ticket.kind), Priority(ticket.priority)
    text = description(
        kind=kind,
        text=ticket.description,
        source=Source(ticket.recommendation_source),
        category=Category(ticket.recommendation_category),
        user_id=ticket.requested_by.get_username(),
        priority=priority,
        due_on=ticket.due_on,
        link=settings.PUBLIC_URL + ticket.get_absolute_url(),
    )
    return fields(
        kind=kind,
        name=ticket.name,
        description=text,
        priority=priority,
        due=due_at(ticket.due_on, settings.ORGANIZATION_TIME_ZONE) if ticket.due_on else None,
        correlation_id=ticket.correlation_id,
        sys_id=ticket.client_sys_id,
    )
