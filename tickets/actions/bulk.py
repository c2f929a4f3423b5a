"""Many actions shared in one go: planned and shown first, then sent, each as a ticket of its own."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from uuid import UUID, uuid5

from django.db import IntegrityError, transaction
from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts.models import User
from connector.models import Instance
from scorecard.models import ImprovementAction, ImprovementActionQuerySet
from scorecard.models.choices import FINISHED
from scorecard.pages.action_filter import ActionFilter
from scorecard.pages.sorting import ActionSorting
from tickets.actions import suggestions
from tickets.actions.share import TicketRequest, asks_otherwise, share
from tickets.actions.suggestions import Proposal
from tickets.models import Ticket
from tickets.models.choices import Kind, Priority, Source

LIMIT = 200
NOTE_LENGTH = 500


@dataclass(frozen=True)
class Terms:
    """What the tickets of a batch have in common, where None and empty mean: as proposed for each action; and, by
    control ID, the priorities that differ and the actions that were dropped.
    """

    kind: Kind
    priority: Priority | None = None
    due_on: date | None = None
    note: str = ""
    priorities: Mapping[str, Priority] = field(default_factory=dict)
    dropped: frozenset[str] = frozenset()

    def task(self, action: ImprovementAction, proposal: Proposal, today: date) -> Proposal:
        """Return what is asked for one action, given what is proposed for it."""
        priority = self.priorities.get(action.control_id) or self.priority or proposal.priority
        return replace(
            proposal,
            kind=self.kind,
            priority=priority,
            due_on=self.due_on or suggestions.due_on(priority, today),
            description=suggestions.description(action, self.note) if self.note else proposal.description,
        )


@dataclass(frozen=True)
class BulkLine:
    """One ticket to be sent, unless a person has dropped it; what was proposed for it, and what is asked for."""

    action: ImprovementAction
    ticket_id: UUID
    proposal: Proposal
    terms: Terms
    task: Proposal

    @property
    def is_dropped(self) -> bool:
        """Whether the person left it out."""
        return self.action.control_id in self.terms.dropped

    @property
    def own_priority(self) -> Priority | None:
        """The priority that was chosen for this ticket alone."""
        return self.terms.priorities.get(self.action.control_id)

    @property
    def usual_priority(self) -> str:
        """What it has without one of its own, and why, in the reader's language."""
        if self.terms.priority:
            return _("%(priority)s (for all of them)") % {"priority": self.terms.priority.label}
        return _("%(priority)s (as proposed)") % {"priority": self.proposal.priority.label}

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
    """The rows that are shown, the tickets because of which actions are left out, the actions that need none, and what
    of the batch was sent before.
    """

    batch: UUID
    rows: Sequence[BulkLine]
    left_out: Sequence[Ticket]
    finished: Sequence[ImprovementAction]
    sent: Mapping[UUID, Ticket]
    repeated: Sequence[BulkLine]

    @property
    def lines(self) -> list[BulkLine]:
        """What will be sent."""
        return [row for row in self.rows if not row.is_dropped]

    @property
    def fingerprint(self) -> str:
        """Tells what is proposed from what was proposed a moment ago, so that nothing is sent that was not shown. What
        the person chose besides is theirs.
        """
        proposed = {str(row.ticket_id): asdict(row.proposal) for row in self.rows}
        return hashlib.sha256(json.dumps(proposed, default=str, sort_keys=True).encode()).hexdigest()

    @property
    def is_sent(self) -> bool:
        """Whether all of it was sent before."""
        return bool(self.sent) and not self.lines

    @property
    def differs_from_sent(self) -> bool:
        """Whether it asks for anything else than what was sent before."""
        return any(asks_otherwise(line.ticket_request(), self.sent[line.ticket_id]) for line in self.repeated)


def chosen(form: QueryDict, person: User) -> list[ImprovementAction]:
    """Return the actions that were ticked, or all that the list's filters show; at most one more than the limit."""
    if form.get("selection") == "all":
        found = ActionFilter(QueryDict(form.get("query", "")), person=person).select()
    else:
        found = ImprovementAction.objects.filter(control_id__in=form.getlist("action"))
    return _by_rank(found)


def named(keys: Iterable[int]) -> list[ImprovementAction]:
    """Return the actions that have these primary keys; at most one more than the limit."""
    return _by_rank(ImprovementAction.objects.filter(pk__in=keys))


def _by_rank(found: ImprovementActionQuerySet) -> list[ImprovementAction]:
    return list(ActionSorting("rank").apply(found.select_related("plan"))[: LIMIT + 1])


def plan(
    actions: Iterable[ImprovementAction], terms: Terms, *, batch: UUID, total: float | None, today: date
) -> Plan:
    """Work out the tickets. Left out is an action that is finished, or has an open ticket or one of this batch."""
    finished, actions = _apart(actions)
    open_tickets = (
        Ticket.objects.open()
        .of_current_instance()
        .filter(action__in=actions)
        .select_related("action", "instance")
    )
    others = [ticket for ticket in open_tickets if ticket.batch != batch]
    taken = {ticket.action_id for ticket in others}
    rows = [
        _row(action, terms, batch=batch, total=total, today=today)
        for action in actions
        if action.pk not in taken
    ]
    sent = Ticket.objects.select_related("action").in_bulk([row.ticket_id for row in rows])
    return Plan(
        batch,
        rows=[row for row in rows if row.ticket_id not in sent],
        left_out=[*others, *sent.values()],
        finished=finished,
        sent=sent,
        repeated=[row for row in rows if row.ticket_id in sent],
    )


def _apart(actions: Iterable[ImprovementAction]) -> tuple[list[ImprovementAction], list[ImprovementAction]]:
    """Return the actions that are finished, and the others."""
    every = list(actions)
    finished = [action for action in every if action.status in FINISHED]
    return finished, [action for action in every if action.status not in FINISHED]


def _row(
    action: ImprovementAction, terms: Terms, *, batch: UUID, total: float | None, today: date
) -> BulkLine:
    proposal = suggestions.for_action(action, total=total, today=today)
    return BulkLine(
        action,
        # The same selection sent twice finds the tickets of the first time.
        uuid5(batch, action.control_id),
        proposal,
        terms,
        terms.task(action, proposal, today),
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
