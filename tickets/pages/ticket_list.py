"""The list of tickets, on pages and as a file."""

from functools import partial

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, pgettext
from django.views.decorators.http import require_safe
from django_htmx.http import replace_url

from accounts import live_pages
from accounts.requests import PersonRequest
from accounts.sessions import polled
from scorecard.pages.list_address import ListAddress
from scorecard.pages.neighbors import link_suffix
from tickets.models.choices import Kind
from tickets.models.state_labels import ENGLISH
from tickets.pages import export
from tickets.pages.filters import TicketFilter, TicketSorting
from tickets.pages.list_rows import list_rows
from tickets.pages.list_tickets import tickets_of
from tickets.pages.paging import page_of
from tickets.pages.views import may_view
from tickets.records.dates import today


@may_view
@require_safe
def tickets(request: PersonRequest) -> HttpResponse:
    """All tickets: search, filters, sorting, pages. Asked for by a script, only what changes."""
    address = ListAddress.of(request)
    if address.has_empty and not request.htmx:
        return redirect(address.having(page=request.GET.get("page")))
    context = _shown(request, address)
    if request.htmx:
        return replace_url(render(request, "tickets/_list.html", context), str(address))
    return render(request, "tickets/list.html", context)


@polled
@may_view
@require_safe
def live(request: PersonRequest) -> HttpResponse:
    """The list for the page that is open, at the same filters; nothing while that shows the same."""
    context = _shown(request, ListAddress.of(request, reverse("tickets:list")))
    if live_pages.shows(request, str(context["mark"])):
        return HttpResponse(status=204)
    return render(request, "tickets/_list.html", context)


def _shown(request: PersonRequest, address: ListAddress) -> dict[str, object]:
    now = timezone.now()
    day = today(now)
    form = TicketFilter(request.GET, now=now, person=request.user)
    sorting = TicketSorting(request.GET.get("sort", ""))
    found = form.select()
    read = partial(tickets_of, judged_until=form.judged_until)
    page = page_of(sorting.apply(found), request.GET.get("page"), read, is_searched=bool(form.searched))
    listed = list_rows(list(page.object_list), day, link_suffix(address.whole))
    kind = form.values.get("kind", "")
    counts = form.counts()
    return {
        "form": form,
        "address": address,
        "chips": form.chips(address),
        "heads": sorting.heads(address),
        "orders": sorting.choices(),
        "keeps": {"kind": kind},
        "page": page,
        "rows": listed,
        "mark": live_pages.mark_of(listed, page.number, page.paginator.count, counts),
        "counts": counts,
        "tabs": _tabs(address, kind),
        "file": ListAddress.of(request, reverse("tickets:export")).having(),
    }


@may_view
@require_safe
def export_csv(request: PersonRequest) -> StreamingHttpResponse:
    """The list as a file, with the same filters and order, all pages at once."""
    now = timezone.now()
    day = today(now)
    form = TicketFilter(request.GET, now=now, person=request.user)
    found = TicketSorting(request.GET.get("sort", "")).apply(form.select())
    return StreamingHttpResponse(
        export.lines(found, today=day, language=get_language() or ENGLISH),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="tickets-{day.isoformat()}.csv"'},
    )


def _tabs(address: ListAddress, chosen: str) -> list[tuple[str, str, bool]]:
    """The kinds of tickets: what each is called, the address of its list, and whether it is shown."""
    kinds = [("", pgettext("tickets", "All")), *((kind.value, str(kind.label)) for kind in Kind)]
    return [(label, address.having(kind=kind), kind == chosen) for kind, label in kinds]
