"""Make, change and delete records: defaults, numbers, stamps, journals, and the instance's own rules."""

import uuid
from collections.abc import Mapping
from datetime import datetime

from sandbox.servicenow import approvals, refusals, texts
from sandbox.servicenow.behaviour import RULES, Write
from sandbox.servicenow.clock import stamp
from sandbox.servicenow.dictionary import TASK_CLASSES, Table, tables
from sandbox.servicenow.inputs import fitting
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.store import Duplicate, Row

# Stamped by the instance; what a caller gives for them is ignored.
STAMPS = frozenset({"sys_created_on", "sys_created_by", "sys_updated_on", "sys_updated_by", "sys_mod_count"})


def create(
    instance: Instance,
    table: Table,
    given: Mapping[str, str],
    user: Row,
    at: datetime,
    *,
    enforce: bool = True,
    stamped: bool = True,
) -> Row:
    """Add a record and return it; with `enforce` off no rule refuses anything, with `stamped` off no stamps are set.

    Raises:
        Refusal: a data policy stands against it, or the chosen `sys_id` is taken.
    """
    when = stamp(at)
    given = _usable(instance, table, given, stamped=stamped)
    row = {name: field.default for name, field in table.fields.items()}
    row |= {"sys_id": uuid.uuid4().hex, **_defaults(instance, table, user, when)}
    row |= {name: value for name, value in given.items() if name not in table.journals and value != ""}
    if stamped:
        _stamp(row, user, when)
    write = Write(None, given, user, when, instance.switches)
    _apply_rules(instance, table, row, write, enforce=enforce)
    with instance.store.transaction():
        if table.number_prefix and not row["number"]:
            row["number"] = instance.store.next_number(table)
        if "task_effective_number" in row:
            row["task_effective_number"] = row["number"]
        try:
            instance.store.insert(table.name, row)
        except Duplicate as error:
            raise refusals.duplicate_key(row["sys_id"]) from error
        _write_journals(instance, table, row["sys_id"], given, user, when)
        return _followed(instance, table, row, write, at)


def change(
    instance: Instance,
    table: Table,
    sys_id: str,
    given: Mapping[str, str],
    user: Row,
    at: datetime,
    *,
    enforce: bool = True,
    stamped: bool = True,
) -> Row:
    """Change a record and return it; a write that changes nothing leaves its stamps alone.

    Raises:
        Refusal: no such record, an illegal state change, or mandatory fields left empty.
    """
    when = stamp(at)
    given = _usable(instance, table, given, stamped=stamped)
    given.pop("sys_id", None)
    with instance.store.transaction():
        old = instance.store.get(table.name, sys_id)
        if old is None:
            raise refusals.not_found()
        row = {**old, **{name: value for name, value in given.items() if name not in table.journals}}
        write = Write(old, given, user, when, instance.switches)
        _apply_rules(instance, table, row, write, enforce=enforce)
        noted = _write_journals(instance, table, sys_id, given, user, when)
        if row != old or noted:
            if stamped:
                _stamp(row, user, when, old)
            instance.store.update(table.name, sys_id, row)
        return _followed(instance, table, row, write, at)


def delete(instance: Instance, table: Table, sys_id: str) -> bool:
    """Delete a record with its journal; whether it was there."""
    with instance.store.transaction():
        instance.store.delete("sys_journal_field", element_id=sys_id)
        return instance.store.delete(table.name, sys_id=sys_id) > 0


def class_of(instance: Instance, table: Table, sys_id: str, named: Mapping[str, Table]) -> Table:
    """The table in which a record really lives: an id asked for under `task` may be an incident."""
    if table.name != "task":
        return table
    return next((named[name] for name in TASK_CLASSES if instance.store.get(name, sys_id)), table)


def _usable(instance: Instance, table: Table, given: Mapping[str, str], *, stamped: bool) -> dict[str, str]:
    """Known fields in values that fit; the rest is silently ignored, as over the Table API."""
    ignored = STAMPS if stamped else frozenset()
    if table.parent:
        ignored |= {"sys_class_name"}
    known = {name: value for name, value in given.items() if name in table.fields and name not in ignored}
    kept = {name: texts.kept(table.fields[name], value, instance.switches) for name, value in known.items()}
    return {name: fitting(table.fields[name], value) for name, value in kept.items()}


def _followed(instance: Instance, table: Table, row: Row, write: Write, at: datetime) -> Row:
    """Have the instance do what follows from a write elsewhere; the row as it is after that."""
    deeds = approvals.consequences(instance.store, table.name, row, write)
    for deed in deeds:
        other = tables()[deed.table]
        if deed.sys_id:
            change(instance, other, deed.sys_id, deed.fields, write.user, at, enforce=False)
        else:
            create(instance, other, deed.fields, write.user, at, enforce=False)
    return (instance.store.get(table.name, row["sys_id"]) or row) if deeds else row


def _defaults(instance: Instance, table: Table, user: Row, when: str) -> dict[str, str]:
    if table.name not in TASK_CLASSES:
        return {}
    filled = {"opened_at": when, "opened_by": user["sys_id"]}
    if table.name == "change_request":
        filled["requested_by"] = user["sys_id"]
        normal = instance.store.find("chg_model", name="Normal") if instance.switches.change_models else []
        filled["chg_model"] = normal[0]["sys_id"] if normal else ""
    return filled


def _stamp(row: Row, user: Row, when: str, old: Row | None = None) -> None:
    stamps = {"sys_updated_on": when, "sys_updated_by": user["user_name"]}
    if old is None:
        stamps |= {"sys_created_on": when, "sys_created_by": user["user_name"], "sys_mod_count": "0"}
    else:
        stamps["sys_mod_count"] = str(int(old.get("sys_mod_count", "0")) + 1)
    row |= {name: value for name, value in stamps.items() if name in row}


def _apply_rules(instance: Instance, table: Table, row: Row, write: Write, *, enforce: bool) -> None:
    if table.name not in RULES:
        return
    settle, check = RULES[table.name]
    settle(row, write)
    if enforce:
        codes = instance.store.find("sys_choice", name=table.name, element="close_code", inactive="false")
        check(row, write, frozenset(code["value"] for code in codes))


def _write_journals(
    instance: Instance, table: Table, sys_id: str, given: Mapping[str, str], user: Row, when: str
) -> bool:
    written = [
        (name, given[name]) for name in ("comments", "work_notes") if given.get(name) and name in table.fields
    ]
    for element, value in written:
        entry = {"sys_id": uuid.uuid4().hex, "name": table.name, "element": element, "element_id": sys_id}
        entry |= {"value": value, "sys_created_on": when, "sys_created_by": user["user_name"]}
        instance.store.insert("sys_journal_field", entry)
    return bool(written)
