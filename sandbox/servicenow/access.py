"""What a user may do to a table."""

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.servicenow.store import Row
from sandbox.servicenow.switches import Switches

# Operation -> the role that grants it besides `admin`. A table or operation that is not listed is for `admin` alone.
TASK_RULES = {"read": "itil", "create": "itil", "write": "itil"}
RULES: Mapping[str, Mapping[str, str]] = {
    "task": TASK_RULES,
    "incident": TASK_RULES,
    "change_request": TASK_RULES,
    "sys_user": {"read": "itil"},
    "sys_user_group": {"read": "itil"},
    "sys_choice": {"read": "itil"},
    "sys_journal_field": {"read": "itil"},
    "chg_model": {"read": "itil"},
}


@dataclass(frozen=True)
class Rights:
    """A user's rights under the switches of the moment."""

    user: Row
    switches: Switches

    @property
    def is_admin(self) -> bool:
        """Administrators override every access rule."""
        return "admin" in self.user["roles"].split(",")

    def may(self, operation: str, table: str) -> bool:
        """Whether the user may `read`, `create`, `write` or `delete` in a table."""
        if self.is_admin:
            return True
        if table == "sys_choice" and not self.switches.choices_readable:
            return False
        return RULES.get(table, {}).get(operation) in self.user["roles"].split(",")

    def may_query_ranges(self) -> bool:
        """Whether comparisons by order, patterns and sorting pass the Query ACLs."""
        return self.is_admin or self.switches.range_queries_allowed

    def writable(self, fields: Mapping[str, str]) -> dict[str, str]:
        """The fields that this user's writes reach; the others are silently ignored."""
        if self.is_admin:
            return dict(fields)
        closed = {name.strip() for name in self.switches.unwritable_fields.split(",")}
        if not self.switches.honour_sys_id:
            closed.add("sys_id")
        return {name: value for name, value in fields.items() if name not in closed}
