"""The look-up of the records that are a ticket's, and whether a look-up would show any. It only reads in ServiceNow."""

from contextlib import suppress

from connector.servicenow.client import Client
from connector.servicenow.errors import ConditionIgnored, Refused
from connector.servicenow.records import Record
from tickets.models import Ticket
from tickets.models.choices import Kind

# Limits apply before access rules: of the first row alone, a hidden one would say nothing.
TRIED = 500


def find_records(ticket: Ticket, client: Client) -> list[Record]:
    """Find what ServiceNow holds of a ticket: by the key that we chose, then by correlation id.

    ServiceNow ignores an invalid query term and answers with strangers, so the client returns only rows that carry
    our key.
    """
    record = client.read(ticket.kind, ticket.client_sys_id)
    if record is not None and record.get("correlation_id") in ("", ticket.correlation_id):
        return [record]
    return client.find_by_correlation_id(ticket.kind, ticket.correlation_id)


def find_of_other_kinds(ticket: Ticket, client: Client, *, may_be_refused: bool = False) -> list[Record]:
    """Find the records of all other kinds that carry a ticket's key: what a backup brought back may have been edited,
    and sent, after the backup was taken.

    Raises `Refused` or `ConditionIgnored` where one of their tables cannot be asked: nothing is known of that one then.
    With `may_be_refused`, such a table is passed over.
    """
    found: list[Record] = []
    for kind in Kind:
        if kind != ticket.kind:
            with suppress(*((Refused, ConditionIgnored) if may_be_refused else ())):
                found += client.find_by_correlation_id(kind, ticket.correlation_id)
    return found


def is_readable(client: Client, kind: Kind) -> bool:
    """Whether any row of the table comes back at all; otherwise a missing one is no news."""
    return bool(client.list(kind, "", ("sys_id",), TRIED).records)
