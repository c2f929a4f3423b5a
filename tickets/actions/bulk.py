"""Many actions shared in one go: planned and shown first, then sent, each as a ticket of its own."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction
from django.http import QueryDict

from accounts.models import User
from connector.models import Instance
from scorecard.models import ImprovementAction
from scorecard.pages.forms import ActionFilter, Sorting
from tickets.actions import suggestions
from tickets.actions.share import TicketRequest, asks_otherwise, share
from tickets.actions.suggestions import Proposal
from tickets.models import Ticket
from tickets.models.choices import Kind, Priority, Source

LIMIT = 200
NOTE_LENGTH = 500


@dataclass(frozen=True)
class Terms:
    """What all tickets of a batch have in common; None and empty mean: as proposed for each action."""

    kind: Kind
    priority: Priority | None = None
    due_on: date | None = None
    note: str = ""

    def task(self, action: ImprovementAction, *, total: float | None, today: date) -> Proposal:
        """Return what is asked for one action."""
        proposal = suggestions.for_action(action, total=total, today=today, note=self.note)
        priority = self.priority or proposal.priority
        return replace(
            proposal,
            kind=self.kind,
            priority=priority,
            due_on=self.due_on or suggestions.due_on(priority, today),
        )


@dataclass(frozen=True)
class BulkLine:
    """One ticket to be sent."""

    action: ImprovementAction
    ticket_id: UUID
    task: Proposal

    def ticket_request(self) -> TicketRequest:
        """Return what is asked for."""
        return TicketRequest(
            kind=self.task.kind,
            name=self.task.name,
            description=self.task.description,
            priority=self.task.priority,
            due_on=self.task.due_on,
            recommendation_source=Source.MICROSOFT,
            recommendation_category=self.task.category,
            is_extra=False,
        )


@dataclass(frozen=True)
class Plan:
    """What will be sent, the tickets because of which actions are left out, and what of the batch was sent before."""

    batch: UUID
    lines: Sequence[BulkLine]
    left_out: Sequence[Ticket]
    sent: Mapping[UUID, Ticket]
    repeated: Sequence[BulkLine]

    @property
    def fingerprint(self) -> str:
        """Tells this plan from others, so that nothing is sent that was not shown."""
        wishes = {str(line.ticket_id): line.ticket_request() for line in self.lines}
        return hashlib.sha256(json.dumps(wishes, default=str, sort_keys=True).encode()).hexdigest()

    @property
    def is_sent(self) -> bool:
        """Whether all of it was sent before."""
        return bool(self.sent) and not self.lines

    @property
    def differs_from_sent(self) -> bool:
        """Whether it asks for anything else than what was sent before."""
        return any(asks_otherwise(line.ticket_request(), self.sent[line.ticket_id]) for line in self.repeated)


def chosen(form: QueryDict) -> list[ImprovementAction]:
    """Return the actions that were ticked, or all that the list's filters show; at most one more than the limit."""
    if form.get("selection") == "all":
        found = ActionFilter(QueryDict(form.get("query", ""))).select(None)
    else:
        found = ImprovementAction.objects.filter(control_id__in=form.getlist("action"))
    return list(Sorting("rank").apply(found.select_related("plan"))[: LIMIT + 1])


def plan(
    actions: Iterable[ImprovementAction], terms: Terms, *, batch: UUID, total: float | None, today: date
) -> Plan:
    """Work out the tickets. An action with an open ticket, or with one of this batch, is left out."""
    actions = list(actions)
    open_tickets = (
        Ticket.objects.open()
        .of_current_instance()
        .filter(action__in=actions)
        .select_related("action", "instance")
    )
    others = [ticket for ticket in open_tickets if ticket.batch != batch]
    taken = {ticket.action_id for ticket in others}
    lines = [
        BulkLine(
            action,
            # The same selection sent twice finds the tickets of the first time.
            uuid5(batch, action.control_id),
            terms.task(action, total=total, today=today),
        )
        for action in actions
        if action.pk not in taken
    ]
    sent = Ticket.objects.select_related("action").in_bulk([line.ticket_id for line in lines])
    return Plan(
        batch,
        lines=[line for line in lines if line.ticket_id not in sent],
        left_out=[*others, *sent.values()],
        sent=sent,
        repeated=[line for line in lines if line.ticket_id in sent],
    )


def send(plan: Plan, *, by: User, instance: Instance, now: datetime) -> list[ImprovementAction]:
    """Store a ticket for each line. Returns the actions for which somebody else was quicker."""
    overtaken = []
    with transaction.atomic():
        for line in plan.lines:
            try:
                share(
                    line.ticket_id,
                    line.ticket_request(),
                    by=by,
                    instance=instance,
                    action=line.action,
                    now=now,
                    batch=plan.batch,
                )
            except IntegrityError:
                overtaken.append(line.action)
    return overtaken
