"""Processes that start in milliseconds, because they are forked from one that has loaded everything."""

import os
import signal
import sys
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from django.db.migrations.loader import MigrationLoader

from portal.celery import app
from portal.supervisor import die_with_parent

BEAT = ("beat", "--pidfile", "", "--loglevel", "INFO")
WORKER = ("worker", "--pool", "threads", "--concurrency", "8", "--loglevel", "INFO")
QUIET = ("--without-mingle", "--without-gossip", "--without-heartbeat")

# Whatever Celery imports only when a worker starts, and what Django's checks look at then.
AT_START = (
    "celery.app.amqp", "celery.apps.beat", "celery.apps.worker", "celery.bin.celery", "celery.concurrency.thread",
    "celery.contrib.django.task", "celery.events", "celery.worker.autoscale", "celery.worker.consumer",
    "celery.worker.strategy", "kombu.transport.filesystem", "portal.urls",
)  # fmt: skip


def load() -> None:
    """Import here what each process that is forked would import."""
    for name in AT_START:
        import_module(name)
    app.loader.import_default_modules()
    MigrationLoader(None, ignore_no_migrations=True)


def use_broker(url: str) -> None:
    """Let this process, and those that it forks, use a broker: Celery asks the environment before its settings."""
    os.environ["CELERY_BROKER_URL"] = app.conf.broker_url = url


def fork(work: Callable[[], object], log: Path) -> int:
    """Do `work` in a process of its own, which ends with this one; its output goes to `log`. Returns its id."""
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        die_with_parent()
        with log.open("ab") as output:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
        work()
        status = 0
    except BaseException:  # noqa: BLE001  Whatever it was, this process must not go on as its parent would.
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(status)


def run(work: Callable[[], object], log: Path) -> int:
    """Do `work` in a process of its own and wait. Returns its exit status, below zero for a signal."""
    _pid, status = os.waitpid(fork(work, log), 0)
    return os.waitstatus_to_exitcode(status)


def celery_worker() -> None:
    """Be a worker, as `make serve` starts them."""
    app.worker_main([*WORKER, *QUIET])


def celery_beat(schedule: Path) -> None:
    """Be the alarm clock."""
    app.start([*BEAT, "--schedule", str(schedule)])


class Worker:
    """A process that is started again when it died, like the supervisor's."""

    def __init__(self, work: Callable[[], object], log: Path) -> None:
        self.work, self.log = work, log
        self.pid = 0

    def keep_running(self) -> None:
        """Start it if it is not there."""
        if self.pid and os.waitpid(self.pid, os.WNOHANG)[0]:
            self.pid = 0
        if not self.pid:
            self.pid = fork(self.work, self.log)

    def kill(self) -> None:
        """End it where it stands."""
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.pid = 0

    def freeze(self) -> bool:
        """Stop it in the middle of whatever it does. Returns False when it is not there."""
        if self.pid:
            os.kill(self.pid, signal.SIGSTOP)
        return bool(self.pid)

    def thaw(self) -> None:
        """Let it go on."""
        if self.pid:
            os.kill(self.pid, signal.SIGCONT)
