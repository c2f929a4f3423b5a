"""What demonstrations are made of: people whose password everybody knows, and invented rows for long lists."""

from django.utils import timezone

from accounts.models import User
from accounts.roles import ADMINISTRATOR, READER, SECURITY_ADMINISTRATOR
from connector.models import Instance
from scorecard.models import ImprovementAction
from tickets.models import Ticket, new_sys_id
from tickets.models.choices import Category, Delivery, Kind, NormalizedState, Priority, Source
from tickets.models.ticket_type import TYPES

PASSWORD = "demo"  # noqa: S105  Known to everybody, and refused outside demonstrations.
PEOPLE = [
    ("admin", "Aiko", "Admin", ADMINISTRATOR),
    ("secadmin", "Sem", "de Vries", SECURITY_ADMINISTRATOR),
    ("reader", "Rin", "Tanaka", READER),
]
_BATCH = 500
_VERBS = ("Turn on", "Review", "Require", "Block", "Limit")
_THINGS = ("audit records", "legacy sign-in", "external sharing", "device encryption", "administrator roles")


def add_actions(count: int) -> None:
    """Add that many scored improvement actions with invented controls."""
    now = timezone.now()
    rows = [
        ImprovementAction(
            control_id=f"demo_{number}",
            title=f"{_VERBS[number % 5]} {_THINGS[number // 5 % 5]} ({number})",
            category=("Identity", "Data", "Device", "Apps")[number % 4],
            product="AzureAD",
            max_score=10.0,
            score=float(number % 11),
            rank=number,
            is_scored=True,
            has_profile=True,
            first_seen_at=now,
        )
        for number in range(1, count + 1)
    ]
    ImprovementAction.objects.bulk_create(rows, batch_size=_BATCH, ignore_conflicts=True)


def add_tickets(count: int) -> None:
    """Add that many delivered tickets of an instance that nobody talks to."""
    if not count:
        return
    instance, _ = Instance.objects.get_or_create(host="demonstration.service-now.com")
    person = User.objects.get(username="secadmin")
    now = timezone.now()
    rows = [_ticket(number, instance, person) for number in range(1, count + 1)]
    for row in rows:
        row.seen_at = row.delivered_at = now
    Ticket.objects.bulk_create(rows, batch_size=_BATCH)


def _ticket(number: int, instance: Instance, person: User) -> Ticket:
    kind = list(Kind)[number % len(Kind)]
    return Ticket(
        instance=instance,
        kind=kind,
        name=f"{_VERBS[number % 5]} {_THINGS[number // 5 % 5]} ({number})",
        description="An invented ticket.",
        priority=Priority(number % 4 + 1),
        recommendation_source=Source.USER,
        recommendation_category=Category.IDENTITY,
        requested_by=person,
        delivery=Delivery.DELIVERED,
        sys_id=new_sys_id(),
        number=f"{TYPES[kind].prefix}{number:07d}",
        state=TYPES[kind].first_state,
        normalized_state=NormalizedState.NEW,
    )
