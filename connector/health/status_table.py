"""The connection's status inside ServiceNow, in the table of the connector app, where somebody has installed it.

One row for each portal, found by its address. A table in a scope of its own names its columns plainly, one made by
hand puts `u_` in front of them; an instance ignores fields that it does not know, so both are sent.
"""

import logging
from datetime import UTC, datetime

from django.conf import settings
from django.utils import translation

from connector.health import check_texts
from connector.models import Connection, ConnectionStatus
from connector.servicenow.client import Client
from connector.servicenow.errors import BadRequest, NotFound, Refused, ServiceNowError
from connector.servicenow.records import TIME_FORMAT

logger = logging.getLogger(__name__)
TABLE = "x_scdsk_m365ticket_connection"
PREFIX = "u_"
MOST_PORTALS = 100
# ServiceNow's form for moments, in UTC (REST API documentation, `sysparm_input_display_value`).


def write(connection: Connection, client: Client, now: datetime, status: str = "") -> tuple[str, str]:
    """Write the status; say what came of it as a finding and ServiceNow's words: written, absent or unwritable."""
    row = _row(connection, now, status or connection.status)
    try:
        found = _sys_id_of_ours(client)
        stored = client.update(TABLE, found, row) if found else client.create(TABLE, row)
    except (BadRequest, NotFound):
        # 400 "Invalid table" for a table that does not exist (Table API documentation, "REST API HTTP response codes").
        return "absent", ""
    except Refused as refusal:
        return "unwritable", refusal.detail
    except ServiceNowError as error:
        logger.warning("The status could not be written into %s: %s", connection.instance.host, error)
        return "unwritable", error.detail
    told = stored.get("status") or stored.get(f"{PREFIX}status")
    return ("written", "") if told == row["status"] else ("unwritable", TABLE)


def say_removed(connection: Connection, client: Client, now: datetime) -> None:
    """Tell the connector app that the connection ends."""
    write(connection, client, now, ConnectionStatus.REMOVED)


def _row(connection: Connection, now: datetime, status: str) -> dict[str, str]:
    plain = {
        "portal_url": settings.PUBLIC_URL,
        "organization": settings.ORGANIZATION_NAME,
        "status": status,
        "integration_user": connection.integration_user_sys_id,
        "connected_on": _moment(connection.authorized_at),
        "last_contact_on": _moment(now),
        "last_error": "",
        "checks": _checks(connection),
    }
    return {**plain, **{f"{PREFIX}{name}": value for name, value in plain.items()}}


def _moment(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime(TIME_FORMAT) if at else ""


def _checks(connection: Connection) -> str:
    """The results as text for the instance's own people: one line each, in English."""
    with translation.override("en"):
        lines = check_texts.lines(connection.check_results.exclude(name="status_table"))
        return "\n".join(f"{line.title}: {line.verdict.label}. {line.evidence}" for line in lines)


def _sys_id_of_ours(client: Client) -> str:
    rows = client.list(TABLE, "", ("sys_id", "portal_url", f"{PREFIX}portal_url"), MOST_PORTALS).records
    ours = (
        row.sys_id
        for row in rows
        if settings.PUBLIC_URL in (row.get("portal_url"), row.get(f"{PREFIX}portal_url"))
    )
    return next(ours, "")
