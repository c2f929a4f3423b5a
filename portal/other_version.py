"""Keeps this version away from a database that another one made: what its tables hold is not what this one reads."""

from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

APPS = {"accounts", "connector", "portal", "scorecard", "tickets"}


def fault() -> str:
    """Say why this version may not work on the database; empty if it may. Raises OperationalError."""
    known = set(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)
    applied = MigrationRecorder(connection).applied_migrations()
    if any(app in APPS and (app, name) not in known for app, name in applied):
        return (
            "DATABASE_URL, STATE_DIR: another version of Scoredesk made this database, and this one cannot read it. "
            f"Nothing was changed. Move {settings.STATE_DIR} away, or name another database or state folder."
        )
    return ""
