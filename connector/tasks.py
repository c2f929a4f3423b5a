"""Celery's door into this app: load, call, return."""

from celery import shared_task
from django.utils import timezone

from connector.health import upkeep


@shared_task
def look_after_connection() -> None:
    """Check the connection, and tell the instance how it is."""
    upkeep.look_after(timezone.now())
