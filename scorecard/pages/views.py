from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from accounts import live_pages
from accounts.access import permission_required
from accounts.requests import PersonRequest
from accounts.sessions import polled
from accounts.written_query import WrittenQuery
from scorecard import tasks
from scorecard.importing.graph_client import missing_settings
from scorecard.models import ImportState, ImprovementAction, ScoreDay, remediation
from scorecard.models.choices import Status
from scorecard.models.standing import impact_of
from scorecard.pages.import_status import PERMISSION, import_status, import_status_by
from scorecard.pages.neighbors import link_suffix
from scorecard.pages.overview import explained_summary
from scorecard.pages.place import list_of
from scorecard.pages.rows import COLUMNS, ActionColumns, Body, share_menu
from scorecard.pages.sorting import ActionSorting

TOP_ACTIONS = 9
_IN_LIST = link_suffix(f"status={Status.TO_ADDRESS}")
# Where the button stands besides the overview.
_BACK = {"home": "home", "connection": "scorecard:connection"}
_TONES = {
    Status.TO_ADDRESS: "",
    Status.PLANNED: "info",
    Status.RISK_ACCEPTED: "warning",
    Status.COMPLETED: "success",
}

may_view = permission_required("scorecard.view_improvementaction")
may_read = permission_required(PERMISSION)


@may_view
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """The score, what to review first, and how others stand."""
    now, state = timezone.now(), ImportState.current()
    found = explained_summary(state, now)
    context = {
        "summary": found,
        "status": import_status_by(state, request.user, found.day if found else None, now),
        "tiles": _tiles(),
        "top": Body(_top(found.day.max_score) if found else (), _IN_LIST),
        "share_menu": share_menu(),
    }
    return render(request, "scorecard/overview.html", context)


@may_read
@require_POST
def read_now(request: HttpRequest) -> HttpResponse:
    """Have a worker read Secure Score."""
    if problem := _ask_for_an_import():
        messages.error(request, problem)
    return redirect(_BACK.get(request.POST.get("from", ""), "scorecard:overview"))


@polled
@may_view
@require_safe
def reading(request: HttpRequest) -> HttpResponse:
    """How far the import is, and nothing while that stays the same; then the page that asks is to load anew."""
    status = import_status(request.user, None, timezone.now())
    if not status.is_busy:
        return HttpResponseClientRefresh()
    if live_pages.shows(request, status.mark):
        return HttpResponse(status=204)
    return render(request, "scorecard/_reading.html", {"status": status})


def _ask_for_an_import() -> str:
    """Return why no worker will do it; empty where one will."""
    now = timezone.now()
    if missing_settings():
        return _("The settings do not say how to sign in to Microsoft Graph.")
    if not ImportState.ask(now):
        return _(
            "Secure Score is being read, or has just been asked for. Wait two minutes before you ask again."
        )
    if not tasks.hand_out_import():
        ImportState.take_back(now)
        return _(
            "This could not be handed to a worker: the message broker does not answer. Start it and try again."
        )
    return ""


@may_view
@require_safe
def action(request: PersonRequest, control_id: str) -> HttpResponse:
    """Everything about one improvement action."""
    total = ScoreDay.newest_maximum()
    came_from = list_of(request, total)
    found = ImprovementAction.objects.select_related("plan__owner")
    action = get_object_or_404(came_from.marked(found) if came_from else found, control_id=control_id)
    context = {
        "action": action,
        "impact": impact_of(
            is_scored=action.is_scored, score=action.score, max_score=action.max_score, total=total
        ),
        "shows_all_tickets": request.GET.get("tickets") == "all",
        "place": came_from.place(action) if came_from else None,
        "description": remediation.safe_html(action.description),
        "user_impact": remediation.safe_html(action.remediation_impact),
        "next_steps": remediation.safe_html(action.remediation),
        "implementation_status": remediation.safe_html(action.implementation_status),
    }
    return render(request, "scorecard/action.html", context)


def _top(total: float) -> tuple[ActionColumns, ...]:
    """The actions to address that bring most."""
    # Without a maximum they are sorted by another query.
    found = _TOP.rows(total=total) if total > 0 else _most_impact(total)
    return tuple(map(ActionColumns._make, found))


def _most_impact(total: float) -> QuerySet[ImprovementAction, Any]:
    to_address = ImprovementAction.objects.with_status(Status.TO_ADDRESS).with_impact(total).with_finished()
    return ActionSorting("-impact").apply(to_address).values_list(*COLUMNS)[:TOP_ACTIONS]


_TOP = WrittenQuery(_most_impact, total=float)


def _tiles() -> list[dict[str, object]]:
    [[*counts, regressed]] = _COUNTS.rows()
    first = {"label": _("Regressed"), "query": "regressed=on", "tone": "danger", "count": regressed}
    return [
        first,
        *(
            {"label": status.label, "query": f"status={status.value}", "tone": tone, "count": count}
            for (status, tone), count in zip(_TONES.items(), counts, strict=True)
        ),
    ]


def _counts() -> QuerySet[ImprovementAction, Any]:
    return ImprovementAction.objects.count_by_status(status.value for status in _TONES)


_COUNTS = WrittenQuery(_counts)
