"""The keys of the encrypted columns: whether each secret can be read, and putting all of them under the newest key."""

from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.apps import apps
from django.db import transaction
from django.db.models import BinaryField, ExpressionWrapper, F, Model, QuerySet

from connector.models.secret_fields import Bound, SecretField


@dataclass(frozen=True)
class Secret:
    """One encrypted value as it lies in the database."""

    rows: QuerySet[Model]
    field: SecretField
    stored: bytes

    @property
    def is_readable(self) -> bool:
        """Whether any of today's keys opens it."""
        return _opens(self.field.fernet, self.stored)

    @property
    def is_current(self) -> bool:
        """Whether the newest key opens it."""
        return _opens(Fernet(self.field.fernet_keys[0]), self.stored)

    def renew(self) -> int:
        """Put it under the newest key, unless it has changed meanwhile; the place it is bound to stays as it is.

        Returns how many rows changed: one or none. Raises `InvalidToken` if no key opens it.
        """
        bound = Bound.unpacked(self.field.fernet.decrypt(self.stored).decode())
        return self.rows.update(**{self.field.name: bound})

    def forget(self) -> int:
        """Put an empty text in its place."""
        return self.rows.update(**{self.field.name: ""})


def secrets() -> Iterator[Secret]:
    """Every encrypted value of every model, read past the decryption."""
    for model in apps.get_models():
        for field in model._meta.get_fields():  # noqa: SLF001  Django documents it.
            if isinstance(field, SecretField):
                yield from _of_column(model, field)


def rotate(*, forget_unreadable: bool = False) -> int:
    """Put every secret under the newest key. Returns how many were not there yet.

    Raises `InvalidToken`, having changed nothing, when none of the keys opens one of them and it may not be forgotten.
    """
    changed = 0
    with transaction.atomic():
        for secret in [secret for secret in secrets() if not secret.is_current]:
            lost = forget_unreadable and not secret.is_readable
            changed += secret.forget() if lost else secret.renew()
    return changed


def _of_column(model: type[Model], field: SecretField) -> Iterator[Secret]:
    stored = ExpressionWrapper(F(field.name), output_field=BinaryField())
    rows = model._default_manager.annotate(stored_secret=stored)  # noqa: SLF001  Django documents it.
    for pk, value in rows.values_list("pk", "stored_secret"):
        # Whoever stored another value meanwhile did so under today's keys.
        yield Secret(rows.filter(pk=pk, stored_secret=value), field, bytes(value))


def _opens(fernet: Fernet | MultiFernet, stored: bytes) -> bool:
    try:
        fernet.decrypt(stored)
    except InvalidToken:
        return False
    return True
