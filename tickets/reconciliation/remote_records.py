"""What ServiceNow holds of our tickets, read in as few calls as it allows: by primary key, by our keys, by our marker.

An instance ignores a condition that it does not understand and answers with strangers, so each row is held against what
was asked for.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from connector.servicenow.batch import Listing
from connector.servicenow.client import Client, ids_query
from connector.servicenow.errors import Unreadable
from connector.servicenow.records import Record
from tickets.models.choices import Kind
from tickets.reconciliation.comparison import Remote
from tickets.records.payload import MARKERS
from tickets.tracking import mirror
from tickets.tracking.sync import AT_A_TIME

# By primary key a list is quick, and so many are far from the time that a batch may take.
LISTS_AT_ONCE = 8
PAGE = 1000
_KEY_FIELDS = ("sys_id", "correlation_id", "active")
_ABOUT_FIELDS = (
    "sys_id",
    "number",
    "short_description",
    "description",
    "correlation_id",
    "correlation_display",
    "sys_created_on",
)

Item = TypeVar("Item")


class Ignored(Exception):
    """The instance left a condition out, so that what it lists says nothing."""


def by_sys_id(
    client: Client, kind: Kind, sys_ids: Sequence[str]
) -> Iterator[tuple[list[str], dict[str, Remote]]]:
    """Yield some of the asked-for sys_ids and the records that came back for them, until all were asked for.

    What does not come back is asked for once more.
    """
    batches = client.batches(kind, sys_ids, mirror.fields(kind))
    for group in _pieces(batches, LISTS_AT_ONCE):
        asked = [sys_id for ids in group for sys_id in ids]
        found = _versions(client, kind, group)
        absent = [sys_id for sys_id in asked if sys_id not in found]
        for again in client.batches(kind, absent, mirror.fields(kind)):
            found |= _versions(client, kind, [again])
        yield asked, found


def by_keys(client: Client, kind: Kind, keys: Mapping[str, str]) -> list[Remote]:
    """Return the records that tickets asked for: `keys` are correlation ids by the sys_ids that were chosen."""
    found: dict[str, Remote] = {}
    for part in _pieces(keys.items(), AT_A_TIME):
        chosen = dict(part)
        asked = (ids_query("sys_id", list(chosen)), ids_query("correlation_id", list(chosen.values())))
        pages = client.lists([Listing(kind, query, _KEY_FIELDS, 2 * len(chosen)) for query in asked])
        for row in client.usable(kind, (row for page in pages for row in page.records)):
            key = row.get("correlation_id")
            if row.sys_id not in chosen and key not in chosen.values():
                raise Unreadable("The instance ignored the condition on sys_id or correlation_id.")
            if key in ("", chosen.get(row.sys_id, key)):
                found[row.sys_id] = _keyed(kind, row)
    return list(found.values())


def with_marker(client: Client, kind: Kind) -> Iterator[list[Remote]]:
    """Yield every record that carries our marker, page by page along the primary key.

    An empty page is the end, a short one is not: limits apply before access rules. Raises `Ignored`.
    """
    last, offset = "", 0
    fields = (*_KEY_FIELDS, "correlation_display")
    while True:
        query = f"correlation_display={MARKERS[kind]}" + (f"^sys_id>{last}" if last else "")
        page = client.list(kind, query, fields, PAGE, order_by=("sys_id",), offset=offset)
        if not page.records and not page.left_out:
            return
        rows = client.usable(kind, page.records)
        if not rows:
            # Rows that do not say which they are are passed over.
            offset += len(page.records) + page.left_out
            continue
        ids, offset = [last, *(row.sys_id.lower() for row in rows)], 0
        if ids != sorted(set(ids)) or any(row.get("correlation_display") != MARKERS[kind] for row in rows):
            raise Ignored
        yield [_keyed(kind, row) for row in rows]
        last = rows[-1].sys_id


def about(client: Client, kind: Kind, sys_ids: Sequence[str]) -> dict[str, Record]:
    """Return what is worth knowing of records that carry our marker, by sys_id, but for those that lost it since."""
    found = {}
    for part in _pieces(sys_ids, AT_A_TIME):
        for row in client.by_sys_ids(kind, part, _ABOUT_FIELDS).records:
            if row.get("correlation_display") == MARKERS[kind]:
                found[row.sys_id] = row
    return found


def whole(client: Client, kind: Kind, sys_ids: Sequence[str]) -> Iterator[Record]:
    """Yield records with all that is mirrored of them."""
    for part in _pieces(sys_ids, AT_A_TIME):
        query = ids_query("sys_id", part)
        [page] = client.lists([Listing(kind, query, mirror.fields(kind), len(part), display_values=True)])
        yield from (row for row in page.records if row.sys_id in part)


def _keyed(kind: Kind, row: Record) -> Remote:
    return Remote(kind, row.sys_id, row.get("correlation_id"), is_active=row.get("active") != "false")


def _versions(client: Client, kind: Kind, batches: Sequence[Sequence[str]]) -> dict[str, Remote]:
    asked = {sys_id for ids in batches for sys_id in ids}
    fields = mirror.fields(kind)
    listings = [Listing(kind, ids_query("sys_id", ids), fields, len(ids)) for ids in batches]
    rows = client.usable(kind, (row for page in client.lists(listings) for row in page.records))
    if any(row.sys_id not in asked for row in rows):
        raise Unreadable("The instance ignored the condition on sys_id.")
    return {row.sys_id: _looked_at(kind, row) for row in rows}


def _looked_at(kind: Kind, row: Record) -> Remote:
    values = mirror.compared_values(kind, row)
    return Remote(kind, row.sys_id, version=mirror.version_of(row), values=values)


def _pieces(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    items = list(items)
    yield from (items[start : start + size] for start in range(0, len(items), size))
