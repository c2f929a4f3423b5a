"""What may be chosen for a field of ServiceNow, read live where the integration user may read it."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from connector.access.calling import calling
from connector.access.client_factory import Paused
from connector.clock import Clock
from connector.health.error_help import out_of_calls
from connector.models import Connection
from connector.servicenow.client import Client, query_value
from connector.servicenow.errors import Refused, ServiceNowError
from connector.servicenow.metadata import choice_rows
from connector.servicenow.records import SYS_ID, Record
from tickets.models.choices import Kind

# More than anybody looks through in a list; whoever wants another one types its name.
LIMIT = 200
# The tables behind the references of `task` and its children (ServiceNow product documentation, base system).
REFERENCES = {
    "assignment_group": "sys_user_group",
    "assigned_to": "sys_user",
    "business_service": "cmdb_ci_service",
    "caller_id": "sys_user",
    "chg_model": "chg_model",
    "cmdb_ci": "cmdb_ci",
    "company": "core_company",
    "location": "cmn_location",
    "opened_by": "sys_user",
    "requested_by": "sys_user",
    "service_offering": "service_offering",
}
_NAMED = ("sys_id", "name")


@dataclass(frozen=True)
class FieldOptions:
    """What an instance offers for a field: values with their labels.

    `readable`: whether it could be asked. `is_cut`: whether there are more than these. `out_of_calls`: that this hour's
    calls are the reason why it could not be asked.
    """

    values: tuple[tuple[str, str], ...]
    readable: bool
    is_cut: bool = False
    out_of_calls: str = ""

    def label(self, value: str) -> str:
        """Return what a value is called; empty where it is not on offer."""
        return dict(self.values).get(value, "")

    def meant(self, typed: str) -> list[str]:
        """Return the values that are typed so: by themselves, or by their label, which several may have."""
        if self.label(typed):
            return [typed]
        return [value for value, label in self.values if label.casefold() == typed.casefold()]

    def typed(self, value: str) -> str:
        """Return what to type for a value: its label, unless others have it too."""
        label = self.label(value)
        return label if self.meant(label) == [value] else value

    def including(self, value: str, label: str) -> "FieldOptions":
        """Return the same with one that is in use, which the instance may not offer any more."""
        if not self.values or not value or self.label(value):
            return self
        return replace(self, values=(*self.values, (value, label or value)))


def offered(
    client: Client, kind: Kind, field: str, *, wanted: str = "", may_sort: bool = False
) -> FieldOptions:
    """Ask what a field may hold. `wanted` is a value or a record's name that is looked up where it is not among the
    first ones. Raises a `ServiceNowError` other than a refusal.
    """
    try:
        if field not in REFERENCES:
            return _choices(client, kind, field)
        offer = _records(client, REFERENCES[field], may_sort=may_sort)
    except Refused:
        return FieldOptions((), readable=False)
    # What is retired is not on offer, and may be in use all the same.
    is_complete = not offer.is_cut and not re.fullmatch(SYS_ID, wanted)
    if is_complete or not wanted or offer.label(wanted):
        return offer
    for sys_id, name in _found(client, REFERENCES[field], wanted):
        offer = offer.including(sys_id, name)
    return offer


def live(connection: Connection, kind: Kind, field: str, wanted: str, now: datetime) -> FieldOptions:
    """`offered` by the connection in use; an instance that cannot be asked just now offers nothing that is known."""
    may_sort = bool(connection.instance.range_queries_allowed)
    try:
        with calling(connection, clock=Clock(now)) as client:
            return offered(client, kind, field, wanted=wanted, may_sort=may_sort)
    except (Paused, ServiceNowError):
        return FieldOptions((), readable=False, out_of_calls=out_of_calls(now))


def templates(client: Client) -> FieldOptions:
    """Ask for the standard change templates. Raises a `ServiceNowError` other than a refusal.

    An instance without the Change Management API refuses to say.
    """
    try:
        found = client.change_templates(LIMIT + 1)
    except Refused:
        return FieldOptions((), readable=False)
    return _by_label(
        (row.sys_id, row.get("name") or row.get("short_description") or row.sys_id) for row in found
    )


def _records(client: Client, table: str, *, may_sort: bool) -> FieldOptions:
    order = ("name",) if may_sort else ()
    # Groups and users that are retired stay in their tables; a table without the column ignores the condition.
    try:
        rows = client.list(table, "active=true", _NAMED, LIMIT + 1, order_by=order).records
    except Refused:
        # Query ACLs differ from table to table.
        if not order:
            raise
        return _records(client, table, may_sort=False)
    return _by_label((row.sys_id, row.get("name") or row.sys_id) for row in rows)


def _found(client: Client, table: str, wanted: str) -> list[tuple[str, str]]:
    """Look for a record by its sys_id or exact name. Two are enough to know that a name is not the only one."""
    try:
        if re.fullmatch(SYS_ID, wanted):
            record = client.read(table, wanted, _NAMED)
            rows = [record] if record else []
        else:
            rows = list(client.list(table, f"active=true^name={query_value(wanted)}", _NAMED, 2).records)
    except (Refused, ValueError):
        return []
    asked = wanted.casefold()
    return [
        (row.sys_id, row.get("name")) for row in rows if asked in (row.sys_id, row.get("name").casefold())
    ]


def _by_label(values: Iterable[tuple[str, str]]) -> FieldOptions:
    ordered = sorted(values, key=lambda pair: pair[1].lower())
    return FieldOptions(tuple(ordered[:LIMIT]), readable=True, is_cut=len(ordered) > LIMIT)


def not_offered(
    client: Client, kind: Kind, values: Mapping[str, Sequence[str]]
) -> list[tuple[str, list[str]]]:
    """Return which of these values, by field, are on none of the instance's lists; a field without a list takes any.

    ServiceNow stores them all the same. Raises a `ServiceNowError` other than a refusal.
    """
    asked = [field for field in values if field not in REFERENCES]
    found: list[tuple[str, list[str]]] = []
    for field in asked:
        offer = offered(client, kind, field)
        on_offer = {value for value, _label in offer.values}
        strange = [value for value in values[field] if value not in on_offer]
        if on_offer and strange and not offer.is_cut:
            found.append((field, strange))
    return found


def _told_apart(rows: Iterable[Record]) -> tuple[tuple[str, str], ...]:
    """Return each value once with its label. Where a value or a label stands under several parents, as those of a
    subcategory do, the label names them.
    """
    labels: dict[str, str] = {}
    parents: dict[str, list[str]] = {}
    for row in rows:
        labels.setdefault(row.get("value"), row.get("label") or row.get("value"))
        of_value = parents.setdefault(row.get("value"), [])
        if row.get("dependent_value") and row.get("dependent_value") not in of_value:
            of_value.append(row.get("dependent_value"))
    times = Counter(label.casefold() for label in labels.values())

    def named(value: str, label: str) -> str:
        is_clear = times[label.casefold()] == 1 and len(parents[value]) < 2
        return label if is_clear else f"{label} ({', '.join(parents[value]) or value})"

    return tuple((value, named(value, label)) for value, label in labels.items())


def _sequence(row: Record) -> float:
    """Where a choice stands in its list; at the end where that is no number."""
    sequence = row.get("sequence") or "0"
    return int(sequence) if re.fullmatch(r"-?[0-9]{1,9}", sequence) else math.inf


def _choices(client: Client, kind: Kind, field: str) -> FieldOptions:
    found = choice_rows(client, kind, field, "en", most=LIMIT + 1)
    ordered = sorted(found.records, key=_sequence)
    values = _told_apart(row for row in ordered if row.get("value"))
    return FieldOptions(values[:LIMIT], readable=True, is_cut=found.is_cut)
