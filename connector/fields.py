"""Columns that hold secrets: encrypted in the database, left out of every dump."""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from fernet_fields import EncryptedTextField


class SecretField(EncryptedTextField):
    """Text under the keys of `FERNET_KEYS`, newest first. Reading it with none of its keys raises `InvalidToken`.

    `dumpdata` prints encrypted columns in clear unless they are not serialized, so they never are.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["serialize"] = False
        kwargs.setdefault("blank", True)
        kwargs.setdefault("default", "")
        super().__init__(*args, **kwargs)

    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        """Encrypt a value. Raises TypeError for an SQL expression, whose text would be encrypted in its place.

        That is what `bulk_update`, `update(a=F("b"))` and `update(a=Value("x"))` pass in.
        """
        if hasattr(value, "as_sql"):
            raise TypeError(f"{self.name} is encrypted: give it a value, not an SQL expression.")
        return super().get_db_prep_save(value, connection)
