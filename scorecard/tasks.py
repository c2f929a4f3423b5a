"""Celery's door to the import."""

import logging
from datetime import timedelta
from typing import Any

from celery import shared_task
from celery.exceptions import OperationalError
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from scorecard.importing import graph_client, retention, run

logger = logging.getLogger("scorecard")


@shared_task(bind=True, max_retries=5)
def import_from_graph(task: Any) -> None:
    """Read Secure Score from Microsoft Graph; nothing happens where no setting says how, or while another import runs.

    What may pass is tried again after 1, 2, 4, 8 and 16 minutes; the schedule comes back in any case. How it went is
    written down for the pages.
    """
    if len(graph_client.missing_settings()) == len(graph_client.REQUIRED):
        return
    try:
        report = run.read_from_graph(now=timezone.now())
    except run.AlreadyRunning:
        logger.info("Secure Score is being read already.")
    except run.EXPECTED as error:
        if getattr(error, "retryable", False):
            raise task.retry(exc=error, countdown=60 * 2**task.request.retries) from None
        logger.warning("Secure Score was not read: %s", error)
    else:
        logger.info("Secure Score of %s: %s", report.newest, report)


@shared_task
def forget_old_scores() -> None:
    """Forget the scores of days that lie further back than the operator keeps them; without that setting none."""
    if settings.SCORE_HISTORY_DAYS:
        retention.forget(timezone.now().date() - timedelta(days=settings.SCORE_HISTORY_DAYS))


def hand_out_import() -> bool:
    """Have a worker read Secure Score. False where the broker does not take the message."""
    try:
        import_from_graph.delay()
    except (OperationalError, ImproperlyConfigured, OSError):
        logger.warning("The broker did not take the message to read Secure Score.")
        return False
    return True
