"""Who Aozora Foods is: the numbers and words that Microsoft would know about the tenant itself."""

import re
from dataclasses import dataclass

NAME = "Aozora Foods"
TENANT_ID = "5c0de5c0-de5c-4de5-85c0-de5c0de5c0de"
CLIENT_ID = "scoredesk-graph"
CLIENT_SECRET = "scoredesk-graph-secret"  # noqa: S105 - invented, as is all of the tenant

READ, READ_WRITE = "SecurityEvents.Read.All", "SecurityEvents.ReadWrite.All"


@dataclass(frozen=True)
class Application:
    """An app registration, with the application permissions that it has consent for."""

    client_id: str
    name: str
    secret: str
    permissions: frozenset[str]


WRITER = Application(
    "scoredesk-graph-write", "Scoredesk write-back", "scoredesk-graph-write-secret", frozenset({READ_WRITE})
)
APPLICATIONS = {
    application.client_id: application
    for application in (Application(CLIENT_ID, "Scoredesk", CLIENT_SECRET, frozenset({READ})), WRITER)
}

LICENSED_USERS = 480
ENABLED_SERVICES = (
    "HasEXOP2", "HasSPOP2", "HasMDOP1", "HasMDOP2", "HasAADP1", "HasAADP2",
    "HasOCAS", "HasMDATP", "HasMIP", "HasCLB", "HasINTUNE",
)  # fmt: skip

# How many users, devices and so on there are to protect, by the noun that the catalogue uses.
POPULATIONS = {"users": LICENSED_USERS, "devices": 512, "administrators": 9, "mailboxes": 521, "servers": 34}

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def is_tenant_id(text: str) -> bool:
    """Any GUID names a tenant, and every tenant is Aozora Foods."""
    return _GUID.fullmatch(text) is not None
