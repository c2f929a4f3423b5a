"""Many incidents as an organisation has them after two years: for lists that must stay quick, and for paging."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from sandbox.servicenow.behaviour import PRIORITIES
from sandbox.servicenow.clock import stamp
from sandbox.servicenow.dictionary import tables
from sandbox.servicenow.formats import stored_duration
from sandbox.servicenow.store import Row, Store

SPAN = timedelta(days=730)
SUBJECTS = (
    "Cannot sign in to the mail client", "Printer on the third floor prints blank pages", "Laptop does not wake up",
    "VPN drops every ten minutes", "Shared drive is read-only", "Second screen stays black",
    "Meeting room camera not found", "Password expired while travelling", "Report takes an hour to open",
    "Phishing mail received", "New starter has no badge", "Phone does not ring",
)  # fmt: skip
CATEGORIES = ("inquiry", "software", "hardware", "network", "database")
# Of a hundred incidents, so many in each state.
STATES = {"1": 5, "2": 8, "3": 4, "6": 6, "7": 74, "8": 3}


def plant_incidents(
    store: Store, count: int, now: datetime, people: Sequence[str], groups: Sequence[str]
) -> None:
    """Add so many incidents, always the same ones but for their moments."""
    if not count:
        return
    with store.bulk(tables()["incident"]):
        first = store.reserve_numbers(tables()["incident"], count)
        drawn = random.Random(count)  # noqa: S311 - repeatable on purpose
        rows = (_incident(drawn, first + place, now, people, groups) for place in range(count))
        store.insert_many("incident", rows)


def _incident(
    drawn: random.Random, number: int, now: datetime, people: Sequence[str], groups: Sequence[str]
) -> Row:
    (state,) = drawn.choices([*STATES], [*STATES.values()])
    impact, urgency = drawn.choices("123", (1, 4, 15), k=2)
    opened_at = now - timedelta(seconds=drawn.randrange(int(SPAN.total_seconds())))
    updated_at = min(now, opened_at + timedelta(minutes=drawn.randrange(1, 14_400)))
    opened, updated = stamp(opened_at), stamp(updated_at)
    row = {
        **_DEFAULTS,
        "sys_id": f"{drawn.getrandbits(128):032x}",
        "number": f"{tables()['incident'].number_prefix}{number:07d}",
        "short_description": f"{drawn.choice(SUBJECTS)} ({number})",
        "category": drawn.choice(CATEGORIES),
        "state": state,
        "incident_state": state,
        "impact": impact,
        "urgency": urgency,
        "priority": PRIORITIES[impact, urgency],
        "caller_id": drawn.choice(people),
        "opened_by": drawn.choice(people),
        "assigned_to": drawn.choice(people) if state != "1" else "",
        "assignment_group": drawn.choice(groups),
        "hold_reason": drawn.choice("1345") if state == "3" else "",
        "opened_at": opened,
        "sys_created_on": opened,
        "sys_updated_on": updated,
        "sys_mod_count": str(drawn.randrange(1, 9)),
    }
    row["task_effective_number"] = row["number"]
    return row | _ending(state, row, updated, int((updated_at - opened_at).total_seconds()))


def _ending(state: str, row: Row, at: str, seconds: int) -> Row:
    ended: Row = {"active": "false"} if state in ("7", "8") else {}
    if state in ("6", "7"):
        ended |= {"resolved_at": at, "resolved_by": row["assigned_to"], "close_code": "Solution provided"}
        ended |= {"close_notes": "Solved.", "calendar_stc": str(seconds), "business_stc": str(seconds)}
        ended |= dict.fromkeys(("calendar_duration", "business_duration"), stored_duration(seconds))
    if state in ("7", "8"):
        ended |= {"closed_at": at, "closed_by": row["assigned_to"]}
    return ended


_DEFAULTS: Row = {
    **{name: field.default for name, field in tables()["incident"].fields.items()},
    "sys_created_by": "system",
    "sys_updated_by": "system",
}
