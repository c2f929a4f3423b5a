from django.db import models
from django.utils.translation import gettext_lazy as _

from connector.models import Instance
from tickets.states import Kind, Meaning


class StateName(models.Model):
    """What one instance calls a state, what we call it, and what it means."""

    instance = models.ForeignKey(Instance, models.PROTECT, related_name="state_names")
    kind = models.CharField(max_length=20, choices=Kind)
    value = models.CharField(max_length=40)
    language = models.CharField(max_length=10, default="en")
    their_label = models.CharField(max_length=100, blank=True)
    our_label = models.CharField(max_length=100, blank=True)
    meaning = models.CharField(max_length=30, choices=Meaning, blank=True)

    class Meta:
        verbose_name = _("ticket state name")
        verbose_name_plural = _("ticket state names")
        constraints = [
            models.UniqueConstraint(
                fields=["instance", "kind", "value", "language"], name="state_name_unique"
            )
        ]
