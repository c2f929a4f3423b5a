"""A portal after years of use: as many tickets as asked for, and with them what grows beside them.

What years add is closed: of the newest thousand, two fifths are open, and the rest was closed. Half belong to one of a
tenant's improvement actions; a few are of an instance that was connected before. The number of actions, people and days
of scores is the same for all.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from django.db import connections
from django.db.models import DateTimeField
from django.utils import timezone

from accounts.models import AuditEntry, User
from connector.models import Instance
from portal.demo import add_actions
from scorecard.models import ControlScoreDay, ImportState, ImprovementAction, ScoreDay
from tests import factories
from tickets.models import Finding, Ticket, TicketEvent, TicketNote, new_sys_id
from tickets.models.choices import Category, Delivery, Kind, NormalizedState, Priority, Source
from tools.crash.databases import use

ACTIONS = 400
DAYS = 90
# The score jumps that often, and that many actions with it.
JUMPS, JUMPING = 20, 40
YEARS = timedelta(days=3 * 365)
# Of the newest so many, these of every five are still open, and one of a hundred needs a decision.
RECENT, OPEN, STUCK = 1_000, (0, 2), 7
# Every so manieth of those that were closed is of an earlier instance.
EARLIER = 40
FINDINGS, NOTES = 200, 50
PEOPLE, GROUPS = 20, 5
_BATCH = 2_000
_WORDS = (
    "Block legacy authentication",
    "Require MFA",
    "Turn on audit records",
    "Limit sharing",
    "Review consents",
)


def live_for_years(database: str, tickets: int) -> None:
    """Fill a database that holds the connection and nothing else."""
    use(database)
    now = timezone.now()
    # The process that made the database has counted its own.
    factories.UserFactory.reset_sequence(100)
    person = factories.person("Security Administrator")
    factories.person("Administrator")
    add_actions(ACTIONS)
    _score(now)
    # It stands for years, and the rows say when.
    for model, column in ((Ticket, "created_at"), (AuditEntry, "at")):
        field = model._meta.get_field(column)
        assert isinstance(field, DateTimeField)
        field.auto_now_add = False
    rows = _tickets(tickets, person, now)
    while batch := list(islice(rows, _BATCH)):
        Ticket.objects.bulk_create(batch)
        TicketEvent.objects.bulk_create(
            TicketEvent(ticket=one, at=one.created_at, type=TicketEvent.Type.CHANGED) for one in batch
        )
        AuditEntry.objects.bulk_create(
            AuditEntry(
                at=one.created_at,
                actor=person,
                actor_name=person.username,
                actor_kind=AuditEntry.ActorKind.PERSON,
                verb="ticket.shared",
                target=str(one.pk),
                address="192.0.2.7",
            )
            for one in batch
        )
    _reconcile()
    _write_notes(now)
    connections.close_all()


def _score(now: datetime) -> None:
    actions = list(ImprovementAction.objects.all())
    for ago in range(DAYS):
        at, lost = now - timedelta(days=ago), ago // JUMPS
        ScoreDay.objects.create(
            scored_on=at.date(),
            calculated_at=at,
            current_score=1_400 - ago - lost * JUMPING,
            max_score=2_000,
        )
        ControlScoreDay.objects.bulk_create(
            ControlScoreDay(
                action=action,
                scored_on=at.date(),
                score=max((action.score or 0) - lost * (number < JUMPING), 0),
            )
            for number, action in enumerate(actions)
        )
    ImportState.objects.create(started_at=now, succeeded_at=now, source=ImportState.Source.GRAPH)


def _tickets(count: int, person: User, now: datetime) -> Iterator[Ticket]:
    instance = Instance.objects.get()
    earlier = factories.InstanceFactory.create()
    actions = list(ImprovementAction.objects.all())
    for number in range(count):
        kind = (Kind.CHANGE_REQUEST, Kind.INCIDENT)[number % 2]
        ticket = Ticket(
            instance=instance,
            kind=kind,
            name=f"{_WORDS[number % len(_WORDS)]} ({number})",
            description="As the team agreed on Monday.\n" * 10,
            priority=Priority(number % 4 + 1),
            due_on=(now - YEARS * (count - number) / count + timedelta(days=30)).date(),
            recommendation_source=Source.USER,
            recommendation_category=Category.IDENTITY,
            requested_by=person,
            created_at=now - YEARS * (count - number) / count,
            delivery=Delivery.DELIVERED,
            sys_id=new_sys_id(),
            number=f"{'CHG' if kind == Kind.CHANGE_REQUEST else 'INC'}{number:07d}",
            seen_at=now,
            record_labels={
                "assigned_to": f"Person {number % PEOPLE}",
                "assignment_group": f"Group {number % GROUPS}",
            },
        )
        _go_on(ticket, number, count - 1 - number, earlier, actions)
        yield ticket


def _go_on(
    ticket: Ticket, number: int, newer: int, earlier: Instance, actions: list[ImprovementAction]
) -> None:
    """Let something have become of a ticket. `newer` is how many were made after it."""
    if newer < RECENT and newer % 100 == STUCK:
        ticket.delivery, ticket.sys_id, ticket.number, ticket.seen_at = Delivery.ATTENTION, "", "", None
    elif newer < RECENT and newer % 5 in OPEN:
        ticket.state, ticket.normalized_state = (
            ("-4" if ticket.kind == Kind.CHANGE_REQUEST else "2"),
            NormalizedState.IN_PROGRESS,
        )
    else:
        if number % EARLIER == 1:
            ticket.instance = earlier
        ticket.state, ticket.normalized_state, ticket.is_open = "3", NormalizedState.CLOSED, False
        ticket.active, ticket.closed_at = False, ticket.created_at + timedelta(days=20)
        if number % 2:
            ticket.action = actions[number // 2 % len(actions)]
            ticket.score_when_closed = ticket.action.score


def _reconcile() -> None:
    run = factories.ReconciliationFactory.create(instance=Instance.objects.order_by("pk")[0])
    found = list(Ticket.objects.filter(delivery=Delivery.DELIVERED)[:FINDINGS])
    Finding.objects.bulk_create(
        Finding(
            run=run,
            discrepancy="stale",
            ticket=one,
            kind=one.kind,
            sys_id=one.sys_id,
            number=one.number,
            name=one.name,
        )
        for one in found
    )


def _write_notes(now: datetime) -> None:
    ticket = newest_open()
    TicketNote.objects.bulk_create(
        TicketNote(
            ticket=ticket,
            record_sys_id=ticket.sys_id,
            sys_id=new_sys_id(),
            element="work_notes",
            text="Asked the vendor again.\n" * 5,
            at=now - timedelta(hours=number),
        )
        for number in range(NOTES)
    )


def newest_open() -> Ticket:
    """Return the ticket that has something to show of everything."""
    found: Ticket = Ticket.objects.filter(delivery=Delivery.DELIVERED, is_open=True).order_by("-created_at")[
        0
    ]
    return found
