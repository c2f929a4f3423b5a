"""The tickets that the cards show, and how many there are. Open home pages ask every few seconds."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db.models import QuerySet

from accounts.written_query import WrittenQuery
from tickets.models import Ticket
from tickets.models.choices import Kind
from tickets.models.querysets import Counts, TicketQuerySet
from tickets.pages.card_rows import COLUMNS, CardTicket

ROWS = 10
OfKinds = Mapping[Kind, tuple[CardTicket, ...]]


def tickets_on_cards(instance: int, today: date) -> OfKinds:
    """Return what the card of each kind shows: the most urgent of what is open. The newest of the rest only fill the
    card. One query, and another where a card is to be filled.
    """
    shown = _by_kind(_URGENT.rows(instance=instance, today=today))
    if all(len(tickets) == ROWS for tickets in shown.values()):
        return shown
    rest = _by_kind(_REST.rows(instance=instance))
    return {kind: (*tickets, *rest[kind])[:ROWS] for kind, tickets in shown.items()}


def counts_of_cards(tickets: OfKinds, instance: int, today: date) -> Mapping[Kind, Counts]:
    """Count what is open of each kind; no query where the cards show all of it."""
    found = {kind: [ticket for ticket in shown if ticket.is_open] for kind, shown in tickets.items()}
    if all(len(shown) < ROWS for shown in found.values()):
        return {kind: Counts.of_open(shown, today) for kind, shown in found.items()}
    counted = {Kind(kind): Counts(*counts) for kind, *counts in _COUNTS.rows(instance=instance, today=today)}
    return {kind: counted.get(kind, Counts(0, 0, 0)) for kind in Kind}


def _by_kind(rows: list[tuple[object, ...]]) -> OfKinds:
    tickets = [CardTicket._make((*row, False)) for row in rows]
    return {kind: tuple(ticket for ticket in tickets if ticket.kind == kind) for kind in Kind}


def _urgent(instance: int, today: date) -> QuerySet[Ticket, Any]:
    urgent = Ticket.objects.filter(instance=instance).open().most_urgent_first(today)
    return _first_of_each_kind(urgent).most_urgent_first(today).values_list(*COLUMNS)


def _rest(instance: int) -> QuerySet[Ticket, Any]:
    newest = ("-created_at", "-id")
    rest = Ticket.objects.filter(instance=instance, is_open=False).order_by(*newest)
    return _first_of_each_kind(rest).order_by(*newest).values_list(*COLUMNS)


def _first_of_each_kind(tickets: TicketQuerySet) -> TicketQuerySet:
    # SQLite limits no part of a UNION, but what each part looks for its keys in.
    first, *others = (
        Ticket.objects.filter(pk__in=tickets.of_kind(kind).values("pk")[:ROWS]).order_by().values("pk")
        for kind in Kind
    )
    return Ticket.objects.filter(pk__in=first.union(*others, all=True))


def _counts(instance: int, today: date) -> TicketQuerySet:
    return Ticket.objects.filter(instance=instance).open_by_kind(today)


_URGENT = WrittenQuery(_urgent, instance=int, today=date)
_REST = WrittenQuery(_rest, instance=int)
_COUNTS = WrittenQuery(_counts, instance=int, today=date)
