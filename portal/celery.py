"""Celery's application. Started with `celery --app portal`."""

import os
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import (
    beat_init,
    before_task_publish,
    task_postrun,
    task_prerun,
    worker_init,
    worker_ready,
    worker_shutting_down,
)

from accounts import request_id
from portal import broker, startup_checks
from tickets.delivery import stopping

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
broker.register()
# What a message's header is called, and with it the attribute of a task's request.
_REQUEST_ID = "request_id"

app = Celery("scoredesk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.on_configure.connect
def load_settings(**kwargs: Any) -> None:
    """Say what is wrong with the settings in one line."""
    startup_checks.load_settings()
    # Celery prefers the variable as it was typed to the setting that was read from it.
    os.environ.pop("CELERY_BROKER_URL", None)


@worker_init.connect
@beat_init.connect
def check_start(**kwargs: Any) -> None:
    """Refuse to start with keys that open nothing."""
    startup_checks.check()


@before_task_publish.connect
def pass_request_on(headers: dict[str, Any], **kwargs: Any) -> None:
    """Let a message say for which request it was sent, if for one."""
    if known := request_id.current().request_id:
        headers[_REQUEST_ID] = known


@task_prerun.connect
def begin_request(task: Any, **kwargs: Any) -> None:
    """Work for the request that started the task."""
    if not task.request.is_eager:
        request_id.begin(request_id.accepted(task.request.get(_REQUEST_ID)))


@task_postrun.connect
def end_request(task: Any, **kwargs: Any) -> None:
    """Whatever the thread does next belongs to another task."""
    if not task.request.is_eager:
        request_id.end()


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
