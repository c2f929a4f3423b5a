"""People, and the record of what they did."""

from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class User(AbstractUser):
    """A person. Whoever signs in through Microsoft Entra is known by tenant and object id, never by e-mail address."""

    tenant_id = models.CharField(_("tenant ID"), max_length=36, blank=True)
    object_id = models.CharField(_("object ID"), max_length=36, blank=True)
    language = models.CharField(
        _("language"), max_length=10, blank=True, help_text=_("Empty: as the browser asks.")
    )
    hidden_cards = models.JSONField(_("hidden cards"), default=list, blank=True)
    session_epoch = models.PositiveIntegerField(_("session epoch"), default=0, editable=False)

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant_id", "object_id"],
                condition=~models.Q(object_id=""),
                name="user_entra_identity_unique",
            )
        ]

    def __str__(self) -> str:
        return self.get_full_name() or self.username


class AuditLog(models.Manager["AuditEntry"]):
    """Where deeds are written down."""

    def record(self, *, actor: User | None, verb: str, target: str = "", **detail: Any) -> "AuditEntry":
        """Add one entry. `detail` is shown to administrators: never put a secret into it."""
        name = actor.get_username() if actor else ""
        return self.create(actor=actor, actor_name=name, verb=verb, target=target, detail=detail)


class AuditEntry(models.Model):
    """One deed of a person (or of the portal itself, then without an actor). Only ever added."""

    at = models.DateTimeField(_("at"), auto_now_add=True, db_index=True)
    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("actor"))
    actor_name = models.CharField(_("actor name"), max_length=150, blank=True)
    verb = models.CharField(pgettext_lazy("audit", "verb"), max_length=60)
    target = models.CharField(pgettext_lazy("audit", "target"), max_length=200, blank=True)
    detail = models.JSONField(pgettext_lazy("audit", "detail"), default=dict, blank=True)

    objects = AuditLog()

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor_name} {self.verb} {self.target}"
