"""Forgets the scores of days that nobody wants any more."""

import logging
from datetime import date

from scorecard.models import ControlScoreDay, ScoreDay, StatusText

logger = logging.getLogger("scorecard")

# Rows that are deleted at once: on SQLite nobody else writes meanwhile.
BATCH = 5_000


def forget(before: date) -> None:
    """Delete the scores of all days before this one (UTC). The newest day stays, however old it is."""
    newest = ScoreDay.objects.values_list("scored_on", flat=True).first()
    if newest is None:
        return
    until = min(before, newest)
    rows = (
        ControlScoreDay.objects.filter(scored_on__lt=until).order_by("scored_on").values_list("pk", flat=True)
    )
    while batch := list(rows[:BATCH]):
        ControlScoreDay.objects.filter(pk__in=batch).delete()
    days, _ = ScoreDay.objects.filter(scored_on__lt=until).delete()
    StatusText.objects.unused().delete()
    if days:
        logger.info("Forgot the scores of %d days before %s.", days, until)
