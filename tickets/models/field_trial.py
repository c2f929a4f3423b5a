"""What became of the last record that was made to try the fields of a kind of ticket."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from connector.models import Instance
from tickets.models.choices import Kind


class FieldTrial(models.Model):
    """The newest trial of one kind of ticket on one instance: a record with all its fields, canceled at once."""

    class Result(models.TextChoices):
        """Whether a record was made."""

        MADE = "made", _("A record was created")
        REFUSED = "refused", _("ServiceNow refused it")
        UNCLEAR = "unclear", _("ServiceNow did not say whether it created the record")

    instance = models.ForeignKey(Instance, models.CASCADE, related_name="+", verbose_name=_("instance"))
    kind = models.CharField(pgettext_lazy("ticket", "task type"), max_length=20, choices=Kind)
    tried_at = models.DateTimeField(_("tried at"))
    result = models.CharField(_("result"), max_length=20, choices=Result)
    template = models.CharField(
        _("standard change template"),
        max_length=200,
        blank=True,
        help_text=_("The standard change template, if any."),
    )
    number = models.CharField(pgettext_lazy("ticket", "number"), max_length=40, blank=True)
    is_canceled = models.BooleanField(_("canceled"), default=False)
    keeps_correlation_id = models.BooleanField(_("keeps the correlation ID"), default=False)
    dropped_fields = models.JSONField(_("fields not kept"), default=list, blank=True)
    not_offered = models.JSONField(
        _("values that the instance does not offer"), default=list, blank=True, help_text=_("By field.")
    )
    problem = models.CharField(
        _("problem"), max_length=500, blank=True, help_text=_("In ServiceNow's words.")
    )

    class Meta:
        verbose_name = _("trial of fields")
        verbose_name_plural = _("trials of fields")
        constraints = [models.UniqueConstraint(fields=["instance", "kind"], name="field_trial_newest")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.result}"

    @property
    def was_made(self) -> bool:
        """Whether there was a record."""
        return self.result == self.Result.MADE
