"""Columns that hold secrets: encrypted in the database, bound to their place, left out of every dump."""

import json
from dataclasses import dataclass, field
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from fernet_fields import EncryptedTextField


class Misplaced(Exception):
    """A secret was found somewhere other than where it was put."""


@dataclass(frozen=True)
class Bound:
    """A secret and the place it belongs to: both are encrypted together, as Fernet knows no associated data.

    So nobody who may write to the database, but has no key, can lead a secret to another row, column or host.
    """

    place: tuple[str, ...]
    text: str = field(repr=False)

    def at(self, *place: str) -> str:
        """The secret, if this is its place. Raises `Misplaced`. An empty one is at home anywhere."""
        if self.text and self.place != place:
            raise Misplaced(f"A secret of {self.place or 'no place'} was found at {place}.")
        return self.text

    def packed(self) -> str:
        """Place and secret in one text, as it is encrypted."""
        return json.dumps([*self.place, self.text]) if self.text else ""

    @classmethod
    def unpacked(cls, packed: str) -> "Bound":
        """What `packed` made; any other text is a secret of no place."""
        try:
            parts = json.loads(packed)
        except (ValueError, RecursionError):
            return cls((), packed)
        if isinstance(parts, list) and parts and all(isinstance(part, str) for part in parts):
            return cls(tuple(parts[:-1]), parts[-1])
        return cls((), packed)


class SecretField(EncryptedTextField):
    """A `Bound` text under the keys of `FERNET_KEYS`, newest first. Reading it with none of its keys raises
    `InvalidToken`.

    `dumpdata` prints encrypted columns in clear unless they are not serialized, so they never are.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["serialize"] = False
        kwargs.setdefault("blank", True)
        kwargs.setdefault("default", "")
        super().__init__(*args, **kwargs)

    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        """Encrypt a `Bound` value or the empty text. Raises TypeError for a text that belongs nowhere, and for an SQL
        expression, whose text would be encrypted in its place.

        That is what `bulk_update`, `update(a=F("b"))` and `update(a=Value("x"))` pass in.
        """
        if value and not isinstance(value, Bound):
            raise TypeError(f"{self.name} is encrypted: give it a Bound value, not {type(value).__name__}.")
        return super().get_db_prep_save(value.packed() if value else "", connection)

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> Bound:
        """Decrypt a value. Raises `InvalidToken`."""
        return Bound.unpacked(super().from_db_value(value, expression, connection) or "")
