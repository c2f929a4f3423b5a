"""How reading Secure Score goes: when it last succeeded, what went wrong since, and who is at it. One row."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from scorecard.models.import_failure import Failure

# Longer than one call to Graph may last, and the longest wait that it may ask for; renewed before each call.
LEASE = timedelta(minutes=10)
# Who may ask for an import cannot spend Graph's calls by clicking: 150 a minute for each app and tenant.
ASK_AGAIN = timedelta(minutes=2)
_ONLY = 1


class ImportState(models.Model):
    """The one row about imports, written by every import: the schedule's, the command's, and the button's."""

    class Source(models.TextChoices):
        GRAPH = "graph", _("Microsoft Graph")
        FILES = "files", _("saved answers")

    class Step(models.TextChoices):
        """What an import does, in this order."""

        SCORES = "scores", _("Asking Microsoft Graph for the scores")
        PROFILES = "profiles", _("Asking Microsoft Graph for the descriptions of improvement actions")
        STORING = "storing", _("Storing the history")

    succeeded_at = models.DateTimeField(_("last success"), null=True, blank=True)
    source = models.CharField(_("read from"), max_length=20, choices=Source, blank=True)
    left_out = models.JSONField(_("left out"), default=list, blank=True)
    left_out_count = models.PositiveIntegerField(_("entries left out"), default=0)
    failed_at = models.DateTimeField(_("last error at"), null=True, blank=True)
    # Empty once an import succeeds.
    failure = models.CharField(_("last error"), max_length=30, choices=Failure, blank=True)
    detail = models.CharField(_("details"), max_length=1000, blank=True)
    asked_at = models.DateTimeField(_("asked for at"), null=True, blank=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    # Of the import that is under way.
    step = models.CharField(_("step"), max_length=20, choices=Step, blank=True)
    days_read = models.PositiveIntegerField(_("days read"), default=0)
    claim_token = models.UUIDField(null=True, blank=True, editable=False)
    claimed_until = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("state of the import")
        verbose_name_plural = _("state of the import")
        permissions = [("read_secure_score", _("Can have Secure Score read now"))]

    def __str__(self) -> str:
        return str(self._meta.verbose_name)

    @classmethod
    def current(cls) -> "ImportState":
        """Return the row, or an empty one where no import was ever tried. One query."""
        return cls.objects.first() or cls()

    @classmethod
    def take(cls, now: datetime) -> UUID | None:
        """Take the right to import, and return the token that every later write names; None where another has it."""
        cls.objects.get_or_create(pk=_ONLY)
        token = uuid4()
        taken = cls.objects.filter(_is_free(now)).update(
            claim_token=token, claimed_until=now + LEASE, started_at=now, step="", days_read=0
        )
        return token if taken else None

    @classmethod
    def renew(cls, token: UUID, now: datetime) -> None:
        """Keep the right for another while."""
        cls.objects.filter(claim_token=token).update(claimed_until=now + LEASE)

    @classmethod
    def tell(cls, token: UUID, step: str, days: int) -> None:
        """Write down how far it is: the step that begins, and how many days have been read."""
        cls.objects.filter(claim_token=token).update(step=step, days_read=days)

    @classmethod
    def release(cls, token: UUID, **result: object) -> None:
        """Give the right back and write down what came of it, unless somebody else has taken it since."""
        cls.objects.filter(claim_token=token).update(
            claim_token=None, claimed_until=None, step="", days_read=0, **result
        )

    @classmethod
    def ask(cls, now: datetime) -> bool:
        """Note that somebody wants an import now. False where one is under way or was asked for a moment ago."""
        cls.objects.get_or_create(pk=_ONLY)
        long_ago = Q(asked_at=None) | Q(asked_at__lte=now - ASK_AGAIN) | Q(asked_at__gt=now + ASK_AGAIN)
        return bool(cls.objects.filter(_is_free(now), long_ago).update(asked_at=now))

    @classmethod
    def take_back(cls, asked_at: datetime) -> None:
        """Forget that somebody asked, since no worker will hear of it."""
        cls.objects.filter(asked_at=asked_at).update(asked_at=None)

    def is_under_way(self, now: datetime) -> bool:
        """Whether somebody is importing."""
        return self.claimed_until is not None and now < self.claimed_until <= now + 2 * LEASE

    def is_awaited(self, now: datetime) -> bool:
        """Whether somebody asked a moment ago and no import has begun since."""
        if self.asked_at is None or abs(now - self.asked_at) >= ASK_AGAIN:
            return False
        return self.started_at is None or self.started_at < self.asked_at


def _is_free(now: datetime) -> Q:
    """Nobody has the right to import, or whoever had it died.

    A moment far ahead is of a clock that was wrong; a little ahead is of somebody whose `now` was read after ours.
    """
    return Q(claimed_until=None) | Q(claimed_until__lte=now) | Q(claimed_until__gt=now + 2 * LEASE)
