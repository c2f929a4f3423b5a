"""Microsoft's improvement actions and the organization's plans for them."""

from collections.abc import Iterable
from typing import Any, Self
from urllib.parse import urlsplit

from django.conf import settings
from django.db import models
from django.db.models import Case, Count, ExpressionWrapper, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from scorecard.models.choices import CHOOSABLE, FINISHED, PRODUCTS, TONES, Category, Level, Status
from scorecard.models.rounding import is_below, reaches
from scorecard.models.sharing import ShareLinks, share_links
from scorecard.models.standing import is_completed, is_regressed, status_of

_COMPLETED = Q(max_score__gt=0) & reaches("score", "max_score")
# Not `~_COMPLETED`: where a maximum is unknown that comparison is neither true nor false.
_UNFINISHED = (
    Q(max_score__isnull=True) | Q(score__isnull=True) | Q(max_score__lte=0) | is_below("score", "max_score")
)
_REGRESSED = is_below("score", "previous_score")


def _stands_at(status: str) -> Q:
    """What is true of a scored action with this status."""
    if status == Status.COMPLETED:
        return _COMPLETED
    planned = Q(plan__status=status)
    return _UNFINISHED & (planned | Q(plan__isnull=True) if status == Status.TO_ADDRESS else planned)


class ImprovementActionQuerySet(models.QuerySet["ImprovementAction"]):
    """Improvement actions, in words."""

    def scored(self) -> Self:
        """Those that count towards the newest score."""
        return self.filter(is_scored=True)

    def not_applicable(self) -> Self:
        """Those that Microsoft describes but does not score for this tenant."""
        return self.filter(is_scored=False)

    def in_category(self, category: str) -> Self:
        """Those of one category, as Microsoft spells it."""
        return self.filter(category=category)

    def search(self, text: str) -> Self:
        """Those that have every word of the text in title, control ID, product or description."""
        found = self
        for word in text.split():
            found = found.filter(
                Q(title__icontains=word)
                | Q(control_id__icontains=word)
                | Q(product__icontains=word)
                | Q(description__icontains=word)
            )
        return found

    def completed(self) -> Self:
        """Those that have all their points."""
        return self.scored().filter(_COMPLETED)

    def regressed(self) -> Self:
        """Those whose latest change within Microsoft's history lost points."""
        return self.scored().filter(_REGRESSED)

    def with_status(self, status: str) -> Self:
        """Those that stand at `status`; see `ImprovementAction.status` for what each means."""
        if status == Status.NOT_APPLICABLE:
            return self.not_applicable()
        return self.scored().filter(_stands_at(status))

    def count_by_status(self, statuses: Iterable[str]) -> "models.QuerySet[ImprovementAction, Any]":
        """Count scored actions by status, and last those that lost points: one row of numbers."""
        counted = {status: Count("pk", filter=_stands_at(status)) for status in statuses}
        # By a constant nothing is grouped, which makes one row; `aggregate` would ask at once.
        whole = self.scored().order_by().annotate(whole=Value(1)).values("whole")
        return whole.annotate(**counted, regressed=Count("pk", filter=_REGRESSED)).values_list(
            *counted, "regressed"
        )

    def owned_by(self, person: models.Model) -> Self:
        """Those whose plan names this person as the one who sees to it."""
        return self.filter(plan__owner=person)

    def with_finished(self) -> Self:
        """Add `is_finished`: its status is one in which nothing is left to do."""
        finished = Q(is_scored=True) & _COMPLETED | Q(plan__status__in=FINISHED)
        return self.annotate(
            is_finished=Case(
                When(finished, then=Value(1)), default=Value(0), output_field=models.IntegerField()
            )
        )

    def with_impact(self, total: float | None) -> Self:
        """Add `impact`: the points still available in per cent of `total`; None where anything is unknown."""
        if not total or total <= 0:
            # PostgreSQL sorts by no bare constant.
            return self.annotate(impact=Cast(Value(None), models.FloatField()))
        share = ExpressionWrapper((F("max_score") - F("score")) * 100.0 / total, models.FloatField())
        return self.annotate(
            impact=Case(
                When(Q(is_scored=False) | Q(max_score__isnull=True) | Q(score__isnull=True), then=None),
                When(reaches("score", "max_score"), then=0.0),
                default=share,
                output_field=models.FloatField(),
            )
        )

    def with_ticket_count(self) -> Self:
        """Add `ticket_count`, counted for each action by itself: a join would group every ticket there is."""
        counted = ImprovementAction.objects.filter(pk=OuterRef("pk")).order_by().values("pk")
        return self.annotate(
            ticket_count=Subquery(counted.annotate(number=Count("tickets")).values("number"))
        )


