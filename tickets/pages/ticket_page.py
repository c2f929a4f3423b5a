"""A ticket's own page: what it shows, all of it in words, and by what a page that is open learns that this changed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.http import Http404
from django.utils import timezone
from django.utils.safestring import SafeString

from accounts.live_pages import mark_of
from accounts.models import User
from accounts.moments import element
from accounts.written_query import WrittenRows
from connector.models import Connection
from tickets.configuration import required_fields
from tickets.delivery import comment_lookup
from tickets.models import PushAttempt, Ticket, TicketComment, TicketEvent, TicketNote
from tickets.models.choices import Kind
from tickets.models.comments import Element
from tickets.models.outcome import judged_by, scored_at
from tickets.models.outcomes_of import outcomes_of
from tickets.models.querysets import TicketQuerySet
from tickets.pages import ticket_facts
from tickets.pages.available_actions import available_actions
from tickets.pages.condition_words import Name
from tickets.pages.condition_words import names_of as names_of_states
from tickets.pages.forms import CommentForm
from tickets.pages.reference_names import names_of
from tickets.pages.status_notice import status_notice, warnings, without_record
from tickets.pages.timeline import TimelineEntry, references_in, told
from tickets.records.dates import today
from tickets.tracking import record_journal

# More than that nobody reads on a page; the newest come first.
MOST_NOTES = 200
MOST_EVENTS = 100
MOST_ATTEMPTS = 50
_PERMISSIONS = ("tickets.change_ticket", "tickets.add_ticket", "connector.manage_connection")
# Of what belongs to a ticket, rows are only ever added: the newest one tells of all.
_NEWEST = {
    "newest_event": TicketEvent.objects,
    "newest_attempt": PushAttempt.objects,
    "newest_note": TicketNote.objects,
}
# What changes while workers are at it and is shown nowhere.
_UNSHOWN = frozenset({"claim_token", "claimed_until", "intent_at", "older_seen_at", "unseen_at"})
_FIELDS = Ticket._meta.concrete_fields  # noqa: SLF001  Django documents it.
_TOLD = (*(one.attname for one in _FIELDS if one.name not in _UNSHOWN), *_NEWEST, "is_followed", "outcome")


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """What somebody wrote: its text as HTML; who, where and when, as far as that is known."""

    key: str
    html: SafeString
    about: str
    at: SafeString | str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """A ticket as one person sees it at one moment. `seen` is the same for as long as its page would be."""

    ticket: Ticket
    person: User
    now: datetime
    comments: list[TicketComment]
    seen: str


def whole(pk: str) -> Ticket:
    """Return a ticket with all that its page asks of it in one go. Raises Http404 where there is none."""
    for ticket in _TICKET.rows(pk=pk):
        return ticket
    raise Http404


def _whole(pk: UUID) -> TicketQuerySet:
    of_ticket = {
        name: Subquery(rows.filter(ticket=OuterRef("pk")).order_by("-pk").values("pk")[:1])
        for name, rows in _NEWEST.items()
    }
    current = Connection.objects.filter(instance=OuterRef("instance"), is_current=True)
    found: TicketQuerySet = Ticket.objects.filter(pk=pk).annotate(
        **of_ticket,
        is_followed=Exists(current),
        has_comments=Exists(TicketComment.objects.filter(ticket=OuterRef("pk"))),
        scored_at=scored_at(),
    )
    return found


def _notes_of(ticket: UUID, record: str) -> QuerySet[TicketNote]:
    return TicketNote.objects.filter(ticket=ticket, record_sys_id=record)[:MOST_NOTES]


def _events_of(ticket: UUID) -> QuerySet[TicketEvent]:
    return TicketEvent.objects.filter(ticket=ticket)[:MOST_EVENTS]


_TICKET: WrittenRows[Ticket] = WrittenRows(
    _whole,
    related=("instance", "action", "requested_by", "requested_by__successor"),
    extra=(*_NEWEST, "is_followed", "has_comments", "scored_at"),
    pk=UUID,
)
_NOTES = WrittenRows(_notes_of, ticket=UUID, record=str)
_EVENTS = WrittenRows(_events_of, related=("actor",), ticket=UUID)


def look_at(ticket: Ticket, person: User) -> Look:
    """Look at a `whole` ticket: asks only for what tells whether anything changed."""
    now = timezone.now()
    extra = vars(ticket)
    # Known already, and asked of the instance in many places.
    vars(ticket.instance)["is_current"] = extra["is_followed"]
    extra["outcome"] = _outcome(ticket, now)
    written = ticket.comments.not_mirrored().select_related("author")[:MOST_NOTES]
    comments = list(written) if extra["has_comments"] else []
    for comment in comments:
        comment.ticket = ticket
    told: list[object] = [extra[name] for name in _TOLD]
    told += [(comment.pk, comment.state, comment.last_problem) for comment in comments]
    told += [person.has_perm(permission) for permission in _PERMISSIONS]
    told += [ticket.action and ticket.action.title, ticket.requested_by, ticket.requested_by.successor]
    # What is due today is overdue tomorrow.
    return Look(ticket, person, now, comments, mark_of(*told, today(now)))


def shown(look: Look) -> dict[str, object]:
    """Return what the page's templates print."""
    ticket, now = look.ticket, look.now
    names = names_of_states(ticket.instance_id)
    may_change = look.person.has_perm("tickets.change_ticket")
    notes = _NOTES.rows(ticket=ticket.pk, record=ticket.sys_id) if _has(ticket, "newest_note") else []
    attempts = ticket.push_attempts.all()[:MOST_ATTEMPTS] if _has(ticket, "newest_attempt") else ()
    return {
        "ticket": ticket,
        "seen": look.seen,
        "status": ticket_facts.status(ticket, names),
        "assignee": ticket_facts.assignee(ticket),
        "successor": ticket_facts.successor(ticket),
        "actions": available_actions(ticket, look.person),
        "notice": status_notice(ticket),
        "warnings": list(warnings(ticket, may_change=may_change)),
        "without_record": without_record(ticket),
        "missing": required_fields.of_ticket(ticket),
        "may_map": look.person.has_perm("connector.manage_connection") and not ticket.is_archived,
        "record": ticket_facts.of_record(ticket, now) if ticket.is_delivered else [],
        "asked": ticket_facts.of_request(ticket, now),
        "story": _story(ticket, names, {note.at for note in notes}),
        "attempts": attempts,
        "comments": comment_lookup.not_shown(ticket, look.comments),
        "journal": [*_notes(notes, now), *_shown_by_record(ticket)],
        "may_write": may_change and ticket.is_delivered and not ticket.is_archived and not ticket.is_missing,
        "form": CommentForm(kind=Kind(ticket.kind), initial={"comment_id": uuid4()}),
        "today": today(now),
    }


