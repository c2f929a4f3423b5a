"""What other apps have that somebody looks after, and who looks after it when that person is deactivated.

Each app registers its own in its `AppConfig.ready`, as it does with audit labels: accounts knows none of them.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from accounts.models import User
from accounts.roles import ADMINISTRATOR, SECURITY_ADMINISTRATOR


@dataclass(frozen=True)
class Belongings:
    """One kind of things that people look after.

    `count` is how many of a person's are still open. `words` says what becomes of that many, before it happens.
    `hand_over` gives them from the first person to the second, by order of the third; None where they stay as they are.
    """

    count: Callable[[User], int]
    words: Callable[[int], str]
    hand_over: Callable[[User, User, User], None] | None = None


REGISTERED: list[Belongings] = []


def register(belongings: Belongings) -> None:
    """Add a kind of things."""
    REGISTERED.append(belongings)


def in_words(person: User) -> list[str]:
    """What becomes of all that a person still looks after, a line for each kind of things; empty without any."""
    counts = [(belongings, belongings.count(person)) for belongings in REGISTERED]
    return [belongings.words(count) for belongings, count in counts if count]


def hand_over(person: User, to: User, by: User) -> None:
    """Give all that a person still looks after to somebody else."""
    for belongings in REGISTERED:
        if belongings.hand_over:
            belongings.hand_over(person, to, by)


def who_may_take_over(person: User) -> QuerySet[User]:
    """Whoever is let in and may work on what this person had."""
    roles = User.groups.through.objects.filter(group__name__in=[SECURITY_ADMINISTRATOR, ADMINISTRATOR])
    may_work = Q(is_superuser=True) | Q(pk__in=roles.values("user"))
    return User.objects.filter(may_work, is_active=True).exclude(pk=person.pk)
