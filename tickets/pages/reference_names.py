"""What the references in a ticket's history are called, by what is known here: ServiceNow is not asked for a page."""

from collections.abc import Collection, Mapping

from tickets.models import Ticket
from tickets.models.choices import Delivery
from tickets.pages.record_words import is_sys_id

# Whoever worked on a ticket works on others of these days.
LOOKED_AT = 200
_FIELDS = ("assigned_to", "assignment_group")


def names_of(wanted: Collection[str], ticket: Ticket) -> dict[str, str]:
    """Return the names of these sys_ids as far as a record that was seen had them; the ticket's own record comes first.

    Asks the database, once, only where the ticket itself does not know them all.
    """
    found = _known(ticket.record, ticket.record_labels)
    found |= {
        str(chosen["value"]): str(chosen["label"])
        for chosen in ticket.extra_fields.values()
        if chosen.get("label") and chosen.get("value")
    }
    if set(wanted) <= found.keys():
        return found
    return _of_others(ticket) | found


def _of_others(ticket: Ticket) -> dict[str, str]:
    columns = [f"{column}__{field}" for field in _FIELDS for column in ("record", "record_labels")]
    others = Ticket.objects.filter(instance=ticket.instance_id, delivery=Delivery.DELIVERED)
    names: dict[str, str] = {}
    # The newest one's name counts: it is the latest.
    for row in reversed(others.order_by("-created_at").values_list(*columns)[:LOOKED_AT]):
        for value, label in zip(row[::2], row[1::2], strict=True):
            names |= _name(value, label)
    return names


def _known(record: Mapping[str, object], labels: Mapping[str, object]) -> dict[str, str]:
    names: dict[str, str] = {}
    for field in _FIELDS:
        names |= _name(record.get(field), labels.get(field))
    return names


def _name(value: object, label: object) -> dict[str, str]:
    return {str(value): str(label)} if value and label and not is_sys_id(str(label)) else {}
