"""The journals of our records: ServiceNow's table `sys_journal_field`, where work notes and comments are kept.

Each row names its record (`element_id`) and its journal (`element`). An instance may refuse the table to the
integration user, or show it none of the rows without a word; `record_journal` is the other way then.

Where emails are copied into journals, those of a few records can be more than one answer holds. So the first page is
asked for together with whatever else is read, and only when that is not all of it the rest is turned over page by page.
"""

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from connector.access import server_clock
from connector.models import Connection, Instance
from connector.servicenow.batch import Listing
from connector.servicenow.client import Client, ids_query
from connector.servicenow.errors import Forbidden, RateLimited, ServiceNowError, TooLarge
from connector.servicenow.records import Page, Record
from tickets.models import Ticket, TicketComment, TicketNote
from tickets.models.choices import Kind
from tickets.models.comments import UNREAD_NOTES, CommentState, Element, NotesState
from tickets.records.note_matching import flat, is_alike
from tickets.tracking import record_journal

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


def listings(instance: Instance, kinds: Mapping[Kind, Sequence[str]]) -> list[Listing]:
    """Ask what was written about these records, by kind: the table, and the records too where it told nothing yet."""
    wanted = [sys_id for sys_ids in kinds.values() for sys_id in sys_ids]
    if TicketNote.objects.filter(ticket__instance=instance).exists():
        return [listing(wanted)]
    return [listing(wanted), *_own(kinds)]


def mirror(client: Client, tickets: Mapping[str, Ticket], answers: Sequence[Page] = ()) -> bool:
    """Keep all that was written about these records, by their sys_ids. The answers to `listings` may be here already.

    Returns whether the table of journals could be read. What it does not show is taken from the records' own fields; a
    ticket whose notes cannot be read either way says so, and `missed_notes` tries again.
    """
    if not tickets:
        return True
    first, *own = answers or client.lists([listing(list(tickets))])
    problem, told = _read_table(client, tickets, first)
    silent = [sys_id for sys_id in tickets if sys_id not in told]
    known = _known_to_have_notes(tickets, silent)
    if not own and silent and (problem or not told or known):
        own = client.lists(_own(_by_kind(tickets, silent)))
    shown = record_journal.texts(own)
    states = dict.fromkeys(told, problem or NotesState.READ)
    if silent:
        evidence = Evidence(problem, known, _ways(tickets[silent[0]].instance_id), was_asked=_were_read(own))
        states |= {sys_id: _state(sys_id, shown.get(sys_id, {}), evidence) for sys_id in silent}
    _note_states(tickets, states, {sys_id: shown[sys_id] for sys_id in silent if sys_id in shown})
    return not problem


def read_notes(ticket: Ticket, sys_id: str, client: Client) -> None:
    """Mirror what was written about a record that was just linked, where the instance lets us read it."""
    mirror(client, {sys_id: ticket})


@dataclass(frozen=True)
class Evidence:
    """What is known where the table of journals tells nothing of a record: why, about which records there are notes
    for certain, and by which of the ways notes were ever seen on this instance.
    """

    problem: NotesState | None
    have_notes: Collection[str]
    ways: Collection[str]
    was_asked: bool


def _state(sys_id: str, shown: Mapping[str, str], evidence: Evidence) -> NotesState:
    if any(text.strip() for text in shown.values()):
        return NotesState.READ
    if sys_id in evidence.have_notes:
        return evidence.problem or NotesState.HIDDEN
    # Empty fields count where such fields have shown something: elsewhere they may be hidden from us.
    is_whole = len(shown) == len(Element)
    if evidence.problem:
        return NotesState.READ if is_whole and "record" in evidence.ways else evidence.problem
    if not evidence.was_asked:
        return NotesState.CUT
    return NotesState.READ if is_whole or "table" in evidence.ways else NotesState.HIDDEN


def _ways(instance_id: int) -> set[str]:
    """By which ways this instance ever showed us a note."""
    of_instance = Ticket.objects.filter(instance=instance_id)
    ways = {"table": TicketNote.objects.filter(ticket__instance=instance_id).exists()}
    ways["record"] = of_instance.exclude(notes_shown={}).exists()
    return {way for way, was_seen in ways.items() if was_seen}


