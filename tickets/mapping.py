"""Fields that an organisation wants on its tickets besides ours: assignment group, category, whatever is mandatory."""

import re

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from connector.models import Instance
from tickets.states import Kind

# What the portal sends itself with every ticket.
SENT = frozenset(
    {
        "sys_id",
        "short_description",
        "description",
        "correlation_id",
        "correlation_display",
        "priority",
        "impact",
        "urgency",
    }
)
# And what it sends with some, and what a record is planned and moved by: not to be set from outside.
RESERVED = SENT | {"number", "due_date", "requested_by_date", "start_date", "end_date", "state", "active"}
FIELD_NAME = re.compile(r"^[a-z][a-z0-9_]{0,79}\Z")


class ValueSource(models.TextChoices):
    """Where a mapped field's value comes from."""

    FIXED = "fixed", pgettext_lazy("field mapping", "A fixed value")
    CATEGORY = "category", pgettext_lazy("field mapping", "The recommendation category")
    SOURCE = "source", pgettext_lazy("field mapping", "The recommendation source")
    REQUESTER = "requester", pgettext_lazy("field mapping", "The user ID of the requester")
    CONTROL_ID = "control_id", pgettext_lazy("field mapping", "The improvement action's control ID")
    PRODUCT = "product", pgettext_lazy("field mapping", "The improvement action's product")


class FieldMapping(models.Model):
    """One field of one kind of ticket on one instance, and where its value comes from."""

    instance = models.ForeignKey(
        Instance, models.PROTECT, related_name="field_mappings", verbose_name=_("instance")
    )
    kind = models.CharField(pgettext_lazy("ticket", "task type"), max_length=20, choices=Kind)
    field = models.CharField(
        pgettext_lazy("ServiceNow", "field"), max_length=80, validators=[RegexValidator(FIELD_NAME)]
    )
    source = models.CharField(
        pgettext_lazy("field mapping", "value from"),
        max_length=20,
        choices=ValueSource,
        default=ValueSource.FIXED,
    )
    value = models.CharField(_("value"), max_length=1000, blank=True)
    label = models.CharField(
        _("display value"), max_length=200, blank=True, help_text=_("What the value is called.")
    )

    class Meta:
        verbose_name = _("field mapping")
        verbose_name_plural = _("field mappings")
        ordering = ["field"]
        constraints = [
            models.UniqueConstraint(fields=["instance", "kind", "field"], name="field_mapped_once"),
            models.CheckConstraint(
                condition=~models.Q(field__in=sorted(RESERVED)), name="field_mapping_not_ours"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}.{self.field}"


class Requester(models.Model):
    """The ServiceNow user with a person's mail address, remembered for a day so that a push costs one call."""

    instance = models.ForeignKey(Instance, models.CASCADE, related_name="+")
    email = models.EmailField()
    sys_id = models.CharField(max_length=32, blank=True, help_text=_("Empty: none, or more than one."))
    looked_up_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["instance", "email"], name="requester_known_once")]
