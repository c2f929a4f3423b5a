"""The companion app, as the portal's connector is called inside ServiceNow: its table and its pages.

Until it is installed its table does not exist. Scope: `x_scdsk_m365ticket`.
"""

from sandbox.servicenow.clock import stamp
from sandbox.servicenow.instance import Instance

PREFIX = "x_scdsk_"
TABLE = "x_scdsk_m365ticket_connection"
PROPERTY = "x_scdsk_m365ticket.version"
VERSION = "1.0.0"
_PROPERTY_ID = "7d0c5b0f6e8b4d1fa2c39be1f0a4c6d8"


def is_installed(instance: Instance) -> bool:
    """Whether the app is there."""
    return bool(instance.store.find("sys_properties", name=PROPERTY))


def is_missing(instance: Instance, table: str) -> bool:
    """Whether a table is one of the app's while the app is not there."""
    return table.startswith(PREFIX) and not is_installed(instance)


def install(instance: Instance) -> None:
    """Commit the update set: from now on the app's table exists."""
    if is_installed(instance):
        return
    when = stamp(instance.now())
    made = {
        "sys_created_on": when,
        "sys_created_by": "admin",
        "sys_updated_on": when,
        "sys_updated_by": "admin",
    }
    row = {"sys_id": _PROPERTY_ID, "name": PROPERTY, "value": VERSION, **made}
    instance.store.insert("sys_properties", row)


def remove(instance: Instance) -> None:
    """Take the app away with its records."""
    with instance.store.transaction():
        instance.store.delete("sys_properties", name=PROPERTY)
        instance.store.delete(TABLE)