def _note_states(
    tickets: Mapping[str, Ticket], states: Mapping[str, NotesState], shown: Mapping[str, Mapping[str, str]]
) -> None:
    """Store what became of reading these records' notes; nearly always that is the same for many of them."""
    alike: dict[NotesState, list[str]] = {}
    for sys_id, state in states.items():
        ticket, texts = tickets[sys_id], record_journal.shortened(shown.get(sys_id, {}))
        # What could be seen once stays: journals only grow.
        if texts == ticket.notes_shown or state in UNREAD_NOTES:
            if ticket.notes_state != state:
                alike.setdefault(state, []).append(sys_id)
        else:
            row = Ticket.objects.filter(pk=ticket.pk, sys_id=sys_id)
            row.update(notes_state=state, notes_shown=texts)
    for state, sys_ids in alike.items():
        rows = Ticket.objects.filter(pk__in=[tickets[sys_id].pk for sys_id in sys_ids], sys_id__in=sys_ids)
        rows.update(notes_state=state)


def _were_read(pages: Iterable[Page]) -> bool:
    return all(page.problem is None for page in pages)


def _known_to_have_notes(tickets: Mapping[str, Ticket], sys_ids: Collection[str]) -> set[str]:
    """Which of these records something was written about for certain: it was seen, or we wrote it ourselves."""
    if not sys_ids:
        return set()
    asked = {"ticket__in": [tickets[sys_id].pk for sys_id in sys_ids], "record_sys_id__in": sys_ids}
    notes = TicketNote.objects.filter(**asked).values_list("record_sys_id", flat=True)
    ours = TicketComment.objects.filter(**asked, state=CommentState.DELIVERED)
    return {*notes.order_by().distinct(), *ours.order_by().values_list("record_sys_id", flat=True)}


def _own(kinds: Mapping[Kind, Sequence[str]]) -> list[Listing]:
    return [record_journal.listing(kind, sys_ids) for kind, sys_ids in kinds.items() if sys_ids]


def _by_kind(tickets: Mapping[str, Ticket], sys_ids: Iterable[str]) -> dict[Kind, list[str]]:
    kinds: dict[Kind, list[str]] = {}
    for sys_id in sys_ids:
        kinds.setdefault(Kind(tickets[sys_id].kind), []).append(sys_id)
    return kinds


def _read_table(
    client: Client, tickets: Mapping[str, Ticket], first: Page
) -> tuple[NotesState | None, set[str]]:
    """Store what the table shows. Returns why that may not be all, and the records about which it told something."""
    told: set[str] = set()
    if first.problem is not None and not isinstance(first.problem, TooLarge):
        return NotesState.REFUSED, told
    sys_ids = list(tickets)
    # A page is the shorter for what access rules hide, and may be full all the same.
    is_all = first.problem is None and len(first) < LIMIT // 2
    odd: set[str] = set()
    try:
        for entries in [first.records] if is_all else _pages(client, sys_ids):
            odd |= store(tickets, entries)
            told |= {entry.get("element_id") for entry in entries} & tickets.keys()
            # An instance that does not understand the condition answers with strangers, and has many.
            if _holds_strangers(entries, tickets):
                return NotesState.REFUSED, told
    except RateLimited:
        raise
    except ServiceNowError as error:
        # Records are followed all the same: their notes come later.
        logger.warning("the journals of %d records were not read to their end: %s", len(sys_ids), error)
        return NotesState.CUT, told
    if odd or first.left_out:
        client.leave_out(TABLE, len(odd))
        return NotesState.CUT, told
    return None, told


def store(tickets: Mapping[str, Ticket], entries: Iterable[Record]) -> set[str]:
    """Keep what is new, by the sys_id of the record that it is about; then know our own comments again. Returns the
    records of which an entry could not be understood: it lacks its key or its time.
    """
    ours = [
        entry
        for entry in entries
        if entry.get("element_id") in tickets and entry.get("element") in Element.values
    ]
    timed = [(entry, entry.at("sys_created_on")) for entry in ours]
    odd = {entry.get("element_id") for entry, at in timed if at is None or not entry.has_sys_id}
    notes = [
        _note(tickets[entry.get("element_id")], entry, at) for entry, at in timed if at and entry.has_sys_id
    ]
    TicketNote.objects.bulk_create(notes, ignore_conflicts=True)
    unseen = TicketComment.objects.filter(
        ticket__in={note.ticket_id for note in notes},
        state__in=(CommentState.DELIVERED, CommentState.UNCERTAIN),
        note_sys_id="",
    )
    for comment in unseen.select_related("ticket__instance", "author").order_by("sent_at"):
        recognise(comment)
    return odd


