"""The instance's knowledge about itself: `sys_dictionary`, `sys_db_object` and a few `sys_properties`."""

import uuid
from functools import cache

from sandbox.servicenow.dictionary import Field, Kind, Table, tables, task_table
from sandbox.servicenow.store import Row, Store

INTERNAL_TYPES = {
    Kind.DATE: "glide_date",
    Kind.DATE_TIME: "glide_date_time",
    Kind.DURATION: "glide_duration",
    Kind.LIST: "glide_list",
    Kind.CLASS: "sys_class_name",
    Kind.JOURNAL: "journal_input",
    Kind.CHOICE: "string",
}
BUILDS = {
    "hardened": "glide-zurich-07-01-2025__patch2-09-10-2025",
    "legacy": "glide-kingston-10-17-2017__patch6",
}


def plant_dictionary(store: Store, when: str, profile: str) -> None:
    """Describe every table and field; name the release."""
    stamps = {"sys_created_on": when, "sys_updated_on": when}
    store.insert_many("sys_db_object", ({**row, **stamps} for row in _objects()))
    store.insert_many("sys_dictionary", ({**row, **stamps} for row in _entries()))
    properties = {
        "glide.war": f"{BUILDS[profile]}.zip",
        "glide.buildtag": BUILDS[profile],
        "glide.buildtag.last": BUILDS[profile],
        "glide.buildname": BUILDS[profile].split("-")[1].capitalize(),
    }
    rows = (_row("sys_properties", name, name=name, value=value) for name, value in properties.items())
    store.insert_many("sys_properties", ({**row, **stamps} for row in rows))


@cache
def _objects() -> list[Row]:
    described = [task_table(), *tables().values()]
    ids = {table.name: _id("sys_db_object", table.name) for table in described}
    return [
        _row("sys_db_object", t.name, name=t.name, label=t.label, super_class=ids.get(t.parent, ""))
        for t in described
    ]


@cache
def _entries() -> list[Row]:
    return [
        _entry(table, field)
        for table in (task_table(), *tables().values())
        for field in table.fields.values()
    ]


def _entry(table: Table, field: Field) -> Row:
    return _row(
        "sys_dictionary",
        f"{table.name}.{field.name}",
        name=table.name,
        element=field.name,
        column_label=field.label,
        internal_type=INTERNAL_TYPES.get(field.kind, field.kind.value),
        max_length=str(field.length),
        reference=field.reference,
        default_value=field.default,
    )


def _row(table: str, key: str, **fields: str) -> Row:
    defaults = {name: field.default for name, field in tables()[table].fields.items()}
    return {
        **defaults,
        "sys_id": _id(table, key),
        "sys_created_by": "system",
        "sys_updated_by": "system",
        **fields,
    }


def _id(table: str, key: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_OID, f"{table}:{key}").hex
