"""Whether a comment of ours stands in ServiceNow already.

Two places tell. The table of all journals does so by sys_id, time and text, but may be closed to the integration
user, or show it nothing without a word. The record's own journal field, as people see it, holds the entries one below
the other: a line with time, name and journal, the text, an empty line (as seen on live instances).
"""

from collections.abc import Iterable
from html import unescape

from django.db.models import Q

from connector.servicenow.client import Client
from tickets.models import Ticket, TicketComment
from tickets.models.comments import CommentState
from tickets.records.note_matching import begins_with, is_alike
from tickets.tracking import journal, record_journal


def is_there(comment: TicketComment, client: Client) -> bool | None:
    """Whether the comment stands in its record's journal; None where nothing can tell. What was read is mirrored.

    Costs one call where there is a Batch API.
    """
    ticket = comment.ticket
    asked = [journal.listing([ticket.sys_id]), record_journal.listing(ticket.kind, [ticket.sys_id])]
    answers = client.lists(asked)
    was_read = journal.mirror(client, {ticket.sys_id: ticket}, answers)
    recognised = journal.recognise(comment)
    if recognised:
        return True
    shown = record_journal.texts(answers[1:]).get(ticket.sys_id, {}).get(comment.element)
    # What people see counts before the table, whose rows may be hidden from us.
    if shown:
        among = _is_among(shown, comment)
        return None if among is False and recognised is None else among
    notes = ticket.notes.filter(record_sys_id=ticket.sys_id, element=comment.element)
    if was_read and (shown == "" or notes.exists()):
        return recognised
    # An empty field is one that nobody wrote into, or one that is hidden from us: that proves nothing of what was sent.
    return None if shown is None or comment.sent_at else False


def not_shown(ticket: Ticket, comments: Iterable[TicketComment]) -> list[TicketComment]:
    """Return those of a ticket's comments that what was last seen in the record's own journal fields does not hold."""
    entries = {element: record_journal.entries(str(text)) for element, text in ticket.notes_shown.items()}
    return [
        comment
        for comment in comments
        if comment.state != CommentState.DELIVERED
        or not any(_is_alike(comment, entry.text) for entry in entries.get(comment.element, ()))
    ]


def _is_among(shown: str, comment: TicketComment) -> bool | None:
    """Whether there is an entry more with these words than other comments account for: the same may be said twice.

    None where an entry may be this comment, or another one's.
    """
    others = TicketComment.objects.filter(ticket=comment.ticket_id, element=comment.element)
    others = others.exclude(pk=comment.pk).select_related("author")
    same = others.filter(text=comment.text, author=comment.author_id)
    entries = [entry.text for entry in record_journal.entries(shown)]
    exact = _count(shown, comment.written)
    alike = [text for text in entries if _is_alike(comment, text)]
    in_record = [one for one in others.in_the_record() if any(_is_alike(one, text) for text in alike)]
    left = max(exact - same.in_the_record().count(), len(alike) - len(in_record))
    # Nobody knows whether those that were given up had arrived, nor which of two lost ones an entry is.
    given_up = Q(state__in=(CommentState.DROPPED, CommentState.GIVEN_UP))
    lost = Q(state__in=(CommentState.WAITING, CommentState.UNCERTAIN), sent_at__isnull=False)
    lost &= ~Q(text=comment.text, author=comment.author_id)
    claims = [one for one in others.filter(given_up | lost) if any(_is_alike(one, text) for text in alike)]
    unsure = max(len(claims), same.filter(given_up).count())
    if left <= 0:
        return None if comment.sent_at and _is_one_unexplained(comment, entries, others) else False
    return None if left <= unsure else True


def _is_alike(comment: TicketComment, text: str) -> bool:
    return is_alike(comment.written, text, author=str(comment.author or ""))


def _is_one_unexplained(
    comment: TicketComment, entries: Iterable[str], others: Iterable[TicketComment]
) -> bool:
    """Whether an entry begins with the author's name, as this comment does, and is none that we know of."""
    known = list(others)
    ours = [text for text in entries if begins_with(text, str(comment.author or ""))]
    return any(not any(_is_alike(one, text) for one in known) for text in ours)


def _count(shown: str, text: str) -> int:
    return f"\n{_plain(shown)}\n\n".count(f"\n{_plain(text)}\n\n")


def _plain(text: str) -> str:
    return "\n".join(line.strip() for line in unescape(text).splitlines()).strip()
