from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings


def today(now: datetime) -> date:
    """Return the day it is for the organisation at that moment: due dates end with it, wherever the reader sits."""
    return now.astimezone(ZoneInfo(settings.ORGANIZATION_TIME_ZONE)).date()
