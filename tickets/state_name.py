from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from connector.models import Instance
from tickets.states import Kind, Meaning


class StateName(models.Model):
    """What one instance calls a state, what we call it, and what it means."""

    instance = models.ForeignKey(
        Instance, models.PROTECT, related_name="state_names", verbose_name=_("instance")
    )
    kind = models.CharField(pgettext_lazy("ticket", "task type"), max_length=20, choices=Kind)
    value = models.CharField(_("stored value"), max_length=40)
    language = models.CharField(_("language"), max_length=10, default="en")
    their_label = models.CharField(_("name in ServiceNow"), max_length=100, blank=True)
    our_label = models.CharField(pgettext_lazy("ticket state", "our name"), max_length=100, blank=True)
    meaning = models.CharField(
        pgettext_lazy("ticket state", "meaning"), max_length=30, choices=Meaning, blank=True
    )

    class Meta:
        verbose_name = _("ticket state name")
        verbose_name_plural = _("ticket state names")
        constraints = [
            models.UniqueConstraint(
                fields=["instance", "kind", "value", "language"], name="state_name_unique"
            )
        ]