class ImprovementAction(models.Model):
    """One Secure Score control: Microsoft's profile of it, joined with the newest score of this tenant.

    Only imports write here. What the organisation decides is in `ActionPlan`, out of their reach.
    """

    control_id = models.CharField(_("control ID"), max_length=200, unique=True)
    has_profile = models.BooleanField(_("has a profile"), default=False)
    title = models.CharField(_("title"), max_length=500)
    category = models.CharField(_("category"), max_length=100, blank=True, db_index=True)
    product = models.CharField(_("product"), max_length=100, blank=True)
    max_score = models.FloatField(_("maximum score"), null=True, blank=True, help_text=_("Empty: unknown."))
    rank = models.IntegerField(_("rank"), null=True, blank=True)
    tier = models.CharField(_("tier"), max_length=100, blank=True)
    user_impact = models.CharField(_("user impact"), max_length=20, choices=Level, blank=True)
    implementation_cost = models.CharField(_("implementation cost"), max_length=20, choices=Level, blank=True)
    threats = models.JSONField(_("threats"), default=list, blank=True)
    remediation = models.TextField(_("remediation"), blank=True, help_text=_("HTML as Microsoft wrote it."))
    remediation_impact = models.TextField(_("remediation impact"), blank=True)
    action_url = models.TextField(_("action URL"), blank=True)
    action_type = models.CharField(_("action type"), max_length=100, blank=True)
    deprecated = models.BooleanField(_("deprecated"), default=False)

    is_scored = models.BooleanField(
        _("is scored"), default=False, help_text=_("Counts towards the newest score.")
    )
    scored_on = models.DateField(_("scored on"), null=True, blank=True)
    score = models.FloatField(_("score"), null=True, blank=True)
    previous_score = models.FloatField(_("previous score"), null=True, blank=True)
    score_in_percentage = models.FloatField(_("score in percentage"), null=True, blank=True)
    description = models.TextField(_("description"), blank=True)
    implementation_status = models.TextField(_("implementation status"), blank=True)
    last_synced_at = models.DateTimeField(_("last synced at"), null=True, blank=True)
    first_seen_at = models.DateTimeField(_("first seen at"))

    objects = ImprovementActionQuerySet.as_manager()

    class Meta:
        ordering = ["title", "control_id"]
        verbose_name = _("improvement action")
        verbose_name_plural = _("improvement actions")
        indexes = [models.Index(fields=["is_scored", "rank"], name="action_scored_rank")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Address of the action's page, without the host."""
        return reverse("scorecard:action", args=[self.control_id])

    @property
    def is_completed(self) -> bool:
        """Whether all points are achieved. An unknown maximum is never reached."""
        return self.is_scored and is_completed(self.score, self.max_score)

    @property
    def is_regressed(self) -> bool:
        """Whether the latest change lost points."""
        return self.is_scored and is_regressed(self.score, self.previous_score)

    @property
    def status(self) -> Status:
        """Where the action stands: what the points say comes before what the organisation chose."""
        plan = getattr(self, "plan", None)
        return status_of(
            is_scored=self.is_scored,
            score=self.score,
            max_score=self.max_score,
            planned=plan.status if plan else None,
        )

    @property
    def tone(self) -> str:
        """The badge's tone for the status."""
        return TONES[self.status]

    @property
    def category_label(self) -> str:
        """The category in the reader's language; one that we do not know as Microsoft spells it."""
        return str(Category(self.category).label) if self.category in Category.values else self.category

    @property
    def share_links(self) -> ShareLinks:
        """Where the entries of the Share menu lead."""
        return share_links(
            title=self.title,
            page=settings.PUBLIC_URL + self.get_absolute_url(),
            greeting=gettext("A Microsoft Secure Score improvement action:"),
        )

    @property
    def product_name(self) -> str:
        """The product's own name, or Graph's code where we know no name."""
        return PRODUCTS.get(self.product, self.product)

    @property
    def manage_url(self) -> str:
        """Microsoft's page for carrying out the action if it may be linked to (https), else empty."""
        try:
            parts = urlsplit(self.action_url)
        except ValueError:
            return ""
        return self.action_url if parts.scheme == "https" and parts.netloc else ""


class ActionPlanQuerySet(models.QuerySet["ActionPlan"]):
    """Plans, in words."""

    def open(self) -> Self:
        """Those by which something is still to be done."""
        return self.filter(status__in=[Status.TO_ADDRESS, Status.PLANNED])


class ActionPlan(models.Model):
    """What the organisation decided about one action. No import touches it."""

    action = models.OneToOneField(
        ImprovementAction, models.CASCADE, related_name="plan", verbose_name=_("action")
    )
    status = models.CharField(
        pgettext_lazy("action", "status"),
        max_length=30,
        choices=[(status.value, status.label) for status in CHOOSABLE],
        default=Status.TO_ADDRESS,
    )
    notes = models.TextField(_("notes"), blank=True)
    tags = models.JSONField(_("tags"), default=list, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("owner"),
    )
    due_on = models.DateField(_("due on"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    objects = ActionPlanQuerySet.as_manager()

    class Meta:
        verbose_name = _("action plan")
        verbose_name_plural = _("action plans")
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=[status.value for status in CHOOSABLE]),
                name="plan_status_is_choosable",
            )
        ]

    def __str__(self) -> str:
        return f"{self.action}: {self.get_status_display()}"
