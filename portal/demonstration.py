"""Keeps demonstrations and real portals apart: neither works on the other's database.

A database that a demonstration migrates before anybody is in it is marked. From then on nothing but a demonstration
starts on it, and a demonstration starts on no other that has people.
"""

from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.db import connection

from accounts.models import User
from portal.demo import PASSWORD, PEOPLE
from portal.models import DemonstrationMark


def mark_new_database(**kwargs: Any) -> None:
    """Mark the database as a demonstration's, if this is one and nobody is in it yet. After every migration."""
    # Migrated backwards, the table may be gone.
    is_there = _has(connection.introspection.table_names(), DemonstrationMark)
    if settings.DEMO and is_there and not DemonstrationMark.objects.exists() and not User.objects.exists():
        DemonstrationMark.objects.create()


def database_fault() -> str:
    """Say why this process may not work on the database as it is; empty if it may. Raises OperationalError."""
    tables = connection.introspection.table_names()
    is_marked = _has(tables, DemonstrationMark) and DemonstrationMark.objects.exists()
    if is_marked and not settings.DEMO:
        return (
            "DATABASE_URL, STATE_DIR: this database is a demonstration's, whose sign-ins are public knowledge. "
            "Name another database or state folder, or start the demonstration with `make run`."
        )
    if settings.DEMO and not is_marked and _has(tables, User) and User.objects.exists():
        return (
            "DATABASE_URL, STATE_DIR: this database has people in it and is no demonstration's. "
            "Name another state folder, or start the real portal with `make serve`."
        )
    return ""


def people_with_known_passwords() -> list[str]:
    """User names of the demonstration that may sign in with its password here. Raises OperationalError."""
    if settings.DEMO or not _has(connection.introspection.table_names(), User):
        return []
    names = [username for username, *_ in PEOPLE]
    people = User.objects.filter(username__in=names, is_active=True).order_by("username")
    return [
        name
        for name, stored in people.values_list("username", "password")
        if check_password(PASSWORD, stored)
    ]


def _has(tables: list[str], model: Any) -> bool:
    return model._meta.db_table in tables  # noqa: SLF001  Django documents it.
