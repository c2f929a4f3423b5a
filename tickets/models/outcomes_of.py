"""What came of the tickets of one page. Django takes several times as long to write this query as a database to answer
it, so it is written once, for as many tickets as a page may show, and asked with other keys each time.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import DateTimeField, UUIDField

from tickets.models.ticket import Ticket

MOST = 50
# Where the query is to say what is asked for.
_KEYS = [UUID(int=number) for number in range(MOST)]
_UNTIL = datetime(1970, 1, 1, tzinfo=UTC)


def outcomes_of(tickets: Sequence[UUID], judged_until: datetime | None) -> Mapping[UUID, str]:
    """Return what `with_outcome` says of these tickets, at most `MOST`."""
    if not tickets:
        return {}
    if len(tickets) > MOST:
        raise ValueError(f"{len(tickets)} tickets")
    sql, params = _written(connection.vendor, has_scores=judged_until is not None)
    keys = [*tickets, *[tickets[0]] * (MOST - len(tickets))]
    asked = dict(zip(map(_key, _KEYS), map(_key, keys), strict=True))
    if judged_until is not None:
        asked[_moment(_UNTIL)] = _moment(judged_until)
    with connection.cursor() as cursor:
        cursor.execute(sql, [asked.get(param, param) for param in params])
        return {UUID(str(key)): outcome for key, outcome in cursor.fetchall()}


@cache
def _written(vendor: str, *, has_scores: bool) -> tuple[str, tuple[Any, ...]]:
    tickets = Ticket.objects.filter(pk__in=_KEYS).with_outcome(_UNTIL if has_scores else None)
    written: tuple[str, tuple[Any, ...]] = (
        tickets.order_by().values_list("pk", "outcome").query.sql_with_params()
    )
    return written


def _key(key: UUID) -> Any:
    return UUIDField().get_db_prep_value(key, connection)


def _moment(at: datetime) -> Any:
    return DateTimeField().get_db_prep_value(at, connection)
