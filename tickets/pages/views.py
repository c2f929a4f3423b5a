"""Tickets: one ticket, and the dialog that makes one."""

from django.contrib import messages
from django.db import IntegrityError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import trigger_client_event

from accounts import form_drafts
from accounts.access import permission_required
from accounts.requests import PersonRequest
from accounts.sessions import polled
from connector.access.client_factory import Paused
from connector.health.error_help import not_now
from connector.models import Connection
from connector.servicenow.errors import ConditionIgnored, Refused, ServiceNowError
from scorecard.models import ImprovementAction, ScoreDay
from scorecard.pages.neighbors import back_to
from tickets.actions import discard as discarding
from tickets.actions import share as sharing
from tickets.actions import suggestions
from tickets.delivery import comments as commenting
from tickets.models import Ticket, archived_instance
from tickets.models.choices import MOVING, Delivery, Kind
from tickets.models.ticket_type import DEFAULT
from tickets.pages import form_address
from tickets.pages.card_tickets import tickets_on_cards
from tickets.pages.forms import CommentForm, NewTicketForm, ShareForm, TicketForm
from tickets.pages.place import list_of
from tickets.pages.status_notice import status_notice
from tickets.pages.ticket_page import look_at, shown, whole
from tickets.records.dates import today
from tickets.tracking import poll

may_view = permission_required("tickets.view_ticket")
may_create = permission_required("tickets.add_ticket")
may_change = permission_required("tickets.change_ticket")


@may_view
@require_safe
def ticket(request: PersonRequest, pk: str) -> HttpResponse:
    """Everything sent, everything known, and what happened."""
    came_from = list_of(request, timezone.now())
    found = whole(pk)
    place = came_from.place(came_from.marked(Ticket.objects.only("pk")).get(pk=pk)) if came_from else None
    return render(request, "tickets/ticket.html", {**shown(look_at(found, request.user)), "place": place})


@polled
@may_view
@require_safe
def live(request: PersonRequest, pk: str) -> HttpResponse:
    """All parts of a ticket's page that may have changed, in one answer; nothing while they are as the page has them.

    A form that the page has (`form`) is left to whoever types in it.
    """
    look = look_at(whole(pk), request.user)
    if request.GET.get("seen") == look.seen:
        return HttpResponse(status=204)
    return render(request, "tickets/_live.html", shown(look) | {"has_form": "form" in request.GET})


@polled
@may_view
@require_safe
def status(request: PersonRequest, pk: str) -> HttpResponse:
    """One line on how far a ticket is, for the dialog that waits for its number."""
    found = get_object_or_404(Ticket.objects.select_related("instance"), pk=pk)
    answer = render(request, "tickets/_status.html", {"ticket": found, "notice": status_notice(found)})
    # It is asked for until it is settled: what lies beneath the dialog may show the news now.
    return answer if found.delivery in MOVING else trigger_client_event(answer, "ticket-changed")


@form_drafts.keeps_typed
@may_create
@require_http_methods(["GET", "HEAD", "POST"])
def share(request: PersonRequest, control_id: str) -> HttpResponse:
    """The dialog "Share to ServiceNow" for an improvement action."""
    action = get_object_or_404(ImprovementAction, control_id=control_id)
    # The dialog is no page that somebody could come back to.
    if not request.htmx and (elsewhere := form_address.elsewhere(request)):
        return elsewhere
    day = today(timezone.now())
    proposal = suggestions.for_action(action, total=ScoreDay.newest_maximum(), today=day)
    if request.method == "POST":
        form = ShareForm(request.POST, action=action, reason=proposal.reason, today=day)
    else:
        form = ShareForm.proposing(action, proposal, day, form_address.ticket_id(request))
    return _show_or_store(request, form, action)


@form_drafts.keeps_typed
@may_create
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: PersonRequest) -> HttpResponse:
    """A ticket without an improvement action."""
    if not request.htmx and (elsewhere := form_address.elsewhere(request)):
        return elsewhere
    day = today(timezone.now())
    if request.method == "POST":
        return _show_or_store(request, NewTicketForm(request.POST, today=day), None)
    kind = request.GET.get("kind", DEFAULT)
    return _show_or_store(request, NewTicketForm.blank(kind, day, form_address.ticket_id(request)), None)


@may_change
@require_POST
def retry(request: PersonRequest, pk: str) -> HttpResponse:
    """Send a ticket that needs attention again."""
    found = get_object_or_404(Ticket, pk=pk)
    if refusal := archived_instance.refusal(found):
        messages.error(request, refusal)
    elif sharing.retry(found, by=request.user, now=timezone.now()):
        messages.success(request, _("The ticket will be sent again now."))
    else:
        messages.info(request, _("This ticket was not sent again. Its page says what can be done."))
    return back_to(request, found.get_absolute_url())


@may_change
@require_POST
def comment(request: PersonRequest, pk: str) -> HttpResponse:
    """Add a work note or a comment to the ticket's journal in ServiceNow."""
    found = whole(pk)
    if not found.sys_id:
        raise Http404
    form = CommentForm(request.POST, kind=Kind(found.kind))
    refusal = archived_instance.refusal(found)
    if refusal and form.is_valid():
        form.add_error("text", refusal)
    if not form.is_valid():
        page = shown(look_at(found, request.user)) | {"form": form}
        return render(request, "tickets/ticket.html", page, status=422)
    data = form.cleaned_data
    now = timezone.now()
    commenting.write(data["comment_id"], found, data["text"], form.element, by=request.user, now=now)
    messages.success(request, _("Your note will be in ServiceNow in a moment."))
    return back_to(request, found.get_absolute_url())


