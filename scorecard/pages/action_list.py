"""The list of improvement actions."""

from collections.abc import Collection

from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe
from django_htmx.http import replace_url

from accounts import live_pages
from accounts.requests import PersonRequest
from accounts.sessions import polled
from scorecard.models import ImprovementAction, ImprovementActionQuerySet, ScoreDay
from scorecard.pages.action_filter import ActionFilter, for_sorting
from scorecard.pages.import_status import import_status
from scorecard.pages.list_address import ListAddress
from scorecard.pages.neighbors import link_suffix
from scorecard.pages.rows import COLUMNS, ActionColumns, Body, share_menu
from scorecard.pages.sorting import ActionSorting
from scorecard.pages.views import may_view

# How many actions a page shows. As many as can be shared at a time are shown to whoever asks for them.
PAGE_SIZES = (50, 200)


@may_view
@require_safe
def actions(request: PersonRequest) -> HttpResponse:
    """The list of improvement actions: search, filters, sorting, pages. Asked for by a script, only what changes."""
    address = ListAddress.of(request)
    if address.has_empty and not request.htmx:
        return redirect(address.having(page=request.GET.get("page")))
    context = _shown(request, address)
    if request.htmx:
        return replace_url(render(request, "scorecard/_list.html", context), str(address))
    return render(request, "scorecard/actions.html", context)


@polled
@may_view
@require_safe
def live(request: PersonRequest) -> HttpResponse:
    """The list for the page that is open, at the same filters; nothing while that shows the same."""
    context = _shown(request, ListAddress.of(request, reverse("scorecard:actions")))
    if live_pages.shows(request, str(context["mark"])):
        return HttpResponse(status=204)
    return render(request, "scorecard/_list.html", context)


def _shown(request: PersonRequest, address: ListAddress) -> dict[str, object]:
    total = ScoreDay.newest_maximum()
    form = ActionFilter(request.GET, person=request.user)
    sorting = ActionSorting(request.GET.get("sort", ""))
    size = PAGE_SIZES[-1] if request.GET.get("per_page") == str(PAGE_SIZES[-1]) else PAGE_SIZES[0]
    found = sorted_actions(form, sorting, total).values_list(*COLUMNS)
    page = Paginator(found, size).get_page(request.GET.get("page"))
    shown = page.object_list = tuple(map(ActionColumns._make, page.object_list))
    tickets = _tickets_of(shown)
    return {
        "form": form,
        "address": address,
        "chips": form.chips(address),
        "heads": sorting.heads(address),
        "orders": sorting.choices(),
        "keeps": {"per_page": size if size != PAGE_SIZES[0] else ""},
        "page": page,
        "body": Body(shown, link_suffix(address.whole), tickets),
        "mark": live_pages.mark_of(shown, tickets, page.number, page.paginator.count),
        "share_menu": share_menu(),
        "sizes": _other_sizes(address, size) if page.paginator.count > PAGE_SIZES[0] else (),
        "imported": total is not None,
        "status": import_status(request.user, None, timezone.now()) if total is None else None,
    }


def sorted_actions(
    form: ActionFilter, sorting: ActionSorting, total: float | None
) -> ImprovementActionQuerySet:
    """Return what the filters show, in order. `total` is the maximum of the whole score, for the score impact."""
    return sorting.apply(for_sorting(form.select(), sorting, total))


def _other_sizes(address: ListAddress, size: int) -> list[tuple[int, str]]:
    """The other lengths of a page, each with its address."""
    return [
        (one, address.having(per_page=one if one != PAGE_SIZES[0] else None))
        for one in PAGE_SIZES
        if one != size
    ]


def _tickets_of(actions: Collection[ActionColumns]) -> tuple[tuple[int, int], ...]:
    """How many tickets each of these has, by key; of others nothing is counted."""
    shown = ImprovementAction.objects.filter(pk__in=[action.pk for action in actions]).order_by("pk")
    # By the key alone: else rows are grouped by every column, their long texts too. An index holds this column.
    return tuple(shown.values("pk").annotate(number=Count("tickets__created_at")).values_list("pk", "number"))
