"""What a ticket's record gets besides our own fields: who asked for it, and the fields that the organisation mapped."""

from datetime import datetime, timedelta

from connector.models import Connection, Instance
from connector.servicenow.client import Client, query_value
from connector.servicenow.errors import Refused
from tickets.models import Ticket
from tickets.models.choices import Category, Source
from tickets.models.field_mapping import OWN_VALUES, FieldMapping, Requester, ValueSource
from tickets.models.ticket_type import type_of
from tickets.records.payload import category_word, source_word

KNOWN_FOR = timedelta(hours=24)
UNKNOWN_FOR = timedelta(hours=1)


def of(ticket: Ticket, client: Client, now: datetime) -> dict[str, str]:
    """Return the extra fields of a ticket. Asks ServiceNow only for a person it has not been asked about lately."""
    requester = find_requester(ticket.instance, ticket.requested_by.email, client, now)
    asked_by = {type_of(ticket.kind).requester_field: requester} if requester else {}
    return asked_by | mapped(ticket)


def mapped(ticket: Ticket) -> dict[str, str]:
    """Return the mapped fields that have a value for this ticket."""
    rows = FieldMapping.objects.filter(instance=ticket.instance_id, kind=ticket.kind)
    values = {row.field: _value(row, ticket) for row in rows}
    # What a person chose for this very ticket comes before what all of them get.
    values |= {field: str(chosen["value"]) for field, chosen in ticket.extra_fields.items()}
    return {field: value for field, value in values.items() if value}


def find_requester(instance: Instance, email: str, client: Client, now: datetime) -> str:
    """Return the sys_id of the one active user with this mail; empty where there is none, or more than one, or it was
    never told.

    Never the integration user, who would then seem to have asked for everything.
    """
    if not email:
        return ""
    known = Requester.objects.filter(instance=instance, email=email.lower()).first()
    if known and now - known.looked_up_at < (KNOWN_FOR if known.sys_id else UNKNOWN_FOR):
        return known.sys_id
    try:
        sys_id, seen_at = _look_up(instance, email.lower(), client), now
    except Refused:
        # That says nothing about whom there is: who was known stays, and an hour later it is asked again.
        sys_id, seen_at = known.sys_id if known else "", now
        if sys_id:
            seen_at = now - KNOWN_FOR + UNKNOWN_FOR
    Requester.objects.update_or_create(
        instance=instance, email=email.lower(), defaults={"sys_id": sys_id, "looked_up_at": seen_at}
    )
    return sys_id


def _look_up(instance: Instance, email: str, client: Client) -> str:
    try:
        page = client.list("sys_user", f"email={query_value(email)}^active=true", ("sys_id", "email"), 2)
    except ValueError:
        return ""
    ours = Connection.objects.filter(instance=instance).values_list("integration_user_sys_id", flat=True)
    # A user whose mail is another's came back because the condition was ignored.
    found = [row.sys_id for row in page.records if row.get("email").lower() == email]
    return found[0] if len(found) == len(page.records) == 1 and found[0] not in set(ours) else ""


def theirs(row: FieldMapping, ours: str) -> str:
    """Return what one of our own values becomes in a mapped field; empty where nothing is to be sent for it."""
    if row.values:
        return str(row.values.get(ours, ""))
    return word_of(ValueSource(row.source), ours)


def word_of(source: ValueSource, ours: str) -> str:
    """Return one of our own values as it is sent where no table says otherwise."""
    is_category = source == ValueSource.CATEGORY
    return category_word(Category(ours)) if is_category else source_word(Source(ours))


def possible(row: FieldMapping, ticket: Ticket) -> list[str]:
    """Return the values that a mapped field may get: all of them where they are few, else that of a ticket."""
    own = OWN_VALUES.get(ValueSource(row.source))
    values = [theirs(row, ours) for ours, _label in own] if own else [_value(row, ticket)]
    return [value for value in dict.fromkeys(values) if value]


def _value(row: FieldMapping, ticket: Ticket) -> str:
    match row.source:
        case ValueSource.CATEGORY:
            return theirs(row, ticket.recommendation_category)
        case ValueSource.SOURCE:
            return theirs(row, ticket.recommendation_source)
        case ValueSource.REQUESTER:
            return ticket.requested_by.get_username()
        case ValueSource.CONTROL_ID:
            return ticket.action.control_id if ticket.action else ""
        case ValueSource.PRODUCT:
            return ticket.action.product_name if ticket.action else ""
    return row.value
