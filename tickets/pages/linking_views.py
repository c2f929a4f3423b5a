"""Linking a ticket to a record that exists, choosing between two, and taking the link away."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import permission_required
from accounts.models import AuditEntry, User
from accounts.requests import PersonRequest
from connector.access.client_factory import Paused
from connector.health.error_help import out_of_calls
from connector.servicenow.errors import ServiceNowError
from connector.servicenow.records import Record
from tickets.actions import link as linking
from tickets.actions.link import NotLinkable, Reason
from tickets.models import Ticket
from tickets.models.choices import Delivery, Kind
from tickets.models.state_labels import ENGLISH, name_of
from tickets.pages.cards import record_address
from tickets.pages.linking_forms import ChosenForm, RecordForm, UnlinkForm
from tickets.pages.status_notice import Notice

may_change = permission_required("tickets.change_ticket")


@dataclass(frozen=True)
class Candidate:
    """A record to which the ticket may be linked, or why it may not."""

    record: Record
    state: str
    url: str
    created_at: datetime | None
    carries_key: bool
    refused: NotLinkable | None


@may_change
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: PersonRequest, pk: str) -> HttpResponse:
    """Say which record is the ticket's: look it up, see what it is, link."""
    found = get_object_or_404(Ticket.objects.with_state_names().select_related("action"), pk=pk)
    chosen = ChosenForm(request.POST)
    if request.method == "POST" and chosen.is_valid():
        return _choose(request, found, chosen)
    return _offer(request, found, timezone.now())


@may_change
@require_http_methods(["GET", "HEAD", "POST"])
def unlink(request: PersonRequest, pk: str) -> HttpResponse:
    """Take the link to the record away, for a reason."""
    found = get_object_or_404(Ticket, pk=pk)
    form = UnlinkForm(request.POST if request.method == "POST" else None, ticket=found)
    if form.is_valid():
        same = found.may_be_unlinked and form.cleaned_data["sys_id"] == found.sys_id
        reason = Reason(form.cleaned_data["reason"])
        if same and linking.unlink(found, reason, by=request.user, now=timezone.now()):
            messages.success(request, _("The ticket was unlinked. Now decide what to do with it."))
        else:
            messages.info(request, _("This ticket is not linked to that record any more."))
        return redirect(found)
    if not found.may_be_unlinked:
        messages.info(request, _("This ticket is not linked to a record."))
        return redirect(found)
    return render(
        request, "tickets/unlink.html", {"ticket": found, "form": form}, status=422 if form.is_bound else 200
    )


def _choose(request: PersonRequest, found: Ticket, chosen: ChosenForm) -> HttpResponse:
    sys_id, seen = chosen.cleaned_data["sys_id"], chosen.cleaned_data["seen"]
    if found.sys_id == sys_id and not found.may_be_linked:  # Sent twice.
        return redirect(found)
    try:
        others = linking.choose(found, sys_id, seen=seen, by=request.user, now=timezone.now())
    except NotLinkable as refused:
        messages.error(request, str(refused.obstacle.label))
    except (Paused, ServiceNowError):
        said = _("ServiceNow could not be asked just now, so nothing was linked.")
        messages.error(request, out_of_calls(timezone.now()) or said)
    else:
        messages.success(request, _("The ticket is linked and will be followed from now on."))
        if others:
            numbers = ", ".join(other.number for other in others)
            said = _(
                "Also in ServiceNow with this ticket's key: %(numbers)s. Cancel there what is not needed."
            )
            messages.warning(request, said % {"numbers": numbers})
        return redirect(found)
    return redirect(f"{reverse('tickets:link', args=[found.pk])}?record={sys_id}")


def _offer(request: PersonRequest, found: Ticket, now: datetime) -> HttpResponse:
    form = RecordForm(request.GET if "record" in request.GET else None, kind=Kind(found.kind))
    heading = _("Choose the record") if found.has_several_records else _("Link to a record")
    page: dict[str, object] = {"ticket": found, "form": form, "heading": heading}
    try:
        linking.check_ticket(found, now)
        candidates, is_incomplete = _candidates(found, form, request.user, now)
        page["candidates"] = candidates
        page["seen"] = " ".join(candidate.record.sys_id for candidate in candidates)
        page["notices"] = list(_notices_of(found, candidates, is_incomplete=is_incomplete))
    except NotLinkable as refused:
        page |= {"refused": refused, "notices": [_refusal(found, refused)]}
    except (Paused, ServiceNowError):
        text = out_of_calls(now) or _("Nothing was linked. Try again in a moment.")
        page["notices"] = [Notice(_("ServiceNow could not be asked just now"), text, "danger")]
    return render(request, "tickets/link.html", page, status=422 if form.errors else 200)


def _refusal(found: Ticket, refused: NotLinkable) -> Notice:
    return Notice(
        _("This ticket cannot be linked now"),
        refused.obstacle.label,
        url=found.get_absolute_url(),
        action=_("Back to the ticket"),
    )


def _notices_of(found: Ticket, candidates: list[Candidate], *, is_incomplete: bool) -> Iterator[Notice]:
    """Say what it means that a record carries the ticket's key, which of an unlinked one was known before, or that
    ServiceNow may not say so.
    """
    is_carried = any(candidate.carries_key for candidate in candidates)
    if is_carried and found.has_several_records:
        yield Notice(
            _("More than one record carries this ticket's key"),
            _("Choose the one that is worked on. The other stays as it is: cancel it in ServiceNow."),
        )
    elif is_carried and found.delivery != Delivery.UNLINKED:
        yield Notice(
            _("ServiceNow holds a record that carries this ticket's key"),
            _("An earlier attempt arrived after all. That is the record to link, unless you know better."),
            "info",
        )
    if is_incomplete:
        yield Notice(
            _("ServiceNow does not say which records carry this ticket's key"),
            _(
                "Look there for records of this name before you link one. So that the portal can look itself, let the "
                "integration user read and query correlation_id."
            ),
        )


def _candidates(found: Ticket, form: RecordForm, by: User, now: datetime) -> tuple[list[Candidate], bool]:
    """Ask ServiceNow for the record that was named and for those that carry the ticket's key. Returns them, and whether
    there may be more of the latter that it does not tell of.
    """
    with linking.client_for(found, now) as client:
        carriers = linking.carrying_key(found, client)
        records = carriers.records
        ours = {record.sys_id for record in records}
        if form.is_valid():
            # It may be any record that the integration user sees, of whomever.
            AuditEntry.objects.record(
                actor=by, verb="ticket.looked_up", target=str(found.pk), record=form.data["record"][:100]
            )
            try:
                named = linking.find(found, form.cleaned_data["record"], client)
                records = [named, *(record for record in records if record.sys_id != named.sys_id)]
            except NotLinkable as refused:
                form.add_error("record", str(refused.obstacle.label))
    candidates = [_candidate(found, record, carries_key=record.sys_id in ours) for record in records]
    return candidates, not carriers.is_complete


def _candidate(found: Ticket, record: Record, *, carries_key: bool) -> Candidate:
    refused = None
    try:
        linking.check_record(found, record)
    except NotLinkable as why:
        refused = why
    kind, value = Kind(found.kind), record.get("state")
    state = name_of(kind, value, found.instance.state_names.all(), get_language() or ENGLISH)
    url = record_address(found.instance, Kind(found.kind), record.sys_id)
    return Candidate(record, state or value, url, record.at("sys_created_on"), carries_key, refused)
