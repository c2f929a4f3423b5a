"""Celery's door to the import."""

import logging
from typing import Any

from celery import shared_task
from django.utils import timezone

from scorecard import importing, sessions
from scorecard.graph.errors import GraphError

logger = logging.getLogger("scorecard")


@shared_task(bind=True, max_retries=5)
def import_from_graph(task: Any) -> None:
    """Read Secure Score from Microsoft Graph; nothing happens where the settings do not say how.

    What may pass is tried again after 1, 2, 4, 8 and 16 minutes; the schedule comes back in any case.
    """
    if sessions.missing_settings():
        return
    now = timezone.now()
    try:
        report = importing.import_from_graph(sessions.open_client(now=now), now=now)
    except GraphError as error:
        if error.retryable:
            raise task.retry(exc=error, countdown=60 * 2**task.request.retries) from None
        raise
    logger.info("Secure Score of %s: %s", report.newest, report)
