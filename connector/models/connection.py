"""One ServiceNow instance, how we are connected to it, and the secrets of that connection."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from connector.hosts import origin_of
from connector.models.call_counter import CallCounter, CallCounterQuerySet
from connector.models.circuit_breaker import LONGEST_BREAK, LONGEST_WAIT, InstanceQuerySet
from connector.models.lease import Leased, LeasedQuerySet
from connector.models.secret_fields import SecretField

REFRESH_TOKEN_WARNING = timedelta(days=14)


class Instance(CallCounter):
    """A ServiceNow instance: what we found out about it, and how it has been answering."""

    host = models.CharField(
        _("host"),
        max_length=260,
        unique=True,
        help_text=_("As in the browser's address bar, with a port only if it has one."),
    )
    honours_sys_id = models.BooleanField(_("keeps the sys_id we choose"), null=True)
    keyless_since = models.DateTimeField(
        _("keeps none of our keys since"),
        null=True,
        blank=True,
        help_text=_("Nothing is sent until a trial record has kept one."),
    )
    keyless_table = models.CharField(_("table that keeps none of our keys"), max_length=40, blank=True)
    range_queries_allowed = models.BooleanField(_("allows range queries"), null=True)

    consecutive_failures = models.PositiveIntegerField(_("consecutive failures"), default=0)
    circuit_open_until = models.DateTimeField(_("left alone until"), null=True, blank=True)
    rate_limited_until = models.DateTimeField(_("asked to wait until"), null=True, blank=True)
    last_contact_at = models.DateTimeField(_("last contact"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=40, blank=True)
    last_error_detail = models.CharField(_("last error in ServiceNow's words"), max_length=500, blank=True)
    last_error_at = models.DateTimeField(_("last error at"), null=True, blank=True)
    clock_offset = models.DurationField(
        _("clock offset"), null=True, blank=True, help_text=_("The instance's clock minus ours.")
    )
    # An offset that differs too much to be believed before it has lasted; see `server_clock`.
    clock_doubt = models.DurationField(null=True, blank=True, editable=False)
    clock_doubt_since = models.DateTimeField(null=True, blank=True, editable=False)

    delta_since = models.DateTimeField(_("changes read up to (instance's clock)"), null=True, blank=True)
    last_swept_at = models.DateTimeField(_("open tickets last checked"), null=True, blank=True)
    last_full_sweep_at = models.DateTimeField(_("all tickets last checked"), null=True, blank=True)
    rows_left_out = models.PositiveIntegerField(_("rows not understood when last checked"), default=0)

    objects = InstanceQuerySet.as_manager()

    class Meta:
        verbose_name = _("ServiceNow instance")
        verbose_name_plural = _("ServiceNow instances")
        constraints = [models.CheckConstraint(condition=~Q(host=""), name="instance_host_given")]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """What people call it: `acme` for acme.service-now.com, the whole host for a custom domain."""
        first, _dot, domain = self.host.partition(".")
        return first if domain in ("service-now.com", "servicenowservices.com") else self.host

    @property
    def origin(self) -> str:
        """Where it is, such as https://acme.service-now.com; a loopback host is spoken to without TLS."""
        return origin_of(self.host)

    @cached_property
    def is_current(self) -> bool:
        """Whether it is the one in use. The tickets of others are history."""
        return self.connections.filter(is_current=True).exists()

    def is_broken(self, now: datetime) -> bool:
        """Whether it failed so often that it is left alone for the moment."""
        return self.circuit_open_until is not None and now < self.circuit_open_until <= now + LONGEST_BREAK

    def is_rate_limited(self, now: datetime) -> bool:
        """Whether it asked to be left alone for the moment."""
        return self.rate_limited_until is not None and now < self.rate_limited_until <= now + LONGEST_WAIT

    def may_call(self, now: datetime, budget: int) -> bool:
        """Whether it may be called, by what its row says at this moment: not what it said when this was read."""
        self.refresh_from_db(
            fields=[
                "circuit_open_until",
                "rate_limited_until",
                "calls_slot_at",
                "calls_in_hour",
                "calls_earlier",
            ]
        )
        is_left_alone = self.is_broken(now) or self.is_rate_limited(now)
        return not is_left_alone and self.calls_left(now, budget) > 0


class PersonCalls(CallCounter):
    """The calls that were made because somebody asked for news on a page."""

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("person")
    )

    objects = CallCounterQuerySet.as_manager()

    class Meta:
        verbose_name = _("calls for a person")
        verbose_name_plural = _("calls for people")

    def __str__(self) -> str:
        return str(self.person)


class Grant(models.TextChoices):
    """The two ways to sign in, in OAuth's own words."""

    AUTHORIZATION_CODE = "authorization_code", _("Authorization code")
    CLIENT_CREDENTIALS = "client_credentials", _("Client credentials")


class ConnectionStatus(models.TextChoices):
    AUTHORIZING = "authorizing", pgettext_lazy("connection status", "Not yet authorized")
    CONNECTED = "connected", pgettext_lazy("connection status", "Connected")
    NEEDS_REAUTHORIZATION = (
        "needs_reauthorization",
        pgettext_lazy("connection status", "Needs to be authorized again"),
    )
    REMOVED = "removed", pgettext_lazy("connection status", "Removed")


