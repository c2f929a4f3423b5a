"""What is stored about ServiceNow instances: the connection, its secrets, its calls, its circuit breaker. Calls nobody.

May import: the client's errors, and the modules at the root of the app.
"""

from connector.models.connection import (
    CheckResult,
    Connection,
    ConnectionQuerySet,
    ConnectionSecrets,
    ConnectionStatus,
    Grant,
    Instance,
    PersonCalls,
)

__all__ = [
    "CheckResult",
    "Connection",
    "ConnectionQuerySet",
    "ConnectionSecrets",
    "ConnectionStatus",
    "Grant",
    "Instance",
    "PersonCalls",
]
