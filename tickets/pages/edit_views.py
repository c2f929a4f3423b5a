"""Editing a ticket that needs attention, and sending an unlinked one anew."""

from datetime import datetime

from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import form_drafts
from accounts.access import permission_required
from accounts.requests import PersonRequest
from connector.models import Connection
from tickets.actions import edit as editing
from tickets.actions.share import asks_otherwise, sent_before
from tickets.configuration import field_options, required_fields
from tickets.models import Ticket, archived_instance
from tickets.models.choices import Delivery, Kind
from tickets.pages import form_address
from tickets.pages.linking_forms import AnewForm, EditForm, ExtraField
from tickets.records.dates import today

may_change = permission_required("tickets.change_ticket")
# Each costs a call to ServiceNow.
MOST_EXTRAS = 8
may_send_anew = permission_required("tickets.change_ticket", "tickets.add_ticket")


@form_drafts.keeps_typed
@may_change
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: PersonRequest, pk: str) -> HttpResponse:
    """Edit a ticket that needs attention, and send it again."""
    found = get_object_or_404(Ticket.objects.select_related("action", "instance"), pk=pk)
    now = timezone.now()
    form = EditForm(
        request.POST if request.method == "POST" else None,
        ticket=found,
        today=today(now),
        extras=_extras(request, found, now),
    )
    form_drafts.restore(request, form)
    refusal = archived_instance.refusal(found)
    if refusal and not form.is_bound:
        messages.error(request, refusal)
        return redirect(found)
    if refusal and form.is_valid():
        form.add_error(None, refusal)
    if form.is_bound and form.is_valid():
        wanted = form.cleaned_data.get("a_second_is_wanted", False)
        if editing.edit_and_retry(found, form.values(), a_second_is_wanted=wanted, by=request.user, now=now):
            messages.success(request, _("The ticket will be sent again now."))
            return redirect(found)
        form.add_error(
            None, _("This ticket does not need attention any more, so nothing was changed. See its page.")
        )
    elif not form.is_bound and found.delivery != Delivery.ATTENTION:
        messages.info(request, _("Only a ticket that needs attention can be edited."))
        return redirect(found)
    page = {"ticket": found, "form": form}
    return render(request, "tickets/edit.html", page, status=422 if form.is_bound else 200)


def _extras(request: PersonRequest, found: Ticket, now: datetime) -> list[ExtraField]:
    """The fields that ServiceNow wanted of the ticket, and those that were chosen for it before."""
    wanted = {one.field: one.label for one in required_fields.of_ticket(found) if one.may_be_mapped}
    wanted |= {field: str(chosen["name"]) for field, chosen in found.extra_fields.items()}
    connection = Connection.objects.current().filter(instance=found.instance_id).first()
    if connection is None:
        return []
    extras = []
    for field, name in list(wanted.items())[:MOST_EXTRAS]:
        kept_value = found.extra_fields.get(field, {})
        typed = request.POST.get(f"extra_{field}", "").strip() or str(kept_value.get("value", ""))
        offer = field_options.live(connection, Kind(found.kind), field, typed[:1000], now)
        offer = offer.including(str(kept_value.get("value", "")), str(kept_value.get("label", "")))
        extras.append(ExtraField(field, name, offer))
    return extras


@form_drafts.keeps_typed
@may_send_anew
@require_http_methods(["GET", "HEAD", "POST"])
def anew(request: PersonRequest, pk: str) -> HttpResponse:
    """Send an unlinked ticket as another one, with a key of its own."""
    found = get_object_or_404(Ticket.objects.select_related("action", "instance"), pk=pk)
    if elsewhere := form_address.elsewhere(request):
        return elsewhere
    form = AnewForm(
        request.POST if request.method == "POST" else None,
        ticket=found,
        today=today(timezone.now()),
        new_id=form_address.ticket_id(request),
    )
    form_drafts.restore(request, form)
    stored = _send_anew(request, found, form) if form.is_bound else None
    if stored is not None:
        messages.success(request, _("This is the new ticket. The one before was discarded."))
        return redirect(stored)
    if not form.is_bound and found.delivery != Delivery.UNLINKED:
        messages.info(request, _("Only an unlinked ticket can be sent as a new ticket."))
        return redirect(found)
    page = {"ticket": found, "form": form}
    return render(request, "tickets/anew.html", page, status=422 if form.is_bound else 200)


def _send_anew(request: PersonRequest, found: Ticket, form: AnewForm) -> Ticket | None:
    """Store the new ticket; None when the form has something to say first."""
    connection = Connection.objects.current().first()
    if connection is None:
        form.add_error(None, _("ServiceNow is not connected, so nothing was sent. Connect it first."))
    if connection is None or not form.is_valid():
        return None
    try:
        stored = editing.send_anew(
            found,
            form.cleaned_data["ticket_id"],
            form.ticket_request(),
            instance=connection.instance,
            by=request.user,
            now=timezone.now(),
        )
    except IntegrityError:
        form.add_error(None, _("This action has another open ticket by now. Discard this one instead."))
        return None
    if stored is None:
        form.add_error(None, _("This ticket is not unlinked any more, so nothing was sent. See its page."))
    elif asks_otherwise(form.ticket_request(), stored):
        messages.warning(request, sent_before())
    return stored
