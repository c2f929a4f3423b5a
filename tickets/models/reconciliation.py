"""Reconciliations: what one found, and what was done about each finding."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from connector.models import Instance
from tickets.models.backoff import AttemptResult
from tickets.models.choices import Kind

# A run notes its progress after every call; one that was silent for longer has died.
SILENT_FOR = timedelta(minutes=5)


class Listed(models.TextChoices):
    """Whether every record that carries our marker could be listed."""

    NOT_YET = "not_yet", pgettext_lazy("reconciliation", "Not yet")
    WHOLE = "whole", pgettext_lazy("reconciliation", "Yes")
    NO_RANGES = "no_ranges", pgettext_lazy("reconciliation", "No: the instance refuses range queries")
    IGNORED = "ignored", pgettext_lazy("reconciliation", "No: the instance ignores the condition")


class Discrepancy(models.TextChoices):
    """How a ticket and ServiceNow may disagree."""

    STALE = "stale", pgettext_lazy("discrepancy", "Stale: the record has changed")
    MISSING = "missing", pgettext_lazy("discrepancy", "Missing: the record is not returned")
    UNLINKED = "unlinked", pgettext_lazy("discrepancy", "Not linked: the ticket's record exists")
    DUPLICATE = "duplicate", pgettext_lazy("discrepancy", "Duplicate: several records of one ticket")
    UNKNOWN = "unknown", pgettext_lazy("discrepancy", "Unknown: a record of no ticket here")


class ReconciliationQuerySet(models.QuerySet["Reconciliation"]):
    def under_way(self, now: datetime) -> "ReconciliationQuerySet":
        """Those that wait for a worker, or have one that was heard of lately."""
        return self.filter(ended_at=None, heartbeat_at__gt=now - SILENT_FOR)


class Reconciliation(models.Model):
    """One comparison of all tickets of an instance with what ServiceNow holds. It changes nothing there, ever."""

    instance = models.ForeignKey(
        Instance, models.PROTECT, related_name="reconciliations", verbose_name=_("instance")
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("started by"),
    )
    asked_at = models.DateTimeField(_("started"))
    heartbeat_at = models.DateTimeField(_("last progress at"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    claim_token = models.UUIDField(null=True, blank=True, editable=False)
    tickets = models.PositiveIntegerField(_("linked tickets"), default=0)
    looked_at = models.PositiveIntegerField(_("tickets looked at"), default=0)
    records = models.PositiveIntegerField(_("records listed"), default=0)
    left_out = models.PositiveIntegerField(_("rows not understood"), default=0)
    aside = models.JSONField(default=dict, blank=True, editable=False)
    listed = models.CharField(_("all records listed"), max_length=20, choices=Listed, default=Listed.NOT_YET)
    problem = models.CharField(_("problem"), max_length=500, blank=True)

    objects = ReconciliationQuerySet.as_manager()

    class Meta:
        verbose_name = _("reconciliation")
        verbose_name_plural = _("reconciliations")
        ordering = ["-asked_at", "-pk"]

    @property
    def could_not_list(self) -> bool:
        """Whether the instance kept it from listing every record that carries our marker."""
        return self.listed in (Listed.NO_RANGES, Listed.IGNORED)

    def is_under_way(self, now: datetime) -> bool:
        """Whether it waits for a worker, or has one that was heard of lately."""
        return self.ended_at is None and self.heartbeat_at > now - SILENT_FOR


class FindingQuerySet(models.QuerySet["Finding"]):
    def open(self) -> "FindingQuerySet":
        """Neither fixed nor chosen to be."""
        return self.filter(fixed_at=None, chosen_at=None)

    def chosen(self) -> "FindingQuerySet":
        """To be fixed, and not yet."""
        return self.filter(fixed_at=None, chosen_at__isnull=False)


class Finding(models.Model):
    """One disagreement, and what became of it."""

    run = models.ForeignKey(Reconciliation, models.CASCADE, related_name="findings")
    discrepancy = models.CharField(
        pgettext_lazy("reconciliation", "finding"), max_length=20, choices=Discrepancy
    )
    ticket = models.ForeignKey(
        "tickets.Ticket", models.SET_NULL, null=True, blank=True, related_name="findings"
    )
    kind = models.CharField(pgettext_lazy("ticket", "task type"), max_length=20, choices=Kind)
    sys_id = models.CharField(max_length=32, blank=True)
    number = models.CharField(max_length=40, blank=True)
    name = models.CharField(pgettext_lazy("ticket", "task name"), max_length=160, blank=True)
    detail = models.JSONField(default=dict, blank=True)
    chosen_at = models.DateTimeField(null=True, blank=True)
    chosen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    fixed_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(_("problem"), max_length=500, blank=True)

    objects = FindingQuerySet.as_manager()

    class Meta:
        verbose_name = _("finding")
        verbose_name_plural = _("findings")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(fixed_at=None) | Q(chosen_at__isnull=False), name="finding_fixed_was_chosen"
            )
        ]

    @property
    def problem_words(self) -> str:
        """Why it could not be fixed, in the reader's language."""
        return (
            str(AttemptResult(self.problem).label)
            if self.problem in AttemptResult.values
            else gettext(self.problem)
        )
