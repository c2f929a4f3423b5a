"""Whether a comment of ours stands in ServiceNow already.

Two places tell. The table of all journals does so by sys_id, time and text, but may be closed to the integration
user, or show it nothing without a word. The record's own journal field, as people see it, holds the entries one below
the other: a line with time, name and journal, the text, an empty line (as seen on live instances).
"""

from html import unescape

from connector.servicenow.batch import Listing
from connector.servicenow.client import Client, ids_query
from connector.servicenow.records import Page
from tickets import journal
from tickets.models import TicketComment
from tickets.notes import CommentState


def is_there(comment: TicketComment, client: Client) -> bool | None:
    """Whether the comment stands in its record's journal; None where nothing can tell. What was read is mirrored.

    Costs one call where there is a Batch API.
    """
    ticket = comment.ticket
    as_people_see_it = Listing(
        ticket.kind,
        ids_query("sys_id", [ticket.sys_id]),
        ("sys_id", comment.element),
        1,
        display_values=True,
        optional=True,
    )
    entries, records = client.lists([journal.listing([ticket.sys_id]), as_people_see_it])
    was_read = journal.mirror(client, [ticket.sys_id], {ticket.sys_id: ticket}, entries)
    if journal.recognise(comment):
        return True
    shown = _shown(records, comment)
    # What people see counts before the table, whose rows may be hidden from us.
    if shown:
        return _is_among(shown, comment)
    notes = ticket.notes.filter(record_sys_id=ticket.sys_id, element=comment.element)
    if was_read and (shown == "" or notes.exists()):
        return False
    # An empty field is one that nobody wrote into, or one that is hidden from us: that proves nothing of what was sent.
    return None if shown is None or comment.sent_at else False


def _shown(page: Page, comment: TicketComment) -> str | None:
    """What people see in the journal; None where we may not see it."""
    for record in page.records:
        if record.sys_id == comment.ticket.sys_id:
            return record.shown.get(comment.element)
    return None


def _count(shown: str, text: str) -> int:
    return f"\n{_plain(shown)}\n\n".count(f"\n{_plain(text)}\n\n")


def _plain(text: str) -> str:
    return "\n".join(line.strip() for line in unescape(text).splitlines()).strip()


def _is_among(shown: str, comment: TicketComment) -> bool | None:
    """Whether there is an entry more with these words than other comments account for: the same may be said twice."""
    same = TicketComment.objects.filter(
        ticket=comment.ticket_id, element=comment.element, text=comment.text, author=comment.author_id
    ).exclude(pk=comment.pk)
    left = _count(shown, comment.written) - same.in_the_record().count()
    # Nobody knows whether those that were given up had arrived.
    given_up = same.filter(state__in=(CommentState.DROPPED, CommentState.GIVEN_UP)).count()
    return None if 0 < left <= given_up else left > 0
