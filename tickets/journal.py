"""The journals of our records: ServiceNow's table `sys_journal_field`, where work notes and comments are kept.

Each row names its record (`element_id`) and its journal (`element`). An instance may refuse the table to the
integration user; its notes then stay unknown here and nothing else is lost.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from connector.servicenow.batch import Listing
from connector.servicenow.client import ids_query
from connector.servicenow.records import Record
from tickets.models import Ticket, TicketComment, TicketNote
from tickets.notes import CommentState, Element

TABLE = "sys_journal_field"
LIMIT = 1000
_FIELDS = ("sys_id", "element_id", "element", "value", "sys_created_on", "sys_created_by")
# ServiceNow stamps an entry by its own clock, whose offset is known to some seconds.
CLOCKS_DIFFER_BY = timedelta(seconds=90)


def listing(sys_ids: Sequence[str], *, optional: bool = True) -> Listing:
    """Ask for what was written about these records, the newest first."""
    elements = ",".join(Element.values)
    query = f"{ids_query('element_id', sys_ids)}^elementIN{elements}^ORDERBYDESCsys_created_on"
    return Listing(TABLE, query, _FIELDS, LIMIT, optional=optional)


def store(tickets: Mapping[str, Ticket], entries: Iterable[Record]) -> None:
    """Keep what is new, by the sys_id of the record that it is about; then know our own comments again."""
    # An instance that does not understand the condition answers with strangers.
    notes = [
        _note(tickets[entry.get("element_id")], entry, at)
        for entry in entries
        if entry.get("element_id") in tickets
        and entry.get("element") in Element.values
        and (at := entry.at("sys_created_on"))
    ]
    TicketNote.objects.bulk_create(notes, ignore_conflicts=True)
    waiting = TicketComment.objects.filter(
        ticket__in={note.ticket_id for note in notes}, state=CommentState.DELIVERED, note_sys_id=""
    )
    for comment in waiting.select_related("ticket__instance", "author").order_by("sent_at"):
        recognise(comment)


def recognise(comment: TicketComment) -> bool:
    """Find the mirrored entry that is this comment: same journal, same text, not before it was sent, and nobody
    else's. Returns whether there is one; it is then linked.
    """
    offset = comment.ticket.instance.clock_offset or timedelta(0)
    # Of one that a restored backup brought back it is unknown when it was sent: not before it was written.
    earliest = (comment.sent_at or comment.created_at) + offset - CLOCKS_DIFFER_BY
    others = (
        TicketComment.objects.filter(ticket=comment.ticket_id).exclude(note_sys_id="").values("note_sys_id")
    )
    notes = TicketNote.objects.filter(ticket=comment.ticket_id, element=comment.element, at__gte=earliest)
    for note in notes.exclude(sys_id__in=others).order_by("at", "pk"):
        if _flat(note.text) == _flat(comment.written):
            return (
                TicketComment.objects.filter(pk=comment.pk, note_sys_id="").update(note_sys_id=note.sys_id)
                == 1
            )
    return False


def _note(ticket: Ticket, entry: Record, at: datetime) -> TicketNote:
    return TicketNote(
        ticket=ticket,
        record_sys_id=entry.get("element_id"),
        sys_id=entry.sys_id,
        element=entry.get("element"),
        text=entry.get("value"),
        by=entry.get("sys_created_by")[:100],
        at=at,
    )


def _flat(text: str) -> str:
    return text.replace("\r\n", "\n").strip()
