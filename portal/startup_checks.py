"""What must hold before a process of the portal starts, whoever starts it.

`manage.py` makes some of Django's checks by itself; a web server and Celery make none, and would run for days with keys
that open nothing, or with sign-ins that everybody knows. Each reason for not starting is a line on the standard error.
"""

import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import NoReturn

from django.conf import settings
from django.core.checks import CheckMessage, Tags, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections

from portal import other_version

# The tag of those deployment checks that every start makes.
START = "start"
# gunicorn starts a worker again and again unless it ends with this status (gunicorn.arbiter.Arbiter.WORKER_BOOT_ERROR).
REFUSED = 3


def load_settings() -> None:
    """Read the settings. Ends the process where one is missing or malformed."""
    try:
        settings.SECRET_KEY  # noqa: B018  Django reads all of them when the first is asked for.
    except ImproperlyConfigured as error:
        _refuse([str(error)])


def check() -> None:
    """Look at the settings that belong together, and at the stored secrets. Ends the process where one does not fit.

    A database that cannot be reached yet is told, and not waited for: pages say so, and recover by themselves.
    """
    try:
        with suppress(OperationalError):
            if fault := other_version.fault():
                # Alone: any other check would ask tables that are not as this version knows them.
                _refuse([fault])
        tags = [Tags.compatibility, Tags.database, START]
        found = run_checks(tags=tags, databases=[DEFAULT_DB_ALIAS], include_deployment_checks=True)
    finally:
        # Whoever forks after this must not share the connection.
        connections.close_all()
    if refusals := [message for message in found if message.is_serious()]:
        _refuse(map(_line, refusals))
    for message in found:
        sys.stderr.write(f"{_line(message)}\n")


def _line(message: CheckMessage) -> str:
    return " ".join(filter(None, [str(message.msg), message.hint]))


def _refuse(lines: Iterable[str]) -> NoReturn:
    for line in lines:
        sys.stderr.write(f"Cannot start: {line}\n")
    sys.exit(REFUSED)