@may_change
@require_http_methods(["GET", "HEAD", "POST"])
def discard(request: PersonRequest, pk: str) -> HttpResponse:
    """Give up a ticket that is not in ServiceNow, once a person has said so twice."""
    found = get_object_or_404(Ticket.objects.select_related("instance"), pk=pk)
    if request.method != "POST":
        if not found.may_be_discarded:
            messages.info(request, _("This ticket cannot be discarded. Its page says what can be done."))
            return back_to(request, found.get_absolute_url())
        page = {"ticket": found, "is_final": discarding.is_final(found)}
        return render(request, "tickets/discard.html", page)
    is_certain = "certain" in request.POST
    try:
        if discarding.discard(found, by=request.user, now=timezone.now(), is_certain=is_certain):
            messages.success(request, _("The ticket was discarded. Nothing more is sent to ServiceNow."))
        else:
            _tell_not_discarded(request, found)
    except (Refused, ConditionIgnored):
        said = _(
            "ServiceNow refuses to say whether it has a record of this ticket. Look for one of this name there. If "
            "there is none, choose Discard once more; if there is one, link the ticket to it."
        )
        messages.warning(request, said)
        return redirect(f"{reverse('tickets:discard', args=[found.pk])}?certain=1")
    except (Paused, ServiceNowError):
        said = _(
            "ServiceNow could not be asked whether it has a record of this ticket, so nothing was discarded."
        )
        messages.error(request, said)
    return back_to(request, found.get_absolute_url())


def _tell_not_discarded(request: PersonRequest, found: Ticket) -> None:
    found.refresh_from_db(fields=["delivery"])
    if found.delivery == Delivery.DISCARDED:
        messages.info(request, _("This ticket is discarded already. Nothing more is sent to ServiceNow."))
    else:
        messages.error(request, _("This ticket may exist in ServiceNow, so it cannot be discarded."))


@may_change
@require_POST
def undo_discard(request: PersonRequest, pk: str) -> HttpResponse:
    """Take back that a ticket was discarded."""
    found = get_object_or_404(Ticket.objects.select_related("instance"), pk=pk)
    try:
        if discarding.undo(found, by=request.user, now=timezone.now()):
            messages.success(request, _("The ticket is back, as it was before it was discarded."))
        else:
            messages.info(request, _("This ticket cannot be brought back any more."))
    except IntegrityError:
        messages.error(
            request, _("The ticket stays discarded, because its action has another open ticket by now.")
        )
    return back_to(request, found.get_absolute_url())


@may_view
@require_POST
def refresh(request: PersonRequest, pk: str) -> HttpResponse:
    """Ask ServiceNow now how a ticket stands."""
    found = get_object_or_404(Ticket, pk=pk)
    if refusal := archived_instance.refusal(found):
        messages.error(request, refusal)
    else:
        _refresh(request, [found])
    return back_to(request, found.get_absolute_url())


@may_view
@require_POST
def refresh_card(request: PersonRequest, kind: Kind) -> HttpResponse:
    """Ask ServiceNow now how the tickets on a card stand."""
    connection = Connection.objects.current().first()
    shown = tickets_on_cards(connection.instance_id, today(timezone.now()))[kind] if connection else ()
    _refresh(request, list(Ticket.objects.filter(pk__in=[ticket.id for ticket in shown])))
    return redirect("home")


def _refresh(request: PersonRequest, tickets: list[Ticket]) -> None:
    try:
        learnt = poll.refresh(tickets, by=request.user)
    except Paused as pause:
        messages.error(request, not_now(pause.reason, timezone.now()))
    else:
        _tell_refreshed(request, learnt)


def _tell_refreshed(request: PersonRequest, learnt: poll.Refreshed) -> None:
    """Say what was learnt, and claim nothing of what was not compared."""
    if learnt.changed:
        said = ngettext("%(number)d ticket had changed.", "%(number)d tickets had changed.", learnt.changed)
        messages.success(request, said % {"number": learnt.changed})
    if not learnt.tickets:
        messages.info(request, _("ServiceNow was asked a moment ago. What is shown is what it said then."))
    elif not learnt.compared:
        messages.error(
            request,
            _("Nothing could be learned from ServiceNow just now. What is shown is what was last seen."),
        )
    elif learnt.compared < learnt.tickets:
        said = _(
            "%(number)d of %(total)d tickets could not be compared with ServiceNow. What is shown of them is what was "
            "last seen."
        )
        numbers = {"number": learnt.tickets - learnt.compared, "total": learnt.tickets}
        messages.warning(request, said % numbers)
    elif not learnt.changed:
        messages.info(request, _("Compared with ServiceNow just now: nothing has changed."))


def _show_or_store(
    request: PersonRequest, form: TicketForm, action: ImprovementAction | None
) -> HttpResponse:
    form_drafts.restore(request, form)
    connection = Connection.objects.current().first()
    stored = _store(request, form, action, connection) if form.is_bound else None
    if stored is not None:
        return _stored(request, stored)
    address = form_address.with_id(request, form["ticket_id"].value())
    context = {"form": form, "action": action, "connection": connection, "address": address}
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
        stored = sharing.share(
            form.cleaned_data["ticket_id"],
            form.ticket_request(),
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
    if sharing.asks_otherwise(form.ticket_request(), stored):
        messages.warning(request, sharing.sent_before())
    return stored


def _stored(request: PersonRequest, stored: Ticket) -> HttpResponse:
    if request.htmx:
        sent = render(request, "tickets/_sent.html", {"ticket": stored, "notice": status_notice(stored)})
        return trigger_client_event(sent, "ticket-changed")
    return redirect(stored)
