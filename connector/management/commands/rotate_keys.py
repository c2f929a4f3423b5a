from typing import Any

from cryptography.fernet import InvalidToken
from django.core.management.base import BaseCommand, CommandError, CommandParser

from connector.access import keys


class Command(BaseCommand):
    """Put every stored secret under the newest key of FIELD_KEYS."""

    help = (
        "Encrypts every stored secret anew under the first of FIELD_KEYS, so that the others may be removed."
    )
    # The check of the keys must not stand in the way of what fixes them.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """What to do with secrets whose key is lost."""
        parser.add_argument(
            "--forget-unreadable",
            action="store_true",
            help="empty the secrets that none of the keys opens; the connection is then set up again",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError when a secret cannot be read, or is left under an old key."""
        try:
            changed = keys.rotate(forget_unreadable=options["forget_unreadable"])
        except InvalidToken:
            raise CommandError(
                "Some secrets cannot be read: a key is missing from FIELD_KEYS. Nothing was changed. Put the key back. "
                "Only once it is lost for good, give these secrets up with --forget-unreadable and connect again."
            ) from None
        left = sum(not secret.is_current for secret in keys.secrets())
        self.stdout.write(f"{changed} secrets encrypted anew, {left} left under old keys.")
        if left:
            raise CommandError(
                "Secrets were written meanwhile under an old key. Restart the portal, then run again."
            )
