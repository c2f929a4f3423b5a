"""By which way an instance lets us read what people write about a record.

The table `sys_journal_field` holds every entry, and may be refused to an integration user or show it nothing without a
word. The record's own fields show the same as one text (Table API documentation, `sysparm_display_value`).
"""

from collections.abc import Mapping, Sequence

from connector.servicenow.batch import Listing
from connector.servicenow.client import Client, ids_query
from connector.servicenow.errors import Refused

TABLE = "sys_journal_field"
FIELDS = ("work_notes", "comments")
_LOOKED_AT = 50


def way(client: Client, tables: Sequence[str], written: Mapping[str, str]) -> str:
    """Return `table` or `record`; empty where no note shows either way.

    `written` are the sys_ids of records, by their tables, about which something was written a moment ago; without any,
    whatever shows counts.
    """
    about = f"{ids_query('element_id', sorted(written.values()))}^" if written else ""
    try:
        rows = client.list(TABLE, f"{about}elementIN{','.join(FIELDS)}", ("sys_id", "element_id"), _LOOKED_AT)
    except Refused:
        found = False
    else:
        found = any(not written or row.get("element_id") in written.values() for row in rows.records)
    return "table" if found else _of_records(client, tables, written)


def _of_records(client: Client, tables: Sequence[str], written: Mapping[str, str]) -> str:
    asked = [
        Listing(
            table,
            ids_query("sys_id", [written[table]]) if table in written else "",
            ("sys_id", *FIELDS),
            _LOOKED_AT,
            display_values=True,
            optional=True,
        )
        for table in tables
        if not written or table in written
    ]
    rows = [record for page in client.lists(asked) for record in page.records]
    wanted = [row for row in rows if not written or row.sys_id in written.values()]
    return "record" if any(row.shown.get(name, "").strip() for row in wanted for name in FIELDS) else ""
