"""What may be chosen for a field of ServiceNow, read live where the integration user may read it."""

from dataclasses import dataclass

from connector.servicenow.client import Client, query_value
from connector.servicenow.errors import Refused
from tickets.states import Kind

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


@dataclass(frozen=True)
class Offer:
    """What an instance offers for a field: values with their labels. `readable`: whether it could be asked;
    `out_of_calls`: that this hour's calls are the reason why not.
    """

    values: tuple[tuple[str, str], ...]
    readable: bool
    out_of_calls: str = ""

    def label(self, value: str) -> str:
        """Return what a value is called; empty where it is not on offer."""
        return dict(self.values).get(value, "")


def offered(client: Client, kind: Kind, field: str) -> Offer:
    """Ask what a field may hold. Raises a `ServiceNowError` other than a refusal."""
    try:
        values = _records(client, REFERENCES[field]) if field in REFERENCES else _choices(client, kind, field)
    except Refused:
        return Offer((), readable=False)
    return Offer(tuple(values), readable=True)


def templates(client: Client) -> Offer:
    """Ask for the standard change templates. Raises a `ServiceNowError` other than a refusal.

    An instance without the Change Management API refuses to say.
    """
    try:
        found = client.change_templates(LIMIT)
    except Refused:
        return Offer((), readable=False)
    named = ((row.sys_id, row.get("name") or row.get("short_description") or row.sys_id) for row in found)
    return Offer(tuple(sorted(named, key=lambda pair: pair[1].lower())), readable=True)


def _records(client: Client, table: str) -> list[tuple[str, str]]:
    # Groups and users that are retired stay in their tables; a table without the column ignores the condition.
    rows = client.list(table, "active=true", ("sys_id", "name"), LIMIT).records
    return sorted(
        ((row.sys_id, row.get("name") or row.sys_id) for row in rows), key=lambda pair: pair[1].lower()
    )


def _choices(client: Client, kind: Kind, field: str) -> list[tuple[str, str]]:
    query = f"nameIN{kind},task^element={query_value(field)}^language=en^inactive=false"
    wanted = ("name", "element", "value", "label", "sequence")
    rows = [
        row for row in client.list("sys_choice", query, wanted, LIMIT).records if row.get("element") == field
    ]
    # The table's own list stands in place of the one of `task`.
    own = [row for row in rows if row.get("name") == kind] or rows
    ordered = sorted(own, key=lambda row: int(row.get("sequence") or 0))
    return [(row.get("value"), row.get("label")) for row in ordered if row.get("value")]
