from celery import shared_task
from django.core.management import call_command


@shared_task
def forget_sessions() -> None:
    """Delete sessions that expired, which Django itself never does."""
    call_command("clearsessions")
