"""Rows of the list of tickets, put into words before the template: its loop only prints them."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple, TypedDict

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, pgettext

from scorecard.pages.cell_words import NOTHING, day, day_of
from tickets.models.choices import Kind, Priority, PriorityLevel
from tickets.models.outcome_notice import OUTCOME_NOTICES
from tickets.models.record_condition import Condition
from tickets.models.state_labels import ENGLISH
from tickets.pages.condition_words import ConditionWords
from tickets.pages.list_tickets import ListTicket
from tickets.pages.ticket_addresses import TicketAddresses


class TicketRow(TypedDict):
    """One ticket, all in words and cells. `pk` is its key, `address` that of its page."""

    pk: SafeString
    address: SafeString
    name: str
    number: str
    status: SafeString
    level: str
    priority: str
    due_on: SafeString | str
    assignee: str
    group: str
    kind: str
    created: SafeString


class _Standing(NamedTuple):
    """What the status of a row says; the same few come again and again."""

    instance: int
    condition: Condition
    has_several_records: bool
    is_frozen: bool
    outcome: str


def list_rows(tickets: Sequence[ListTicket], today: date, in_list: str = "") -> list[TicketRow]:
    """Put tickets into words, in the language of now. `in_list` ends the address of each: the list that one comes from,
    escaped as a query string.
    """
    write = _Writer(tickets, today, in_list, get_language() or ENGLISH)
    return [write.row(ticket) for ticket in tickets]


class _Writer:
    """Looks every word up once for all rows."""

    def __init__(self, tickets: Sequence[ListTicket], today: date, in_list: str, language: str) -> None:
        self.today, self.language, self.in_list = today, language, in_list
        self.conditions = ConditionWords({(ticket.instance, ticket.state) for ticket in tickets}, language)
        self.addresses = TicketAddresses()
        self.kinds = {kind.value: str(kind.label) for kind in Kind}
        self.priorities = {priority.value: str(priority.label) for priority in Priority}
        self.levels = {priority.value: PriorityLevel.of(priority).value for priority in Priority}
        self.overdue = format_html(' <span class="badge badge--danger">{}</span>', gettext("Overdue"))
        self.standings: dict[_Standing, SafeString] = {}

    def row(self, ticket: ListTicket) -> TicketRow:
        # Nothing in these is to be escaped.
        key, address = str(ticket.id), self.addresses.of(ticket.id) + self.in_list
        return {
            "pk": SafeString(key),
            "address": SafeString(address),
            "name": ticket.name,
            "number": ticket.number,
            "status": self._status(ticket),
            "level": self.levels[ticket.current_priority],
            "priority": self.priorities[ticket.current_priority],
            "due_on": self._due(ticket),
            "assignee": ticket.assignee or NOTHING,
            "group": ticket.assignment_group or NOTHING,
            "kind": self.kinds[ticket.kind],
            "created": day_of(ticket.created_at, self.language),
        }

    def _due(self, ticket: ListTicket) -> SafeString | str:
        due_on = ticket.current_due_on
        if due_on is None:
            return NOTHING
        is_overdue = ticket.is_open and due_on < self.today
        return day(due_on, self.language) + self.overdue if is_overdue else day(due_on, self.language)

    def _status(self, ticket: ListTicket) -> SafeString:
        is_missing = ticket.missing_since is not None
        condition = Condition(ticket.kind, ticket.delivery, ticket.state, ticket.normalized_state, is_missing)
        has_twin = ticket.twin_since is not None
        standing = _Standing(ticket.instance, condition, has_twin, ticket.is_frozen, ticket.outcome)
        if (written := self.standings.get(standing)) is None:
            written = self.standings[standing] = self._standing(standing)
        return written

    def _standing(self, standing: _Standing) -> SafeString:
        words, tone = self.conditions.of(standing.instance, standing.condition), standing.condition.tone
        parts = []
        if standing.has_several_records:
            parts.append(_badge("danger", pgettext("delivery", "Found twice in ServiceNow")))
        parts.append(_badge(tone, words) if tone else format_html("{}", words))
        if standing.is_frozen:
            frozen = pgettext("ticket", "no longer followed")
            parts.append(format_html('<span class="muted">{}</span>', frozen))
        if outcome := OUTCOME_NOTICES.get(standing.outcome):
            parts.append(_badge(outcome.tone, outcome.label))
        return format_html_join("\n", "{}", ((part,) for part in parts))


def _badge(tone: str, words: object) -> SafeString:
    return format_html('<span class="badge badge--{}">{}</span>', tone, words)