def recognise(comment: TicketComment) -> bool | None:
    """Find the mirrored entry that is this comment, by journal, user, time and text, and link it; the comment is
    delivered then. None where an entry may be this comment, or another one.
    """
    free = _free_notes(comment)
    exact = [note for note in free if flat(note.text) == flat(comment.written)]
    if exact:
        return _link(comment, exact[0])
    users = _our_users(comment)
    by_our_user = [note for note in free if not note.by or users <= {""} or note.by in users]
    alike = [note for note in by_our_user if _is_alike(comment, note)]
    latest = _latest(comment)
    ours = [note for note in by_our_user if latest is None or note.at <= latest]
    rivals = [one for one in _unlinked(comment) if any(_is_alike(one, note) for note in alike)]
    certain = sum(one.state == CommentState.DELIVERED for one in rivals)
    is_certain = comment.state == CommentState.DELIVERED
    if alike and (is_certain or len(alike) > len(rivals)):
        return _link(comment, alike[0])
    others = _unlinked(comment, state=CommentState.DELIVERED)
    claimed = any(_is_alike(one, note) for one in _unlinked(comment) for note in ours)
    if is_certain and len(ours) == 1 and not others and not claimed:
        # It did arrive, and nothing else of ours did meanwhile: these are its words, whatever became of them.
        return _link(comment, ours[0])
    # An entry of our own user, at that time, that no other comment accounts for.
    unexplained = len(alike) > certain or len(ours) > len(others)
    return None if comment.sent_at and unexplained else False


def _free_notes(comment: TicketComment) -> list[TicketNote]:
    """The mirrored entries of its journal, the oldest first, that are no other comment's and not too early."""
    taken = (
        TicketComment.objects.filter(ticket=comment.ticket_id).exclude(note_sys_id="").values("note_sys_id")
    )
    notes = TicketNote.objects.filter(ticket=comment.ticket_id, element=comment.element)
    if earliest := _earliest(comment):
        notes = notes.filter(at__gte=earliest)
    return list(notes.exclude(sys_id__in=taken).order_by("at", "pk"))


def _our_users(comment: TicketComment) -> set[str]:
    """The user IDs under which we write there, as far as they are known; nothing is known of an entry without one."""
    connections = Connection.objects.filter(instance=comment.ticket.instance_id)
    return set(connections.values_list("integration_user_name", flat=True))


def _is_alike(comment: TicketComment, note: TicketNote) -> bool:
    return is_alike(comment.written, note.text, author=str(comment.author or ""))


def _unlinked(comment: TicketComment, **of: Any) -> list[TicketComment]:
    """The other comments in the same journal that were sent and that no entry is known of."""
    sent = (CommentState.DELIVERED, CommentState.UNCERTAIN, CommentState.WAITING)
    same = TicketComment.objects.filter(ticket=comment.ticket_id, element=comment.element, note_sys_id="")
    rivals = same.filter(state__in=sent, sent_at__isnull=False, **of).exclude(pk=comment.pk)
    return list(rivals.select_related("author"))


def _link(comment: TicketComment, note: TicketNote) -> bool:
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


def _latest(comment: TicketComment) -> datetime | None:
    """The moment by ServiceNow's clock after which an entry is not this comment; None where any may be."""
    if comment.sent_at is None:
        return None
    offset = server_clock.highest_offset(comment.ticket.instance)
    last = comment.delivered_at or comment.sent_at + timedelta(seconds=settings.PUSH_QUARANTINE)
    return last + offset + CLOCKS_DIFFER_BY


def _earliest(comment: TicketComment) -> datetime | None:
    """The moment by ServiceNow's clock before which an entry is not this comment; None where any may be."""
    # The portal's own is made anew after a backup was restored that is older than it.
    if comment.author is None:
        return None
    # Of one that a restored backup brought back it is unknown when it was sent: not before it was written.
    offset = server_clock.lowest_offset(comment.ticket.instance)
    return (comment.first_sent_at or comment.sent_at or comment.created_at) + offset - CLOCKS_DIFFER_BY


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
