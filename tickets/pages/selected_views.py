"""What is done with the tickets that were ticked in the list, and what came of it for each."""

from collections.abc import Sequence
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.requests import PersonRequest
from tickets.actions import discard as discarding
from tickets.actions import selected
from tickets.actions.selected import TicketResult
from tickets.models import Ticket
from tickets.pages.views import may_change, may_view

# More than that is no address of the list.
_QUERY_LENGTH = 2_000


@may_view
@require_POST
def refresh(request: PersonRequest) -> HttpResponse:
    """Ask ServiceNow now how the ticked tickets stand."""
    tickets = _ticked(request)
    if not tickets:
        return _back(request)
    results = selected.refresh_each(tickets, by=request.user, now=timezone.now())
    return _results(request, _("Tickets refreshed"), results)


@may_change
@require_POST
def retry(request: PersonRequest) -> HttpResponse:
    """Send those of the ticked tickets again that need attention."""
    tickets = _ticked(request)
    if not tickets:
        return _back(request)
    results = selected.retry_each(tickets, by=request.user, now=timezone.now())
    return _results(request, _("Tickets sent again"), results)


@may_change
@require_POST
def discard(request: PersonRequest) -> HttpResponse:
    """Give up those of the ticked tickets that are not in ServiceNow, once a person has said so twice."""
    tickets = _ticked(request)
    if not tickets:
        return _back(request)
    if request.POST.get("step") == "discard":
        results = selected.discard_each(tickets, by=request.user, now=timezone.now())
        return _results(request, _("Tickets discarded"), results)
    refused = [(ticket, selected.not_discardable(ticket)) for ticket in tickets]
    context = {
        "discarded": [(ticket, discarding.is_final(ticket)) for ticket, reason in refused if not reason],
        "left_out": [(ticket, reason) for ticket, reason in refused if reason],
        "back": _address(request),
        "query": _query(request),
    }
    return render(request, "tickets/discard_selected.html", context)


def _ticked(request: PersonRequest) -> list[Ticket]:
    """Return the ticked tickets, in the list's order; none, and say why, where nothing can be done with them."""
    keys = [key for key in map(_key, request.POST.getlist("ticket")) if key]
    if len(keys) > selected.LIMIT:
        said = _("Nothing was done: select at most %(limit)d tickets at a time.")
        messages.error(request, said % {"limit": selected.LIMIT})
        return []
    found = Ticket.objects.with_state_names().in_bulk(keys)
    if not found:
        messages.info(request, _("Select the tickets first."))
    return [found[key] for key in dict.fromkeys(keys) if key in found]


def _key(asked: str) -> UUID | None:
    try:
        return UUID(asked) if len(asked) <= 36 else None
    except ValueError:
        return None


def _query(request: PersonRequest) -> str:
    """Return the query of the list that the person came from."""
    asked = request.POST.get("list", "")
    return QueryDict(asked).urlencode() if len(asked) <= _QUERY_LENGTH else ""


def _address(request: PersonRequest) -> str:
    query = _query(request)
    return f"{reverse('tickets:list')}?{query}" if query else reverse("tickets:list")


def _back(request: PersonRequest) -> HttpResponse:
    return redirect(_address(request))


def _results(request: PersonRequest, title: str, results: Sequence[TicketResult]) -> HttpResponse:
    """Show what came of it for each ticket, as they stand now."""
    now = Ticket.objects.with_state_names().in_bulk([result.ticket.pk for result in results])
    context = {
        "title": title,
        "results": [(now[result.ticket.pk], result.is_done, result.said) for result in results],
        "done": sum(result.is_done for result in results),
        "back": _address(request),
    }
    return render(request, "tickets/selected.html", context)