def _outcome(ticket: Ticket, now: datetime) -> str:
    """What came of it. It is open and its action complete, or it was closed and its action is not: nothing else has
    an outcome, and the question is dear.
    """
    action = ticket.action
    if not ticket.is_delivered or action is None or ticket.is_open != action.is_completed:
        return ""
    return outcomes_of([ticket.pk], judged_by(now, vars(ticket)["scored_at"])).get(ticket.pk, "")


def _has(ticket: Ticket, newest: str) -> bool:
    return vars(ticket)[newest] is not None


def _story(ticket: Ticket, names: Sequence[Name], noted_at: set[datetime]) -> list[TimelineEntry]:
    if not _has(ticket, "newest_event"):
        return []
    events = _EVENTS.rows(ticket=ticket.pk)
    called = names_of(references_in(events), ticket)
    return told(events, Kind(ticket.kind), names, noted_at, called)


def _notes(notes: list[TicketNote], now: datetime) -> Iterator[JournalEntry]:
    words = {element.value: str(element.label) for element in Element}
    for note in notes:
        about = f"{note.by}, {words.get(note.element, note.element)}, "
        yield JournalEntry(f"note-{note.pk}", note.html, about, element(note.at, now))


def _shown_by_record(ticket: Ticket) -> Iterator[JournalEntry]:
    """What the record itself shows of its journals, where that is the only way to read them."""
    for journal in Element:
        entries = record_journal.entries(ticket.notes_shown.get(journal, ""))[:MOST_NOTES]
        for place, entry in enumerate(entries):
            yield JournalEntry(f"{journal.value}-{place}", entry.html, entry.title or str(journal.label))
