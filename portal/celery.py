"""Celery's application. Started with `celery --app portal`."""

import os
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import beat_init, worker_init, worker_ready, worker_shutting_down

from portal import broker, start
from tickets import stopping

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
broker.register()

app = Celery("scoredesk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.on_configure.connect
def load_settings(**kwargs: Any) -> None:
    """Say what is wrong with the settings in one line."""
    start.load_settings()
    # Celery prefers the variable as it was typed to the setting that was read from it.
    os.environ.pop("CELERY_BROKER_URL", None)


@worker_init.connect
@beat_init.connect
def check_start(**kwargs: Any) -> None:
    """Refuse to start with keys that open nothing."""
    start.check()


@worker_shutting_down.connect
def begin_nothing_new(**kwargs: Any) -> None:
    """A worker that was asked to end finishes what is under way, and leaves the rest to the next."""
    stopping.ask()


@worker_ready.connect
def report_worker_ready(**kwargs: Any) -> None:
    """Tell the supervisor, where there is one, that messages are being taken."""
    _report_ready()


@beat_init.connect
def report_beat_ready(**kwargs: Any) -> None:
    """Tell the supervisor, where there is one, that the schedule is running; read Secure Score at once."""
    # The schedule counts from now on, and nobody wants to look at an empty list for hours.
    app.send_task("scorecard.tasks.import_from_graph")
    _report_ready()


def _report_ready() -> None:
    if file := os.environ.get("READY_FILE"):
        Path(file).touch()
