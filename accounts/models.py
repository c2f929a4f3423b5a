"""People, and the record of what they did."""

from collections.abc import Iterator
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import F
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.notices import Notice, notice_of
from accounts.request_id import LONGEST_ID, current


class User(AbstractUser):
    """A person. Whoever signs in through Microsoft Entra is known by tenant and object id, never by email address."""

    tenant_id = models.CharField(_("tenant ID"), max_length=36, blank=True)
    object_id = models.CharField(_("object ID"), max_length=36, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    time_zone = models.CharField(
        _("time zone"), max_length=40, blank=True, help_text=_("Empty: the organization's.")
    )
    exact_times = models.BooleanField(_("exact times"), default=False)
    single_keys = models.BooleanField(_("shortcuts of a single key"), default=True)
    hidden_cards = models.JSONField(_("hidden cards"), default=list, blank=True)
    # What the person has not read yet (accounts/notices.py), oldest first.
    notices = models.JSONField(_("notices"), default=list, blank=True, editable=False)
    session_epoch = models.PositiveIntegerField(_("session epoch"), default=0, editable=False)
    # Who looks after what this person had, once they were deactivated (accounts/handover.py).
    successor = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="predecessors",
        verbose_name=_("successor"),
    )

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

    @property
    def initials(self) -> str:
        """Two letters for the picture of a person who has none."""
        return f"{self.first_name[:1]}{self.last_name[:1]}".upper() or self.username[:2].upper()

    @property
    def unread_notices(self) -> list[Notice]:
        """What happened to the account, and was not read yet, newest first."""
        return [notice_of(data) for data in reversed(self.notices)]

    def get_absolute_url(self) -> str:
        """The page about this person, for administrators."""
        return reverse("people:person", args=[self.pk])

    def get_session_auth_hash(self) -> str:
        """What a session must carry to be this person's: changes with the password and with `session_epoch`."""
        return self._of_this_epoch(super().get_session_auth_hash())

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """The same under keys that are being replaced."""
        return map(self._of_this_epoch, super().get_session_auth_fallback_hash())

    def end_sessions(self) -> None:
        """Make every session of this person end at its next request."""
        User.objects.filter(pk=self.pk).update(session_epoch=F("session_epoch") + 1)
        self.refresh_from_db(fields=["session_epoch"])

    def _of_this_epoch(self, hash_of_password: str) -> str:
        value = f"{self.session_epoch}:{hash_of_password}"
        return salted_hmac("accounts.session", value, algorithm="sha256").hexdigest()


TARGET_LENGTH = 200
DETAIL_LENGTH = 1000


class ActorKind(models.TextChoices):
    """Who, of all that have a hand in the portal's work, did something."""

    PERSON = "person", pgettext_lazy("actor kind", "Person")
    PORTAL = "portal", pgettext_lazy("actor kind", "Portal")
    RULE = "rule", pgettext_lazy("actor kind", "Rule")
    GRAPH = "graph", pgettext_lazy("actor kind", "Microsoft Graph")
    SERVICENOW = "servicenow", pgettext_lazy("actor kind", "ServiceNow")


class AuditLog(models.Manager["AuditEntry"]):
    """Where deeds are written down."""

    def record(
        self,
        *,
        actor: User | None,
        verb: str,
        target: str = "",
        actor_kind: ActorKind | None = None,
        **detail: Any,
    ) -> "AuditEntry":
        """Add one entry. `detail` is shown to administrators: never put a secret into it. Long texts are cut.

        Without an `actor_kind` it was the person who is the actor, or the portal. The request that is being served
        tells its ID and where it came from.
        """
        trace = current()
        return self.create(
            actor=actor,
            actor_name=actor.get_username() if actor else "",
            actor_kind=actor_kind or (ActorKind.PERSON if actor else ActorKind.PORTAL),
            verb=verb,
            target=target[:TARGET_LENGTH],
            address=trace.address,
            request_id=trace.request_id,
            detail=_short(detail),
        )


class AuditEntry(models.Model):
    """One deed of a person, or of something else, then without an actor. Only ever added."""

    ActorKind = ActorKind

    at = models.DateTimeField(_("time"), auto_now_add=True, db_index=True)
    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("actor"))
    actor_name = models.CharField(_("actor name"), max_length=150, blank=True)
    actor_kind = models.CharField(_("kind of actor"), max_length=20, choices=ActorKind)
    verb = models.CharField(pgettext_lazy("audit", "verb"), max_length=60)
    target = models.CharField(pgettext_lazy("audit", "target"), max_length=TARGET_LENGTH, blank=True)
    # Where the request came from, an IPv4 or IPv6 address; empty for what a worker did.
    address = models.CharField(pgettext_lazy("audit", "address"), max_length=45, blank=True)
    request_id = models.CharField(_("request ID"), max_length=LONGEST_ID, blank=True)
    detail = models.JSONField(pgettext_lazy("audit", "detail"), default=dict, blank=True)

    objects = AuditLog()

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(actor_kind__in=ActorKind.values), name="audit_entry_actor_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor_name} {self.verb} {self.target}"


class SignInCounter(models.Model):
    """How often a password was tried from one place, and whether it was ever the right one (see throttle.py)."""

    key = models.CharField(max_length=64, primary_key=True)
    tries = models.PositiveIntegerField(default=0)
    since = models.DateTimeField(db_index=True)
    signed_in_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("sign-in counter")
        verbose_name_plural = _("sign-in counters")
        default_permissions = ()


def _short(value: Any) -> Any:
    """A value for JSON whose texts have at most DETAIL_LENGTH characters."""
    if isinstance(value, dict):
        return {key: _short(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_short(one) for one in value]
    return value[:DETAIL_LENGTH] if isinstance(value, str) else value
