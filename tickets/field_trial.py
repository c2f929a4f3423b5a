"""What became of the last record that was made to try the fields of a kind of ticket."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from connector.models import Instance
from tickets.states import Kind


class FieldTrial(models.Model):
    """The newest trial of one kind of ticket on one instance: a record with all its fields, canceled at once."""

    class Result(models.TextChoices):
        """Whether a record was made."""

        MADE = "made", _("A record was created")
        REFUSED = "refused", _("ServiceNow refused it")
        UNCLEAR = "unclear", _("ServiceNow did not say whether it created the record")

    instance = models.ForeignKey(Instance, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20, choices=Kind)
    tried_at = models.DateTimeField()
    result = models.CharField(max_length=20, choices=Result)
    template = models.CharField(
        max_length=200, blank=True, help_text=_("The standard change template, if any.")
    )
    number = models.CharField(max_length=40, blank=True)
    is_canceled = models.BooleanField(default=False)
    keeps_correlation_id = models.BooleanField(default=False)
    not_kept = models.JSONField(default=list, blank=True)
    problem = models.CharField(max_length=500, blank=True, help_text=_("In ServiceNow's words."))

    class Meta:
        verbose_name = _("trial of fields")
        verbose_name_plural = _("trials of fields")
        constraints = [models.UniqueConstraint(fields=["instance", "kind"], name="field_trial_newest")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.result}"