class ConnectionQuerySet(LeasedQuerySet["Connection"]):
    def current(self) -> "ConnectionQuerySet":
        """The one connection in use, if any, whether it works or needs to be authorized again."""
        return self.filter(is_current=True).select_related("instance")

    def working(self) -> "ConnectionQuerySet":
        """The one in use, while it works."""
        return self.current().filter(status=ConnectionStatus.CONNECTED)

    def drafts(self) -> "ConnectionQuerySet":
        """What is being set up beside the current one, newest first."""
        being_set_up = self.filter(status=ConnectionStatus.AUTHORIZING).select_related("instance")
        return being_set_up.order_by("-created_at", "-pk")


class Connection(Leased):
    """One OAuth client's way into one instance. At most one is current; a new one authorizes beside it.

    Whoever renews its access token holds the row meanwhile.
    """

    Status = ConnectionStatus
    Grant = Grant

    instance = models.ForeignKey(
        Instance, models.PROTECT, related_name="connections", verbose_name=_("instance")
    )
    grant = models.CharField(
        _("sign-in"), max_length=20, choices=Grant.choices, default=Grant.AUTHORIZATION_CODE
    )
    status = models.CharField(
        _("status"), max_length=25, choices=ConnectionStatus.choices, default=ConnectionStatus.AUTHORIZING
    )
    is_current = models.BooleanField(_("current"), default=False)
    client_id = models.CharField(_("client ID"), max_length=200)
    scope = models.CharField(_("auth scope"), max_length=200, blank=True)

    integration_user_name = models.CharField(_("integration user's user ID"), max_length=100, blank=True)
    integration_user_sys_id = models.CharField(_("integration user's sys_id"), max_length=32, blank=True)
    integration_user_label = models.CharField(_("integration user"), max_length=200, blank=True)

    authorized_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("authorized by"),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    authorized_at = models.DateTimeField(_("authorized"), null=True, blank=True)
    access_expires_at = models.DateTimeField(_("access token ends"), null=True, blank=True)
    refresh_expires_at = models.DateTimeField(_("refresh token ends"), null=True, blank=True)
    token_refusals = models.PositiveIntegerField(_("tokens refused in a row"), default=0)
    next_token_at = models.DateTimeField(_("next request for a token"), null=True, blank=True)

    objects = ConnectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("connection")
        verbose_name_plural = _("connections")
        permissions = [("manage_connection", _("Can set up, authorize and remove the ServiceNow connection"))]
        constraints = [
            models.UniqueConstraint(
                fields=["is_current"], condition=Q(is_current=True), name="connection_one_current"
            ),
            models.CheckConstraint(
                condition=Q(is_current=False) | Q(status__in=["connected", "needs_reauthorization"]),
                name="connection_current_was_authorized",
            ),
            models.CheckConstraint(
                condition=Q(claim_token=None, claimed_until=None)
                | Q(claim_token__isnull=False, claimed_until__isnull=False),
                name="connection_lease_complete",
            ),
            models.CheckConstraint(
                condition=Q(status__in=ConnectionStatus.values), name="connection_status_known"
            ),
            models.CheckConstraint(condition=Q(grant__in=Grant.values), name="connection_grant_known"),
        ]

    def __str__(self) -> str:
        return f"{self.instance.name} ({self.get_grant_display()})"

    @property
    def is_usable(self) -> bool:
        return self.status == ConnectionStatus.CONNECTED

    @property
    def needs_reauthorization(self) -> bool:
        return self.status == ConnectionStatus.NEEDS_REAUTHORIZATION

    def is_refused(self, now: datetime) -> bool:
        """Whether ServiceNow gave no token when it was asked last, and is not asked again yet."""
        return self.next_token_at is not None and now < self.next_token_at

    def ends_soon(self, now: datetime) -> bool:
        """Whether the refresh token ends within 14 days, so that somebody should authorize again."""
        return self.refresh_expires_at is not None and self.refresh_expires_at - now < REFRESH_TOKEN_WARNING


class CheckResult(models.Model):
    """What one check of a connection found last. `check_texts` says what that means and what to do."""

    connection = models.ForeignKey(
        Connection, models.CASCADE, related_name="check_results", verbose_name=_("connection")
    )
    name = models.CharField(pgettext_lazy("connection check", "check"), max_length=40)
    finding = models.CharField(_("finding"), max_length=40)
    seen = models.CharField(_("in ServiceNow's words"), max_length=500, blank=True)
    checked_at = models.DateTimeField(_("checked"))

    class Meta:
        verbose_name = _("result of a check")
        verbose_name_plural = _("results of checks")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["connection", "name"], name="check_result_unique")]


class ConnectionSecrets(models.Model):
    """The secrets of a connection, apart from it so that a wrong key never breaks a page. Only
    `client_factory`, to use them, and `keys`, to check and rotate them, read them.
    """

    connection = models.OneToOneField(Connection, models.CASCADE, related_name="secrets", primary_key=True)
    client_secret = SecretField(_("client secret"))
    access_token = SecretField(_("access token"))
    refresh_token = SecretField(_("refresh token"))

    class Meta:
        verbose_name = _("secrets of a connection")
        verbose_name_plural = _("secrets of connections")
        default_permissions = ()
