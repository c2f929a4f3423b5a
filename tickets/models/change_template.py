"""Standard changes: new change requests made from a template that the instance's owners have approved beforehand."""

from datetime import datetime

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from connector.models import Instance
from connector.servicenow.records import SYS_ID
from tickets.models.ticket_type import type_of


class ChangeTemplateQuerySet(models.QuerySet["ChangeTemplate"]):
    """Templates in use."""

    def of(self, instance_id: int, kind: str) -> "ChangeTemplate | None":
        """Return the template that new tickets of this kind are made from, if any."""
        return self.filter(instance=instance_id).first() if type_of(kind).takes_template else None

    def choose(self, template: "ChangeTemplate", now: datetime) -> None:
        """Make new change requests from this template, which a trial has just proven."""
        found = {"sys_id": template.sys_id, "name": template.name, "proven_at": now}
        self.update_or_create(instance=template.instance, defaults=found)


class ChangeTemplate(models.Model):
    """The standard change template of one instance that its new change requests are made from.

    A template may forbid fields, the correlation ID among them. A ticket whose answer was lost could then never be
    found again, so nothing is sent with a template that was not seen to keep it.
    """

    instance = models.OneToOneField(Instance, models.PROTECT, related_name="+", verbose_name=_("instance"))
    sys_id = models.CharField(
        _("sys_id of the template"), max_length=32, validators=[RegexValidator(rf"^{SYS_ID}\Z")]
    )
    name = models.CharField(_("name"), max_length=200, blank=True)
    proven_at = models.DateTimeField(_("kept the correlation ID, last seen"), null=True, blank=True)

    objects = ChangeTemplateQuerySet.as_manager()

    class Meta:
        verbose_name = _("standard change template")
        verbose_name_plural = _("standard change templates")
        constraints = [
            models.CheckConstraint(condition=~models.Q(sys_id=""), name="change_template_given"),
        ]

    def __str__(self) -> str:
        return self.name or self.sys_id

    def prove(self, now: datetime) -> bool:
        """Note that a record made from it kept its key, unless another template was chosen meanwhile."""
        return self._unchanged().update(proven_at=now) == 1

    def disprove(self) -> bool:
        """Note that a record made from it kept no key, unless another template was chosen meanwhile."""
        return self._unchanged().update(proven_at=None) == 1

    def _unchanged(self) -> ChangeTemplateQuerySet:
        return ChangeTemplate.objects.filter(instance=self.instance_id, sys_id=self.sys_id)
