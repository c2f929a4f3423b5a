"""The scores of the days, of the whole tenant and of each action. They stay when Microsoft has forgotten them."""

import hashlib
from datetime import timedelta
from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from scorecard.models.rounding import share
from scorecard.models.score import ImprovementAction

# Microsoft keeps the scores of this many days; a loss of points older than that is no longer news.
HISTORY = timedelta(days=90)
CATEGORY_LENGTH = 100
STATE_LENGTH = 40


class ScoreDay(models.Model):
    """The tenant's score on one day (UTC), as Microsoft calculated it. Pages show this maximum, no sum.

    `comparisons` have the averages of other tenants, of the whole score in per cent and by category in points.
    """

    scored_on = models.DateField(_("scored on"), unique=True)
    calculated_at = models.DateTimeField(_("calculated at"))
    current_score = models.FloatField(_("current score"))
    max_score = models.FloatField(_("maximum score"))
    active_users = models.IntegerField(_("active users"), null=True, blank=True)
    licensed_users = models.IntegerField(_("licensed users"), null=True, blank=True)
    comparisons = models.JSONField(_("comparisons"), default=list, blank=True)
    enabled_services = models.JSONField(
        _("enabled services"), null=True, blank=True, help_text=_("Empty: not read.")
    )
    unread_controls = models.PositiveIntegerField(
        _("controls that could not be read"),
        default=0,
        help_text=_("What this day has no points of need not be missing."),
    )

    class Meta:
        ordering = ["-scored_on"]
        get_latest_by = "scored_on"
        verbose_name = _("score of a day")
        verbose_name_plural = _("scores by day")

    def __str__(self) -> str:
        return f"{self.scored_on}: {self.current_score:g}/{self.max_score:g}"

    @classmethod
    def newest_maximum(cls) -> float | None:
        """Return the maximum of the whole score on the newest day, or None before the first import."""
        return cls.objects.values_list("max_score", flat=True).first()

    @property
    def percentage(self) -> float | None:
        """Points achieved in per cent of the maximum, at most 100, or None where that cannot be said."""
        return share(self.current_score, self.max_score)


class StatusTextQuerySet(models.QuerySet["StatusText"]):
    """Texts, in words."""

    def unused(self) -> Self:
        """Those that no day has any more."""
        used = ControlScoreDay.objects.filter(status_text=models.OuterRef("pk"))
        return self.filter(~models.Exists(used))


class StatusText(models.Model):
    """What Microsoft says about how far an action is, HTML or plain. Hundreds of days share one, so it is kept once."""

    digest = models.CharField(_("digest"), max_length=64, unique=True, editable=False)
    text = models.TextField(_("text"))

    objects = StatusTextQuerySet.as_manager()

    class Meta:
        verbose_name = _("implementation status of a day")
        verbose_name_plural = _("implementation statuses by day")

    def __str__(self) -> str:
        return self.text[:80]

    @staticmethod
    def digest_of(text: str) -> str:
        """Return what a text is found by."""
        return hashlib.sha256(text.encode()).hexdigest()


class ControlScoreDay(models.Model):
    """The points of one action on one day (UTC), and what else Microsoft said of it then. Empty is not known.

    Scores tell no maximum and no state, the profiles do, and those have no history. So `max_score` and the state are
    what the profile said when it was read first after that day, on `profile_read_on`.
    """

    action = models.ForeignKey(
        ImprovementAction,
        models.CASCADE,
        related_name="score_days",
        verbose_name=_("action"),
        # The constraint below begins with it.
        db_index=False,
    )
    scored_on = models.DateField(_("scored on"), db_index=True)
    score = models.FloatField(_("score"))
    max_score = models.FloatField(_("maximum score"), null=True, blank=True)
    percentage = models.FloatField(_("score in percentage"), null=True, blank=True)
    category = models.CharField(_("category"), max_length=CATEGORY_LENGTH, blank=True)
    count = models.IntegerField(_("count"), null=True, blank=True)
    total = models.IntegerField(_("total"), null=True, blank=True)
    is_on = models.BooleanField(_("is on"), null=True, blank=True)
    status_text = models.ForeignKey(
        StatusText,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("implementation status"),
    )
    state = models.CharField(
        _("state"), max_length=STATE_LENGTH, blank=True, help_text=_("As somebody set it at Microsoft.")
    )
    state_since = models.DateTimeField(_("state since"), null=True, blank=True)
    state_before = models.CharField(_("state before"), max_length=STATE_LENGTH, blank=True)
    profile_read_on = models.DateField(_("profile read on"), null=True, blank=True)

    class Meta:
        ordering = ["-scored_on"]
        verbose_name = _("action's score of a day")
        verbose_name_plural = _("action scores by day")
        constraints = [
            models.UniqueConstraint(fields=["action", "scored_on"], name="one_score_per_action_and_day")
        ]

    def __str__(self) -> str:
        return f"{self.scored_on}: {self.score:g}"
