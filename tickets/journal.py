"""The journals of our records: ServiceNow's table `sys_journal_field`, where work notes and comments are kept.

Each row names its record (`element_id`) and its journal (`element`). An instance may refuse the table to the
integration user; its notes then stay unknown here and nothing else is lost.

Where e-mails are copied into journals, those of a few records can be more than one answer holds. So the first page is
asked for together with whatever else is read, and only when that is not all of it the rest is turned over page by page.
"""

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from connector.servicenow.batch import Listing
from connector.servicenow.client import Client, ids_query
from connector.servicenow.errors import Forbidden, RateLimited, ServiceNowError, TooLarge
from connector.servicenow.records import Page, Record
from tickets.models import Ticket, TicketComment, TicketNote
from tickets.notes import CommentState, Element

logger = logging.getLogger(__name__)

TABLE = "sys_journal_field"
# As many as ServiceNow lists by default, so that one page is nearly always all (REST API documentation).
LIMIT = 10_000
_FIELDS = ("sys_id", "element_id", "element", "value", "sys_created_on", "sys_created_by")
_ORDER: tuple[str, ...] = ("sys_created_on", "sys_id")
# ServiceNow stamps an entry by its own clock, whose offset is known to some seconds.
CLOCKS_DIFFER_BY = timedelta(seconds=90)


def listing(sys_ids: Sequence[str]) -> Listing:
    """Ask for the first page of what was written about these records, in no order: sorting may be refused."""
    return Listing(TABLE, _query(sys_ids), _FIELDS, LIMIT, optional=True)


def mirror(
    client: Client, sys_ids: Sequence[str], tickets: Mapping[str, Ticket], first: Page | None = None
) -> bool:
    """Keep all that was written about these records, of which the first page may have been read already.

    Returns whether it could be read.
    """
    if first is None:
        [first] = client.lists([listing(sys_ids)])
    if first.problem is not None and not isinstance(first.problem, TooLarge):
        return False
    # A page is the shorter for what access rules hide, and may be full all the same.
    is_all = first.problem is None and len(first) < LIMIT // 2
    try:
        for entries in [first.records] if is_all else _pages(client, sys_ids):
            store(tickets, entries)
            # An instance that does not understand the condition answers with strangers, and has many.
            if _holds_strangers(entries, sys_ids):
                return False
    except RateLimited:
        raise
    except ServiceNowError as error:
        # Records are followed all the same: their notes come with the next change.
        logger.warning("the journals of %d records were not read to their end: %s", len(sys_ids), error)
        return False
    return True


def store(tickets: Mapping[str, Ticket], entries: Iterable[Record]) -> None:
    """Keep what is new, by the sys_id of the record that it is about; then know our own comments again."""
    notes = [
        _note(tickets[entry.get("element_id")], entry, at)
        for entry in entries
        if entry.get("element_id") in tickets
        and entry.get("element") in Element.values
        and (at := entry.at("sys_created_on"))
    ]
    TicketNote.objects.bulk_create(notes, ignore_conflicts=True)
    unseen = TicketComment.objects.filter(
        ticket__in={note.ticket_id for note in notes},
        state__in=(CommentState.DELIVERED, CommentState.UNCERTAIN),
        note_sys_id="",
    )
    for comment in unseen.select_related("ticket__instance", "author").order_by("sent_at"):
        recognise(comment)


def recognise(comment: TicketComment) -> bool:
    """Find the mirrored entry that is this comment: same journal, same text, not before it was sent, and nobody
    else's. Returns whether there is one; it is then linked, and the comment delivered.
    """
    others = (
        TicketComment.objects.filter(ticket=comment.ticket_id).exclude(note_sys_id="").values("note_sys_id")
    )
    notes = TicketNote.objects.filter(ticket=comment.ticket_id, element=comment.element)
    if earliest := _earliest(comment):
        notes = notes.filter(at__gte=earliest)
    for note in notes.exclude(sys_id__in=others).order_by("at", "pk"):
        if _flat(note.text) == _flat(comment.written):
            found = TicketComment.objects.filter(pk=comment.pk, note_sys_id="")
            return bool(
                found.update(
                    note_sys_id=note.sys_id,
                    state=CommentState.DELIVERED,
                    delivered_at=comment.delivered_at or note.at,
                    record_sys_id=note.record_sys_id,
                    last_problem="",
                )
            )
    return False


def _earliest(comment: TicketComment) -> datetime | None:
    """The moment by ServiceNow's clock before which an entry is not this comment; None where any may be."""
    # The portal's own is made anew after a backup was restored that is older than it.
    if comment.author is None:
        return None
    # Of one that a restored backup brought back it is unknown when it was sent: not before it was written.
    offset = comment.ticket.instance.clock_offset or timedelta(0)
    return (comment.sent_at or comment.created_at) + offset - CLOCKS_DIFFER_BY


def _pages(client: Client, sys_ids: Sequence[str]) -> Iterator[Sequence[Record]]:
    """Yield all entries, the oldest first where the instance sorts, in pages as large as can be read.

    New entries come last, so an offset does not shift. A short page is not the end, for limits apply before access
    rules; one that brings nothing new is.
    """
    seen: set[str] = set()
    order, limit, offset = _ORDER, LIMIT, 0
    while True:
        try:
            page = client.list(TABLE, _query(sys_ids), _FIELDS, limit, order_by=order, offset=offset)
        except Forbidden:
            if not order:
                raise
            order = ()
        except TooLarge:
            if limit == 1:
                raise
            limit = max(limit // 4, 1)
        else:
            entries = [entry for entry in page.records if entry.sys_id not in seen]
            if not entries:
                return
            yield entries
            seen.update(entry.sys_id for entry in entries)
            offset += limit


def _query(sys_ids: Sequence[str]) -> str:
    return f"{ids_query('element_id', sys_ids)}^elementIN{','.join(Element.values)}"


def _holds_strangers(entries: Iterable[Record], sys_ids: Collection[str]) -> bool:
    return any(entry.get("element_id") not in sys_ids for entry in entries)


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
