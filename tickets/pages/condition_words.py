"""What the states of many tickets are called, each looked up once."""

from collections import defaultdict
from collections.abc import Collection
from typing import NamedTuple

from django.db.models import QuerySet

from accounts.written_query import WrittenQuery
from tickets.models import StateName
from tickets.models.record_condition import Condition


class Name(NamedTuple):
    """The columns of a `StateName` that tell what a state is called."""

    kind: str
    value: str
    language: str
    their_label: str
    our_label: str


def _names(instance: int) -> QuerySet[StateName, tuple[str, ...]]:
    return StateName.objects.filter(instance=instance).order_by("pk").values_list(*Name._fields)


_NAMES = WrittenQuery(_names, instance=int)


def names_of(instance: int) -> tuple[Name, ...]:
    """Return what states are called, of one instance. One query."""
    return tuple(map(Name._make, _NAMES.rows(instance=instance)))


class ConditionWords:
    """Says in one language how far tickets are, and what their records mean. `states` are the instances and the stored
    states of all that will be asked for; None means any.
    """

    def __init__(self, states: Collection[tuple[int, str]] | None, language: str) -> None:
        self.language = language
        self.names = defaultdict[int, list[Name]](list)
        names = StateName.objects.all()
        if states is not None:
            instances, values = {instance for instance, _ in states}, {value for _, value in states}
            names = names.filter(instance__in=instances, value__in=values)
        for instance, *name in names.values_list("instance", *Name._fields):
            self.names[instance].append(Name(*name))
        self.said: dict[tuple[int, Condition], str] = {}

    def of(self, instance: int, condition: Condition) -> str:
        """Say it of a ticket of this instance."""
        key = (instance, condition)
        if key not in self.said:
            self.said[key] = condition.words(self.names[instance], self.language)
        return self.said[key]
