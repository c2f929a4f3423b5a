"""The home page, and what tells others how the portal is."""

import hashlib
import re
from collections.abc import Sequence

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.access import anyone_signed_in, permission_required
from accounts.models import User
from accounts.moments import without_ago
from accounts.requests import PersonRequest
from accounts.sessions import polled
from connector.health.connection_alert import alert_of
from portal.first_run import Step, steps
from portal.readiness import reason_not_ready
from scorecard.pages.import_status import ImportStatus, import_status
from scorecard.pages.overview import summary
from tickets.models import Ticket
from tickets.models.choices import Kind
from tickets.models.ticket_type import TYPES
from tickets.pages.cards import Card, Connected, connected
from tickets.pages.cards import cards as ticket_cards
from tickets.records.dates import today

_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="[^"]*"')
may_view = permission_required("scorecard.view_improvementaction", "tickets.view_ticket")


@may_view
@require_safe
def home(request: PersonRequest) -> HttpResponse:
    """A grid of cards."""
    return render(request, "portal/home.html", _grid(request))


@polled
@may_view
@require_safe
def cards(request: PersonRequest) -> HttpResponse:
    """The grid alone, for the page to refresh itself; nothing while it is as the page has it.

    What is not swapped disturbs no menu, selection, or screen reader.
    """
    context = _grid(request)
    if request.GET.get("seen") == context["seen"]:
        return HttpResponse(status=204)
    return render(request, "portal/_cards.html", context)


def _grid(request: PersonRequest) -> dict[str, object]:
    context = _cards(request.user)
    grid = render_to_string("portal/_grid.html", context, request)
    # The token against forged requests looks different each time it is written.
    seen = hashlib.sha256(_TOKEN.sub("", without_ago(grid)).encode()).hexdigest()[:16]
    return {**context, "grid": grid, "seen": seen}


@may_view
@require_POST
def hide_card(request: PersonRequest, kind: Kind) -> HttpResponse:
    """Leave one ticket card out of this person's home page."""
    _keep_hidden(request.user, {*request.user.hidden_cards, kind.value})
    messages.success(request, _("The card is hidden. You can show it again below the cards."))
    return redirect("home")


@may_view
@require_POST
def show_card(request: PersonRequest, kind: Kind) -> HttpResponse:
    """Show a hidden ticket card again."""
    _keep_hidden(request.user, {*request.user.hidden_cards} - {kind.value})
    return redirect("home")


def _keep_hidden(person: User, hidden: set[str]) -> None:
    person.hidden_cards = sorted(hidden)
    person.save(update_fields=["hidden_cards"])


def _cards(person: User) -> dict[str, object]:
    now = timezone.now()
    found = summary()
    status = import_status(person, found.day if found else None, now)
    current = connected()
    hidden = set(person.hidden_cards) & set(Kind.values) if current else set()
    cards = ticket_cards(current, hidden=hidden, today=today(now)) if current else []
    return {
        "summary": found,
        "status": status,
        "connection": current.connection if current else None,
        "cards": cards,
        "first_run": _first_run(person, status, current, cards),
        "hidden": [(kind, TYPES[kind].words.show_card) for kind in Kind if kind.value in hidden],
        "trouble": alert_of(current.connection, now) if current else None,
    }


def _first_run(
    person: User, status: ImportStatus, current: Connected | None, cards: Sequence[Card]
) -> list[Step]:
    """The first steps; none once there is a score and a ticket was sent, whatever became of the connection since."""
    # A number is ServiceNow's own.
    has_number = any(ticket.number for card in cards for ticket in card.tickets)
    was_sent = has_number or Ticket.objects.tracked().exists()
    if status.calculated_at and was_sent:
        return []
    counts = [card.counts for card in cards]
    return steps(person, status, current.connection if current else None, counts, was_sent=was_sent)


@anyone_signed_in
@require_safe
def help_page(request: PersonRequest) -> HttpResponse:
    """What one can do here, by errand, in a few words each."""
    return render(request, "portal/help.html")


@login_not_required
@never_cache
@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """This process answers. Touches nothing else."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """The database answers and its migrations are complete. Neither the broker nor ServiceNow counts: pages work
    without.
    """
    if reason := reason_not_ready():
        return JsonResponse({"ready": False, "reason": reason}, status=503)
    return JsonResponse({"ready": True})
