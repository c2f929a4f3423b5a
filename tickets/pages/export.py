"""Tickets as CSV, streamed: a hundred thousand rows need no more memory than one."""

import csv
import re
from collections.abc import Iterator
from datetime import date, datetime

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from tickets.models import Ticket
from tickets.models.querysets import TicketQuerySet

# Without it, Excel reads UTF-8 as something else.
BYTE_ORDER_MARK = "\ufeff"
# A spreadsheet takes a cell that begins with one of these for a formula (OWASP ASVS 5.0, 1.2.10), and where people
# write Japanese, with their full-width forms as well (OWASP, CSV injection): U+FF1D and so on, the small ones, and the
# minus sign that some keyboards give.
_FORMULA_STARTS = (*"=+-@", *"\t\r\n\0", *"\uff1d\uff0b\uff0d\uff20", *"\ufe66\ufe62\ufe63\ufe6b", "\u2212")
# Where a spreadsheet is told, or takes for granted, that cells end at these, a cell of ours begins behind each; our
# quotation marks do not hold lines together there, since they stand within the first cell.
_OTHER_ENDS = re.compile("([;\t\r\n])")
_CHUNK = 1000


class _Line:
    """Hands each written line on instead of keeping it, which is all that csv.writer asks of a file."""

    def write(self, line: str) -> str:
        return line


def lines(tickets: TicketQuerySet, *, today: date, language: str) -> Iterator[str]:
    """Yield the file line by line: headers in the reader's language, days in ISO 8601, moments as spreadsheets
    read them, in the organization's time zone.
    """
    writer = csv.writer(_Line())
    # The answer is streamed after the middlewares have let go of the request's language.
    with translation.override(language):
        yield BYTE_ORDER_MARK + writer.writerow(_headers())
    for ticket in tickets.select_related("action", "requested_by").iterator(_CHUNK):
        with translation.override(language):
            yield writer.writerow([safe(cell) for cell in _cells(ticket, today)])


def safe(cell: str) -> str:
    """Return a cell that no spreadsheet runs as a formula, wherever it believes that cells begin."""
    quoted = "".join(map(_quoted, _OTHER_ENDS.split(cell)))
    return "'" + quoted if quoted.startswith(_FORMULA_STARTS) else quoted


def _quoted(piece: str) -> str:
    # Blanks and quotation marks around a cell are dropped by some.
    starts = piece not in (";", "\t", "\r", "\n") and piece.lstrip(" \u3000\"'").startswith(_FORMULA_STARTS)
    return "'" + piece if starts else piece


def _headers() -> list[str]:
    return [
        pgettext("ticket", "Number"),
        _("Ticket name"),
        pgettext("ticket", "Task type"),
        _("Priority"),
        _("Status"),
        pgettext("ticket", "Delivery"),
        _("Open"),
        _("Due date"),
        _("Overdue"),
        _("Recommendation source"),
        pgettext("ticket", "Recommendation category"),
        _("Improvement action"),
        _("Control ID"),
        _("Assigned to"),
        _("Assignment group"),
        _("Requested by"),
        _with_zone(_("Created")),
        _with_zone(_("Last changed")),
        _with_zone(pgettext("moment", "Closed")),
        _("Link"),
    ]


def _cells(ticket: Ticket, today: date) -> list[str]:
    return [
        ticket.number,
        ticket.name,
        ticket.get_kind_display(),
        ticket.current_priority_label,
        ticket.state_words,
        ticket.get_delivery_display(),
        _yes_or_no(ticket.is_open),
        ticket.current_due_on.isoformat() if ticket.current_due_on else "",
        _yes_or_no(ticket.is_overdue(today)),
        ticket.get_recommendation_source_display(),
        ticket.get_recommendation_category_display(),
        ticket.action.title if ticket.action else "",
        ticket.action.control_id if ticket.action else "",
        _in_words(ticket, "assigned_to"),
        _in_words(ticket, "assignment_group"),
        str(ticket.requested_by),
        _moment(ticket.created_at),
        _moment(ticket.sys_updated_on),
        _moment(ticket.closed_at),
        settings.PUBLIC_URL + ticket.get_absolute_url(),
    ]


def _moment(at: datetime | None) -> str:
    """Excel and LibreOffice Calc take this for a moment in every locale; with a T or an offset it stays text."""
    return timezone.localtime(at, timezone.get_default_timezone()).strftime("%Y-%m-%d %H:%M:%S") if at else ""


def _with_zone(header: str) -> str:
    return f"{header} ({timezone.get_default_timezone_name()})"


def _in_words(ticket: Ticket, field: str) -> str:
    """What people see in a field of the record; empty where ServiceNow did not tell, since a sys_id tells nobody."""
    return str(ticket.record_labels.get(field) or "")


def _yes_or_no(fact: bool) -> str:
    return _("Yes") if fact else _("No")
