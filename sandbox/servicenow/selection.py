"""Which rows a request asks for: its encoded query and its name-value filters, under the Query ACLs.

Source: Table API documentation, `sysparm_query` and "name-value pairs"; ServiceNow documentation, "Query ACLs".
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.servicenow import refusals
from sandbox.servicenow.access import Rights
from sandbox.servicenow.dictionary import Table
from sandbox.servicenow.incoming import Incoming
from sandbox.servicenow.inputs import raw_values
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.query import Query, parse
from sandbox.servicenow.query_sql import to_sql
from sandbox.servicenow.query_terms import Term
from sandbox.servicenow.representation import Representation, reader_of
from sandbox.servicenow.scripts import Scripts
from sandbox.servicenow.store import Row


@dataclass(frozen=True)
class Selection:
    """A condition and an order in SQL, with the values of the condition, and the joins over which the order leads."""

    where: str
    values: list[str]
    order: str
    joins: str

    @classmethod
    def asked_for(cls, instance: Instance, request: Incoming, user: Row, table: Table) -> "Selection":
        """What the parameters of a request select for a user.

        Raises:
            Refusal: a Query ACL, or a field that may not be read, stands against it.
        """
        rights = Rights(user, instance.switches)
        show = reader_of(instance.store, instance.switches, user, rights.closed_fields())
        scripts = Scripts(user, instance.now(), show.time_zone)
        query = parse(request.args.get("sysparm_query", ""), table, scripts)
        query = _allowed(_filtered(query, request, table, show), rights, show.closed)
        if query.dropped and instance.switches.invalid_query_returns_no_rows:
            return cls("0", [], "", "")
        return cls(*to_sql(query, table))


def hidden_ids(instance: Instance, user: Row, table: Table, rows: Sequence[Row]) -> frozenset[str]:
    """The sys_ids of those rows that the access rule in the switch `hidden_rows` keeps from a user."""
    rights = Rights(user, instance.switches)
    scripts = Scripts(user, instance.now(), instance.switches.time_zone)
    rule = parse(instance.switches.hidden_rows, table, scripts)
    if rights.is_admin or rule.dropped or not any(rule.groups) or not rows:
        return frozenset()
    where, values, *_ = to_sql(rule, table)
    ids = [row["sys_id"] for row in rows]
    among = f"sys_id IN ({', '.join('?' * len(ids))})"
    found = instance.store.select(table.name, f"({where}) AND {among}", [*values, *ids])
    return frozenset(row["sys_id"] for row in found)


def _filtered(query: Query, request: Incoming, table: Table, show: Representation) -> Query:
    """Any parameter that is a field narrows the query; its value may be the one that people see."""
    for name, value in request.args.items():
        if not name.startswith("sysparm_") and (walked := table.walk(name)):
            meant = raw_values(value, walked[-1], table, show)
            query = query.narrowed(*(Term(name, "=", (one,)) for one in sorted(meant)))
    return query


def _allowed(query: Query, rights: Rights, closed: frozenset[str]) -> Query:
    readable = query.without(closed)
    if query != readable and rights.switches.unreadable_field_query == "forbidden":
        raise refusals.query_denied()
    if rights.may_query_ranges() or readable == readable.without_ranges():
        return readable
    if rights.switches.query_denial == "forbidden":
        raise refusals.query_denied()
    return readable.without_ranges()
