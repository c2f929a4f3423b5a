"""What came of tickets. Django takes several times as long to write these queries as a database to answer them, so each
is written once, for as many tickets as a page may show, and asked with other keys and another moment each time.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import DateTimeField, UUIDField

from tickets.models import outcome
from tickets.models.choices import Outcome
from tickets.models.ticket import Ticket

MOST = 50
# Where the queries are to say what is asked for.
_KEYS = [UUID(int=number) for number in range(MOST)]
_UNTIL = datetime(1970, 1, 1, tzinfo=UTC)
_KEY, _MOMENT = UUIDField(), DateTimeField()
Written = tuple[str, tuple[Any, ...]]


def outcomes_of(tickets: Sequence[UUID], judged_until: datetime | None) -> Mapping[UUID, str]:
    """Return what `with_outcome` says of these tickets, at most `MOST`."""
    if not tickets:
        return {}
    if len(tickets) > MOST:
        raise ValueError(f"{len(tickets)} tickets")
    keys = [*tickets, *[tickets[0]] * (MOST - len(tickets))]
    asked = dict(zip(map(_key, _KEYS), map(_key, keys), strict=True))
    rows = _ask(_written(connection.vendor, has_scores=judged_until is not None), judged_until, asked)
    return {UUID(str(key)): name for key, name in rows}


def tickets_with(wanted: Outcome, judged_until: datetime | None) -> list[UUID]:
    """Return the tickets of which this came, in no order: at most one of each action, or what is open."""
    if wanted == Outcome.NOT_EFFECTIVE and judged_until is None:
        return []
    written = _written_only(connection.vendor, wanted, has_scores=judged_until is not None)
    return [UUID(str(key)) for (key,) in _ask(written, judged_until, {})]


def _ask(written: Written, judged_until: datetime | None, asked: Mapping[Any, Any]) -> list[tuple[Any, ...]]:
    sql, params = written
    if judged_until is not None:
        asked = {**asked, _moment(_UNTIL): _moment(judged_until)}
    with connection.cursor() as cursor:
        cursor.execute(sql, [asked.get(param, param) for param in params])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


@cache
def _written(vendor: str, *, has_scores: bool) -> Written:
    tickets = Ticket.objects.filter(pk__in=_KEYS).with_outcome(_UNTIL if has_scores else None)
    written: Written = tickets.order_by().values_list("pk", "outcome").query.sql_with_params()
    return written


@cache
def _written_only(vendor: str, wanted: Outcome, *, has_scores: bool) -> Written:
    tickets = outcome.only(wanted, _UNTIL if has_scores else None, Ticket.objects.all())
    written: Written = tickets.order_by().values_list("pk").query.sql_with_params()
    return written


def _key(key: UUID) -> Any:
    return _KEY.get_db_prep_value(key, connection)


def _moment(at: datetime) -> Any:
    return _MOMENT.get_db_prep_value(at, connection)
