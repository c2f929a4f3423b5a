"""The tickets on the page of an improvement action, with what came of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Count, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import get_language

from accounts.written_query import WrittenQuery
from tickets.models import Ticket
from tickets.models.choices import Kind
from tickets.models.outcome import judged_until
from tickets.models.outcome_notice import OUTCOME_NOTICES, OutcomeNotice
from tickets.models.outcomes_of import outcomes_of
from tickets.models.querysets import TicketQuerySet
from tickets.models.record_condition import Condition
from tickets.models.state_labels import ENGLISH
from tickets.pages.condition_words import ConditionWords
from tickets.pages.ticket_addresses import TicketAddresses

# An action's page shows so many of its tickets, and all if asked.
FEW = 5


class _Columns(NamedTuple):
    """What is read of each."""

    id: UUID
    instance: int
    kind: str
    number: str
    delivery: str
    state: str
    normalized_state: str
    missing_since: datetime | None
    twin_since: datetime | None

    @property
    def condition(self) -> Condition:
        is_missing = self.missing_since is not None
        return Condition(self.kind, self.delivery, self.state, self.normalized_state, is_missing)


@dataclass(frozen=True, slots=True)
class ActionTicket:
    """One ticket in words; `label` is its number, or what it is while it has none."""

    address: str
    label: str
    state: str
    tone: str
    has_several_records: bool
    outcome_notice: OutcomeNotice | None


@dataclass(frozen=True, slots=True)
class ActionTickets:
    """The tickets that are shown, and how many there are."""

    shown: Sequence[ActionTicket]
    number: int


def tickets_of(action: int, *, all_of_them: bool) -> ActionTickets:
    """Return the tickets of an action, given by its key: what is open, then the newest."""
    if all_of_them:
        asked = _of_action(action).with_outcome(judged_until(timezone.now()))
        found = [
            (_Columns._make(row), outcome)
            for *row, outcome in asked.values_list(*_Columns._fields, "outcome")
        ]
        told = {one.id: outcome for one, outcome in found}
        return ActionTickets(_in_words([one for one, _ in found], told), len(found))
    rows = _FEW.rows(action=action)
    columns = [_Columns._make(row) for *row, _ in rows]
    outcomes = outcomes_of([one.id for one in columns], judged_until(timezone.now())) if columns else {}
    return ActionTickets(_in_words(columns, outcomes), rows[0][-1] if rows else 0)


def _in_words(tickets: Sequence[_Columns], outcomes: Mapping[UUID, str]) -> list[ActionTicket]:
    states = {(ticket.instance, ticket.state) for ticket in tickets}
    words, addresses = ConditionWords(states, get_language() or ENGLISH), TicketAddresses()
    return [
        ActionTicket(
            address=addresses.of(ticket.id),
            label=ticket.number or str(Kind(ticket.kind).label),
            state=words.of(ticket.instance, ticket.condition),
            tone=ticket.condition.tone,
            has_several_records=ticket.twin_since is not None,
            outcome_notice=OUTCOME_NOTICES.get(outcomes.get(ticket.id, "")),
        )
        for ticket in tickets
    ]


def _of_action(action: int) -> TicketQuerySet:
    found: TicketQuerySet = Ticket.objects.filter(action=action).order_by("-is_open", "-created_at", "-id")
    return found


def _few(action: int) -> QuerySet[Ticket, Any]:
    counted = Ticket.objects.filter(action=action).order_by().values("action").annotate(in_all=Count("pk"))
    few = _of_action(action).annotate(in_all=Subquery(counted.values("in_all")))
    found: QuerySet[Ticket, Any] = few.values_list(*_Columns._fields, "in_all")[:FEW]
    return found


_FEW = WrittenQuery(_few, action=int)
