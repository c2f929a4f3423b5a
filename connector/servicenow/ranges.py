"""Whether an instance lets us compare by order and sort.

Query ACLs may refuse both, and where they do an instance may say so or quietly leave the condition out (ServiceNow
documentation, "Query ACLs"); a list without its condition holds strangers.
"""

from connector.servicenow.client import Client
from connector.servicenow.errors import Forbidden

TABLE = "task"
FIELDS = ("sys_id", "sys_updated_on")
FAR_FUTURE = "2999-01-01 00:00:00"
LONG_AGO = "2000-01-01 00:00:00"


def allowed(client: Client) -> bool | None:
    """Whether range queries and sorting on `sys_updated_on` work; None where there is no row to try them on."""
    known = [row.sys_id for row in client.list(TABLE, "", FIELDS, 2).records]
    if not known:
        return None
    try:
        return (
            not _found(client, f"sys_updated_on>{FAR_FUTURE}") and _narrows(client, known) and _sorts(client)
        )
    except Forbidden:
        return False


def _narrows(client: Client, known: list[str]) -> bool:
    return _found(client, f"sys_id={known[0]}^sys_updated_on>{LONG_AGO}") == [known[0]]


def _sorts(client: Client) -> bool:
    rising, falling = (_moments(client, f"ORDERBY{down}sys_updated_on") for down in ("", "DESC"))
    return rising == sorted(rising) and falling == sorted(falling, reverse=True)


def _moments(client: Client, query: str) -> list[str]:
    return [row.get("sys_updated_on") for row in client.list(TABLE, query, FIELDS, 20).records]


def _found(client: Client, query: str) -> list[str]:
    return [row.sys_id for row in client.list(TABLE, query, FIELDS, 2).records]
