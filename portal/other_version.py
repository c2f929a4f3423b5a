"""Keeps this version away from a database that another one made: what its tables hold is not what this one reads."""

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

APPS = {"accounts", "connector", "portal", "scorecard", "tickets"}


def fault() -> str:
    """Say why this version may not work on the database; empty if it may. Raises OperationalError."""
    known = {
        key for key in MigrationLoader(None, ignore_no_migrations=True).disk_migrations if key[0] in APPS
    }
    applied = {key for key in MigrationRecorder(connection).applied_migrations() if key[0] in APPS}
    # Until the first release, a migration may hold other columns under the name that it had.
    if applied - known or (applied == known and _lacks_columns()):
        return (
            "DATABASE_URL, STATE_DIR: another version of Scoredesk made this database, and this one cannot read it. "
            f"Nothing was changed. Move {settings.STATE_DIR} away, or name another database or state folder."
        )
    return ""


def _lacks_columns() -> bool:
    """Whether a table is without a column that it should have by now."""
    ours = (model for app in APPS for model in apps.get_app_config(app).get_models(include_auto_created=True))
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        for model in ours:
            # Django's introspection stumbles over constraints of SQLite that name several columns.
            cursor.execute(f"SELECT * FROM {quote(model._meta.db_table)} LIMIT 0")  # noqa: S608, SLF001
            there = {column[0] for column in cursor.description}
            if not {field.column for field in model._meta.concrete_fields} <= there:  # noqa: SLF001
                return True
    return False
