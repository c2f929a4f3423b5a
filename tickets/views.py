"""Tickets: the list, one ticket, and the dialog that makes one."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.db import IntegrityError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from accounts.requests import PersonRequest
from connector.models import Connection
from scorecard.models import ImprovementAction, ScoreDay
from tickets import propose
from tickets import share as sharing
from tickets.calendar import today
from tickets.cards import record_url
from tickets.forms import NewTicketForm, ShareForm, TicketForm
from tickets.models import Ticket
from tickets.states import Kind

PAGE = 50
may_view = permission_required("tickets.view_ticket", raise_exception=True)
may_create = permission_required("tickets.add_ticket", raise_exception=True)
may_change = permission_required("tickets.change_ticket", raise_exception=True)


@may_view
@require_safe
def ticket_list(request: PersonRequest) -> HttpResponse:
    """All tickets, newest first, of one kind where asked for."""
    found = Ticket.objects.all().with_state_names()
    kind = request.GET.get("kind", "")
    if kind in Kind.values:
        found = found.of_kind(Kind(kind))
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "kind": kind, "kinds": Kind.choices, "today": today(timezone.now())}
    return render(request, "tickets/list.html", context)


@may_view
@require_safe
def ticket(request: PersonRequest, pk: str) -> HttpResponse:
    """Everything sent, everything known, and what happened."""
    found = get_object_or_404(Ticket.objects.select_related("instance", "action", "requested_by"), pk=pk)
    return render(request, "tickets/ticket.html", _about(found))


@may_view
@require_safe
def status(request: PersonRequest, pk: str) -> HttpResponse:
    """One line on how far a ticket is, for pages that wait for its number."""
    found = get_object_or_404(Ticket.objects.select_related("instance"), pk=pk)
    if found.is_delivered and request.htmx.current_url_abs_path == found.get_absolute_url():
        return HttpResponseClientRefresh()
    return render(request, "tickets/_status.html", {"ticket": found, "record_url": record_url(found)})


@may_create
@require_http_methods(["GET", "HEAD", "POST"])
def share(request: PersonRequest, control_id: str) -> HttpResponse:
    """The dialog "Share to ServiceNow" for an improvement action."""
    action = get_object_or_404(ImprovementAction, control_id=control_id)
    day = today(timezone.now())
    if request.method == "POST":
        form = ShareForm(request.POST, action=action, today=day)
    else:
        newest = ScoreDay.objects.order_by("-scored_on").first()
        proposal = propose.for_action(action, total=newest.max_score if newest else None, today=day)
        form = ShareForm.proposing(action, proposal, day)
    return _show_or_store(request, form, action)


@may_create
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: PersonRequest) -> HttpResponse:
    """A ticket without an improvement action."""
    day = today(timezone.now())
    if request.method == "POST":
        return _show_or_store(request, NewTicketForm(request.POST, today=day), None)
    kind = request.GET.get("kind", Kind.CHANGE_REQUEST)
    return _show_or_store(request, NewTicketForm.blank(kind, day), None)


@may_change
@require_POST
def retry(request: PersonRequest, pk: str) -> HttpResponse:
    """Send a ticket that needs attention again."""
    found = get_object_or_404(Ticket, pk=pk)
    if sharing.retry(found, by=request.user, now=timezone.now()):
        messages.success(request, _("The ticket will be sent again now."))
    else:
        messages.info(request, _("This ticket does not need to be sent again."))
    return redirect(found)


@may_change
@require_POST
def discard(request: PersonRequest, pk: str) -> HttpResponse:
    """Give up a ticket that is not in ServiceNow."""
    found = get_object_or_404(Ticket, pk=pk)
    if sharing.discard(found, by=request.user, now=timezone.now()):
        messages.success(request, _("The ticket was discarded. Nothing was created in ServiceNow."))
    else:
        messages.error(request, _("This ticket may exist in ServiceNow, so it cannot be discarded."))
    return redirect(found)


def _show_or_store(
    request: PersonRequest, form: TicketForm, action: ImprovementAction | None
) -> HttpResponse:
    connection = Connection.objects.current().first()
    stored = _store(request, form, action, connection) if form.is_bound else None
    if stored is not None:
        return _stored(request, stored)
    context = {"form": form, "action": action, "connection": connection}
    template = "tickets/_form.html" if request.htmx else "tickets/form.html"
    return render(request, template, context, status=422 if form.is_bound else 200)


def _store(
    request: PersonRequest, form: TicketForm, action: ImprovementAction | None, connection: Connection | None
) -> Ticket | None:
    """Store what was asked for; None when the form has something to say first."""
    if connection is None:
        form.add_error(
            None,
            _("ServiceNow is not connected, so nothing was sent. Connect it first; what you wrote is kept."),
        )
    if connection is None or not form.is_valid():
        return None
    try:
        return sharing.share(
            form.cleaned_data["ticket_id"],
            form.wish(),
            by=request.user,
            instance=connection.instance,
            action=action,
            now=timezone.now(),
        )
    except IntegrityError:
        form.add_error(
            None, _("Somebody has just created a ticket for this action. Open it before sending another one.")
        )
        return None


def _stored(request: PersonRequest, stored: Ticket) -> HttpResponse:
    if request.htmx:
        return render(request, "tickets/_sent.html", {"ticket": stored, "record_url": record_url(stored)})
    return redirect(stored)


def _about(found: Ticket) -> dict[str, object]:
    return {
        "ticket": found,
        "record_url": record_url(found),
        "attempts": found.push_attempts.all()[:50],
        "events": found.events.select_related("actor")[:100],
        "today": today(timezone.now()),
    }
