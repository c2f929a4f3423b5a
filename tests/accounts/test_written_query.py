"""Queries that Django writes once answer as those that it writes each time."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db.models import QuerySet

from accounts.written_query import WrittenQuery, WrittenRows
from tests.factories import ActionFactory, TicketFactory, UserFactory
from tickets.models import Ticket

pytestmark = pytest.mark.django_db
COLUMNS = ("id", "created_at", "current_due_on", "is_open", "record")


def made_on(pk: UUID, due_on: date, until: datetime, priority: int) -> QuerySet[Ticket, tuple[object, ...]]:
    found = Ticket.objects.filter(pk=pk, due_on=due_on, created_at__lte=until, current_priority=priority)
    return found.values_list(*COLUMNS)


def test_a_query_that_was_written_once_answers_for_other_values_in_python_s_types() -> None:
    query = WrittenQuery(made_on, pk=UUID, due_on=date, until=datetime, priority=int)
    today, later = date(2026, 11, 29), datetime.now(UTC) + timedelta(hours=1)
    for days in range(2):
        due_on = today + timedelta(days=days)
        ticket = TicketFactory.create(due_on=due_on, record={"state": "1"})
        values: dict[str, Any] = {
            "pk": ticket.pk,
            "due_on": due_on,
            "until": later,
            "priority": ticket.priority,
        }
        assert query.rows(**values) == list(made_on(**values)) != []
        assert query.rows(**values | {"due_on": due_on + timedelta(days=9)}) == []
        assert query.rows(**values | {"until": later - timedelta(days=9)}) == []
        with pytest.raises(KeyError):
            query.rows(pk=ticket.pk)


def test_a_value_that_does_not_get_into_the_query_is_told_at_once() -> None:
    query = WrittenQuery(
        lambda number: Ticket.objects.filter(number=f"INC{number}").values_list("pk"), number=int
    )
    with pytest.raises(ValueError, match="not asked for: number"):
        query.rows(number=1)


def test_rows_that_are_read_by_a_written_query_know_what_they_refer_to(
    django_assert_num_queries: Callable[[int], AbstractContextManager[object]],
) -> None:
    action, successor = ActionFactory.create(), UserFactory.create()
    whole = TicketFactory.create(action=action, requested_by__successor=successor, record={"state": "1"})
    plain = TicketFactory.create()
    query = WrittenRows(
        lambda pk: Ticket.objects.filter(pk=pk).with_frozen(),
        related=("instance", "action", "requested_by", "requested_by__successor"),
        extra=("is_frozen",),
        pk=UUID,
    )
    query.rows(pk=whole.pk)
    with django_assert_num_queries(2):
        [found], [other] = query.rows(pk=whole.pk), query.rows(pk=plain.pk)
        assert (found.action, found.requested_by.successor, found.instance) == (
            action,
            successor,
            whole.instance,
        )
        assert (other.action, other.requested_by.successor, other.requested_by) == (
            None,
            None,
            plain.requested_by,
        )
        assert found.is_frozen
        assert found.action is not None
        assert found.action.title == action.title
    read = Ticket.objects.get(pk=whole.pk)
    columns = [field.attname for field in Ticket._meta.concrete_fields]
    assert [getattr(found, column) for column in columns] == [getattr(read, column) for column in columns]
