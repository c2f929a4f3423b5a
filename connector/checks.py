"""What must be true of the stored secrets before the portal starts."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError

from connector import keys


@register(Tags.database)
def stored_secrets_can_be_read(
    app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any
) -> Iterator[CheckMessage]:
    """With a wrong key every call to ServiceNow would wait for ever, and nobody would know why."""
    if not databases:
        return
    try:
        unreadable = sum(not secret.is_readable for secret in keys.secrets())
    except DatabaseError:
        # Before the first migration there is no table, and no secret.
        return
    if unreadable:
        yield Error(
            f"FIELD_KEYS: {unreadable} stored secrets can be read with none of the keys.",
            hint="Put the missing key back, or run `manage.py rotate_keys --forget-unreadable` and connect again.",
            id="connector.E001",
        )
