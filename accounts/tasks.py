"""Celery's doors into this app: load, call, return."""

from celery import shared_task
from django.core.management import call_command

from accounts import reset


@shared_task
def forget_sessions() -> None:
    """Delete sessions that expired, which Django itself never does."""
    call_command("clearsessions")


@shared_task
def send_reset_links(people: list[int], language: str) -> None:
    """Send links for new passwords. The link is made here: a message to a worker holds no secret."""
    reset.send_links(people, language)
