"""Tickets as CSV, streamed: a hundred thousand rows need no more memory than one."""

import csv
import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db.models import Choices
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from tickets.models.choices import Category, Delivery, Kind, Priority, Source
from tickets.models.querysets import TicketQuerySet
from tickets.models.record_condition import Condition
from tickets.pages.condition_words import ConditionWords
from tickets.pages.ticket_addresses import TicketAddresses

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
        cells = _Cells(today, language)
    # Bare columns: rows would cost several times as much, and are not needed.
    for row in tickets.values_list(*COLUMNS).iterator(_CHUNK):
        yield writer.writerow(cells.of(_Row(*row)))


def safe(cell: str) -> str:
    """Return a cell that no spreadsheet runs as a formula, wherever it believes that cells begin."""
    if cell[:1].isalnum() and not _OTHER_ENDS.search(cell):
        return cell
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


class _Row(NamedTuple):
    """The columns of one ticket, as they are stored."""

    pk: UUID
    number: str
    name: str
    kind: str
    current_priority: int
    delivery: str
    state: str
    normalized_state: str
    missing_since: datetime | None
    is_open: bool
    current_due_on: date | None
    recommendation_source: str
    recommendation_category: str
    action__title: str | None
    action__control_id: str | None
    assignee: str | None
    assignment_group: str | None
    requested_by__first_name: str
    requested_by__last_name: str
    requested_by__username: str
    instance: int
    created_at: datetime
    sys_updated_on: datetime | None
    closed_at: datetime | None


COLUMNS = _Row._fields


class _Cells:
    """Puts rows into words. What the words of many are is looked up once."""

    def __init__(self, today: date, language: str) -> None:
        self.today, self.zone = today, timezone.get_default_timezone()
        self.yes_or_no = {True: _("Yes"), False: _("No")}
        choices: tuple[type[Choices], ...] = (Kind, Delivery, Source, Category)
        self.labels = {member.value: str(member.label) for known in choices for member in known}
        self.priorities = {priority.value: str(priority.label) for priority in Priority}
        self.conditions = ConditionWords(None, language)
        self.addresses = TicketAddresses(settings.PUBLIC_URL)

    def of(self, row: _Row) -> list[str]:
        """Return the cells of one ticket."""
        condition = Condition(
            row.kind, row.delivery, row.state, row.normalized_state, row.missing_since is not None
        )
        due_on = row.current_due_on
        name = f"{row.requested_by__first_name} {row.requested_by__last_name}".strip()
        return [
            safe(row.number),
            safe(row.name),
            self.labels[row.kind],
            self.priorities[row.current_priority],
            safe(self.conditions.of(row.instance, condition)),
            self.labels[row.delivery],
            self.yes_or_no[row.is_open],
            due_on.isoformat() if due_on else "",
            self.yes_or_no[row.is_open and due_on is not None and due_on < self.today],
            self.labels[row.recommendation_source],
            self.labels[row.recommendation_category],
            safe(row.action__title or ""),
            safe(row.action__control_id or ""),
            # Empty where ServiceNow did not tell, since a sys_id tells nobody.
            safe(row.assignee or ""),
            safe(row.assignment_group or ""),
            safe(name or row.requested_by__username),
            self._moment(row.created_at),
            self._moment(row.sys_updated_on),
            self._moment(row.closed_at),
            self.addresses.of(row.pk),
        ]

    def _moment(self, at: datetime | None) -> str:
        """Excel and LibreOffice Calc take this for a moment in every locale; with a T or an offset it stays text."""
        return at.astimezone(self.zone).replace(tzinfo=None).isoformat(" ", "seconds") if at else ""


def _with_zone(header: str) -> str:
    return f"{header} ({timezone.get_default_timezone_name()})"
