"""Approvals of changes: who is asked when, and what follows from the answer.

Source: ServiceNow documentation, "Change approval policies" and "State model and transitions": peers of the assignment
group approve in Assess, the change advisory board in Authorize; a rejection sends the change back to New. Whom the
sandbox asks is its own choice; on a real instance each customer decides that.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.servicenow.behaviour import ASSESS, AUTHORIZE, NEW, Write, next_states
from sandbox.servicenow.store import Row, Store

TABLE = "sysapproval_approver"
# Asked where the group that would be has no members.
BOARD = "d3e4f5a6b7c84900a11c2d3e4f5a6b72"
PEERS = "c2d3e4f5a6b74899900b1c2d3e4f5a61"


@dataclass(frozen=True)
class Deed:
    """A write that follows from another; `sys_id` is empty for a new record."""

    table: str
    sys_id: str
    fields: dict[str, str]


def consequences(store: Store, table: str, row: Row, write: Write) -> list[Deed]:
    """What the instance does elsewhere after a record was written."""
    if table == "change_request":
        return [*_withdrawn(store, row, write), *_requested(store, row, write)]
    if table == TABLE:
        return list(_decided(store, row, write))
    return []


def of_change(store: Store, sys_id: str) -> list[Row]:
    """The approvals of a change, oldest first."""
    return store.find(TABLE, sysapproval=sys_id)


def _awaits(row: Row) -> bool:
    return row["state"] in (ASSESS, AUTHORIZE) and row["on_hold"] != "true"


def _resumes(row: Row, write: Write) -> bool:
    """Whether the write brings a change to where approvals are asked for, or back there from On hold."""
    released = write.old is not None and write.moves(row, "on_hold")
    return _awaits(row) and (write.enters(row, ASSESS, AUTHORIZE) or released)


def _withdrawn(store: Store, row: Row, write: Write) -> Iterator[Deed]:
    if _awaits(row) and not write.moves(row):
        return
    for approval in of_change(store, row["sys_id"]):
        if approval["state"] == "requested":
            yield Deed(TABLE, approval["sys_id"], {"state": "not_required"})


def _requested(store: Store, row: Row, write: Write) -> Iterator[Deed]:
    if not _resumes(row, write):
        return
    usual = BOARD if row["state"] == AUTHORIZE else PEERS
    wanted = usual if row["state"] == AUTHORIZE else row["assignment_group"] or usual
    group = wanted if store.find("sys_user_grmember", group=wanted) else usual
    for member in store.find("sys_user_grmember", group=group):
        asked = {"approver": member["user"], "group": group, "state": "requested"}
        about = {"sysapproval": row["sys_id"], "document_id": row["sys_id"], "source_table": "change_request"}
        yield Deed(TABLE, "", {**asked, **about})


def _decided(store: Store, row: Row, write: Write) -> Iterator[Deed]:
    change = store.get("change_request", row["sysapproval"])
    if change is None or not _awaits(change) or not write.moves(row):
        return
    if row["state"] == "approved":
        yield Deed("change_request", change["sys_id"], {"state": next_states(change)[0]})
    elif row["state"] == "rejected":
        yield Deed("change_request", change["sys_id"], {"state": NEW, "approval": "rejected"})
