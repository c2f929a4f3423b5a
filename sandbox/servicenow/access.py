"""What a user may do to a table, to a record, to a field.

Source: ServiceNow documentation, "Access control list rules" and the roles of ITSM; unverified parts are named in
DIFFERENCES.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.servicenow.dictionary import TASK_CLASSES
from sandbox.servicenow.store import Row
from sandbox.servicenow.switches import Switches

EVERYONE = ""
JOURNAL = "sys_journal_field"
# Operation -> the role that grants it besides `admin`. A table or operation that is not listed is for `admin` alone.
# Everyone may ask for tasks, and sees their own.
TASK_RULES = {"read": EVERYONE, "create": "itil", "write": "itil"}
LOOK_UP_RULES = {"read": "itil"}
LOOKED_UP = (
    "chg_model", "cmdb_ci", "cmn_department", "cmn_location", "core_company", "sys_choice", "sys_journal_field",
    "sys_user", "sys_user_grmember", "sys_user_group",
)  # fmt: skip
RULES: Mapping[str, Mapping[str, str]] = {
    **dict.fromkeys(("task", *TASK_CLASSES), TASK_RULES),
    **dict.fromkeys(LOOKED_UP, LOOK_UP_RULES),
    "sys_attachment": {"read": "itil", "create": "itil"},
    "sysapproval_approver": {"read": "itil", "write": "itil"},
    "x_scdsk_m365ticket_connection": {"read": "itil", "create": "itil", "write": "itil"},
}
# Fields that tell whose a task is.
OWNERS = ("opened_by", "caller_id", "requested_by")


@dataclass(frozen=True)
class Rights:
    """A user's rights under the switches of the moment."""

    user: Row
    switches: Switches

    @property
    def is_admin(self) -> bool:
        """Administrators override every access rule."""
        return self._has("admin")

    def may(self, operation: str, table: str) -> bool:
        """Whether the user may `read`, `create`, `write` or `delete` in a table."""
        if self.is_admin:
            return True
        if table == "sys_choice" and not self.switches.choices_readable:
            return False
        if table == JOURNAL and self.switches.journal_table == "forbidden":
            return False
        role = RULES.get(table, {}).get(operation)
        return role == EVERYONE or (role is not None and self._has(role))

    def sees(self, row: Row, table: str) -> bool:
        """Whether a row is for the user's eyes: without `itil`, tasks of one's own."""
        if table == JOURNAL and self.switches.journal_table == "empty":
            return self.is_admin
        if table not in ("task", *TASK_CLASSES) or self.is_admin or self._has("itil"):
            return True
        return self.user["sys_id"] in (row.get(name) for name in OWNERS)

    def may_change(self, row: Row, table: str) -> bool:
        """Whether the user may write to this row: others' approvals and closed incidents are for administrators."""
        if self.is_admin or not self.may("write", table):
            return self.is_admin
        if table == "sysapproval_approver":
            return row["approver"] == self.user["sys_id"]
        return table != "incident" or row["state"] not in ("7", "8")

    def may_read_meta(self) -> bool:
        """Whether the user may ask what columns and choices a table has."""
        return self.is_admin or self.switches.meta_readable

    def may_query_ranges(self) -> bool:
        """Whether comparisons by order, patterns and sorting pass the Query ACLs."""
        return self.is_admin or self.switches.range_queries_allowed

    def closed_fields(self) -> frozenset[str]:
        """The fields that this user does not get to see."""
        return frozenset() if self.is_admin else names(self.switches.unreadable_fields)

    def writable(self, fields: Mapping[str, str]) -> dict[str, str]:
        """The fields that this user's writes reach; the others are silently ignored."""
        if self.is_admin:
            return dict(fields)
        closed = names(self.switches.unwritable_fields)
        if not self.switches.honour_sys_id:
            closed |= {"sys_id"}
        return {name: value for name, value in fields.items() if name not in closed}

    def _has(self, role: str) -> bool:
        return role in self.user["roles"].split(",")


def names(listed: str) -> frozenset[str]:
    """Names that are listed with commas between them."""
    return frozenset(name.strip() for name in listed.split(",") if name.strip())
