"""One record made for trying: created, read, changed, canceled, and labelled so that nobody takes it for work."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from connector.servicenow.client import Client
from connector.servicenow.errors import ConditionIgnored, Refused, ServiceNowError
from connector.servicenow.records import JOURNALS, Record

DISPLAY = "Scoredesk connection check"
TITLE = "Scoredesk connection check, nothing to do"
TEXT = (
    "Somebody who set up the connection of Scoredesk to this instance asked for this record, to see whether such "
    "records can be created and updated. It is canceled at once and needs no work."
)
_KEYS = ("sys_id", "correlation_id")


@dataclass(frozen=True)
class Trial:
    """What became of the record."""

    sys_id: str
    number: str
    kept_sys_id: bool
    kept_correlation_id: bool
    canceled: bool
    said: str = ""
    dropped_fields: tuple[str, ...] = ()  # of what was asked for besides the keys


class TrialUnclear(Exception):
    """No answer told whether the record exists; the message is the correlation id to look for."""


def try_out(
    client: Client,
    table: str,
    fields: Mapping[str, str] | None = None,
    *,
    canceled: str,
    template: str = "",
    unclear: str = "",
) -> Trial:
    """Create a record, with `fields` besides its own and from a standard change template, read it, cancel it.

    `canceled` is the value of `state` that puts a record of this table away.
    `unclear` is the correlation id of an earlier trial that was: should its record have come up, it is canceled first.
    Raises `TrialUnclear` or what the first call raises.
    """
    if unclear:
        for left in client.find_by_correlation_id(table, unclear):
            _cancel(client, table, left.sys_id, canceled)
    sys_id, correlation_id = uuid.uuid4().hex, str(uuid.uuid4())
    asked = {
        **(fields or {}),
        "sys_id": sys_id,
        "correlation_id": correlation_id,
        "correlation_display": DISPLAY,
        "short_description": TITLE,
        "description": TEXT,
    }
    created = _create(client, table, asked, template)
    found = client.read(table, created.sys_id) or created
    is_canceled, said = _cancel(client, table, created.sys_id, canceled)
    return Trial(
        sys_id=created.sys_id,
        number=found.number or created.number or created.sys_id,
        kept_sys_id=created.sys_id == sys_id,
        kept_correlation_id=_is_found(client, table, created.sys_id, correlation_id),
        canceled=is_canceled,
        said=said,
        dropped_fields=tuple(
            name
            for name in asked
            if name not in _KEYS and name not in JOURNALS and not _is_kept(found, name, asked[name])
        ),
    )


def _is_found(client: Client, table: str, sys_id: str, correlation_id: str) -> bool:
    """Whether a record can be found by its correlation id, as delivery looks for it: to be readable is not enough."""
    try:
        return any(one.sys_id == sys_id for one in client.find_by_correlation_id(table, correlation_id))
    except ConditionIgnored:
        return False


def _is_kept(found: Record, name: str, value: str) -> bool:
    return found.get(name).replace("\r\n", "\n").strip() == value.strip()


def _create(client: Client, table: str, asked: dict[str, str], template: str) -> Record:
    try:
        return client.create_from_template(template, asked) if template else client.create(table, asked)
    except ServiceNowError as error:
        if not error.outcome_unknown:
            raise
        found = client.read(table, asked["sys_id"])
        if found is None:
            same_key = client.find_by_correlation_id(table, asked["correlation_id"])
            found = same_key[0] if same_key else None
        if found is None:
            raise TrialUnclear(asked["correlation_id"]) from error
        return found


def _cancel(client: Client, table: str, sys_id: str, state: str) -> tuple[bool, str]:
    try:
        record = client.update(table, sys_id, {"state": state, "close_notes": TITLE, "work_notes": TITLE})
    except Refused as refusal:
        return False, refusal.detail
    return record.get("state") == state, ""
