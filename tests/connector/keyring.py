"""The keys of the encrypted columns, changed as a restart would."""

from django.conf import settings

from connector.models import ConnectionSecrets
from connector.models.secret_fields import SecretField

OLD = str(settings.FIELD_KEYS[0])
NEW = "a-newer-key-for-tests-0123456789-abcdef"
FIELDS = [field for field in ConnectionSecrets._meta.get_fields() if isinstance(field, SecretField)]


class Keys:
    """The keys of this process."""

    def use(self, *values: str) -> None:
        """Go on with these keys, the newest first."""
        for field in FIELDS:
            for cached in ("keys", "fernet_keys", "fernet"):
                field.__dict__.pop(cached, None)
            field.__dict__["keys"] = list(values)
