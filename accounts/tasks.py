"""Celery's doors into this app: load, call, return."""

from celery import shared_task
from django.core.management import call_command

from accounts import notices, reset


@shared_task
def forget_sessions() -> None:
    """Delete sessions that expired, which Django itself never does."""
    call_command("clearsessions")


@shared_task
def send_reset_links(people: list[int], language: str, by: int | None = None) -> None:
    """Send links for new passwords. The link is made here: a message to a worker holds no secret."""
    reset.send_links(people, language, by)


@shared_task
def send_account_notice(notice: dict[str, str], name: str, addresses: list[str], language: str) -> None:
    """Tell a person by mail that their account changed. `notice` is as `Notice.as_json` returns it."""
    notices.send(notices.notice_of(notice), name, addresses, language)
