from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import permission_required
from scorecard import remediation
from scorecard.forms import ActionFilter, Sorting
from scorecard.models import ImprovementAction, ScoreDay
from scorecard.overview import summary
from scorecard.words import Status

# How many actions a page shows. As many as can be shared at a time are shown to whoever asks for them.
PAGE_SIZES = (50, 200)
TOP_ACTIONS = 9

may_view = permission_required("scorecard.view_improvementaction")


@may_view
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """The score, what to review first, and how others stand."""
    found = summary()
    actions = ImprovementAction.objects.select_related("plan")
    top = actions.with_status(Status.TO_ADDRESS).with_impact(found.day.max_score if found else None)
    context = {
        "summary": found,
        "tiles": _tiles(),
        "top": Sorting("-impact").apply(top)[:TOP_ACTIONS] if found else [],
    }
    return render(request, "scorecard/overview.html", context)


@may_view
@require_safe
def actions(request: HttpRequest) -> HttpResponse:
    """The list of improvement actions: search, filters, sorting, pages."""
    total = ScoreDay.newest_maximum()
    form = ActionFilter(request.GET)
    sorting = Sorting(request.GET.get("sort", ""))
    found = (
        sorting.apply(form.select(total)).select_related("plan").defer("remediation", "remediation_impact")
    )
    size = PAGE_SIZES[-1] if request.GET.get("per_page") == str(PAGE_SIZES[-1]) else PAGE_SIZES[0]
    context = {
        "form": form,
        "sort": sorting.states(),
        "page": Paginator(found, size).get_page(request.GET.get("page")),
        "size": size,
        "sizes": PAGE_SIZES,
        "imported": total is not None,
    }
    return render(request, "scorecard/actions.html", context)


@may_view
@require_safe
def action(request: HttpRequest, control_id: str) -> HttpResponse:
    """Everything about one improvement action."""
    total = ScoreDay.newest_maximum()
    found = ImprovementAction.objects.select_related("plan__owner").with_impact(total)
    action = get_object_or_404(found, control_id=control_id)
    context = {
        "action": action,
        "description": remediation.safe_html(action.description),
        "user_impact": remediation.safe_html(action.remediation_impact),
        "next_steps": remediation.safe_html(action.remediation),
        "implementation_status": remediation.safe_html(action.implementation_status),
    }
    return render(request, "scorecard/action.html", context)


def _tiles() -> list[dict[str, object]]:
    actions = ImprovementAction.objects
    tiles = [
        (_("Regressed"), "regressed=on", "danger", actions.regressed()),
        (Status.TO_ADDRESS.label, "status=to_address", "", actions.with_status(Status.TO_ADDRESS)),
        (Status.PLANNED.label, "status=planned", "info", actions.with_status(Status.PLANNED)),
        (
            Status.RISK_ACCEPTED.label,
            "status=risk_accepted",
            "warning",
            actions.with_status(Status.RISK_ACCEPTED),
        ),
        (Status.COMPLETED.label, "status=completed", "success", actions.completed()),
    ]
    return [
        {"label": label, "query": query, "tone": tone, "count": found.count()}
        for label, query, tone, found in tiles
    ]
