"""Fields that an organisation wants on its tickets besides ours: assignment group, category, whatever is mandatory."""

import re

from django.core.validators import RegexValidator
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from connector.models import Instance
from connector.servicenow.records import SYS_ID
from tickets.models.choices import Category, Kind, Source

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


# The sources whose values are few and known, so that a table can say what each becomes.
OWN_VALUES: dict[ValueSource, list[tuple[str, str | Promise]]] = {
    ValueSource.CATEGORY: [(one.value, one.label) for one in Category],
    ValueSource.SOURCE: [(one.value, one.label) for one in Source],
}


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
    values = models.JSONField(
        _("table of values"),
        default=dict,
        blank=True,
        help_text=_("What each of our own values becomes; empty where it is sent as it is."),
    )
    value_labels = models.JSONField(
        _("display values of the table"), default=dict, blank=True, help_text=_("What its values are called.")
    )
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

    @property
    def is_nameless(self) -> bool:
        """Whether its value is a sys_id of which nobody told us the name."""
        return not self.label and bool(re.fullmatch(SYS_ID, self.value))

    def table(self) -> list[tuple[str, str]]:
        """Return what each of our own values becomes, in words; empty where they are sent as they are."""
        words = dict(OWN_VALUES.get(ValueSource(self.source), ()))
        return [
            (str(words.get(ours, ours)), self.value_labels.get(theirs) or theirs)
            for ours, theirs in self.values.items()
        ]


class Requester(models.Model):
    """The ServiceNow user with a person's mail address, remembered for a day so that a push costs one call."""

    instance = models.ForeignKey(Instance, models.CASCADE, related_name="+")
    email = models.EmailField()
    sys_id = models.CharField(max_length=32, blank=True, help_text=_("Empty: none, or more than one."))
    looked_up_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["instance", "email"], name="requester_known_once")]
