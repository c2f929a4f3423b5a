"""What must be true of the stored secrets before the portal starts."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as CheckWarning
from django.db import OperationalError, connection

from connector.access import keys
from connector.models import ConnectionSecrets


@register(Tags.database)
def stored_secrets_can_be_read(
    app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any
) -> Iterator[CheckMessage]:
    """With a wrong key every call to ServiceNow would wait for ever, and nobody would know why."""
    if not databases:
        return
    try:
        # Before the first migration there is no table, and no secret.
        if ConnectionSecrets._meta.db_table not in connection.introspection.table_names():  # noqa: SLF001  As above.
            return
        unreadable = sum(not secret.is_readable for secret in keys.secrets())
    except OperationalError as error:
        reason = " ".join(str(error).split())
        yield CheckWarning(
            f"DATABASE_URL: the database cannot be reached, so no stored secret was looked at: {reason}",
            id="connector.W001",
        )
        return
    if unreadable:
        yield Error(
            f"FIELD_KEYS: {unreadable} stored secrets can be read with none of the keys.",
            hint="Put the missing key back, from earlier settings or the backup of STATE_DIR/env. Only once it is lost "
            "for good, give these secrets up: .venv/bin/python manage.py rotate_keys --forget-unreadable",
            id="connector.E001",
        )
