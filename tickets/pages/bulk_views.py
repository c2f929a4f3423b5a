"""Sharing many actions in one go: choose, look at what will be sent, send, follow."""

from collections.abc import Sequence
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import form_drafts
from accounts.requests import PersonRequest
from accounts.sessions import polled
from connector.models import Connection
from scorecard.models import ImprovementAction, ScoreDay
from tickets.actions import bulk
from tickets.models import Ticket
from tickets.models.choices import MOVING
from tickets.models.ticket_type import type_of
from tickets.pages import bulk_address
from tickets.pages.card_rows import CardTicket, card_rows
from tickets.pages.condition_words import names_of
from tickets.pages.forms import BulkForm
from tickets.pages.views import may_create, may_view
from tickets.records.dates import today


@form_drafts.keeps_typed
@may_create
@require_http_methods(["GET", "HEAD", "POST"])
def prepare(request: PersonRequest) -> HttpResponse:
    """Show what will be sent for the chosen actions, and send exactly that."""
    typed = form_drafts.take(request) if request.method != "POST" else None
    wanted = request.POST if typed is None else typed
    selection = bulk_address.selection(request)
    if selection is None:
        return _begin(request, bulk.chosen(wanted, request.user))
    actions = bulk.named(selection.actions)
    if not actions:
        return _begin(request, actions)
    day = today(timezone.now())
    form = BulkForm(wanted, today=day) if "step" in wanted else BulkForm.blank(day)
    form.was_kept = typed is not None
    terms = form.terms()
    plan = bulk.plan(
        actions[: bulk.LIMIT],
        terms,
        batch=selection.batch,
        total=ScoreDay.newest_maximum(),
        today=day,
    )
    if plan.is_sent:
        if "step" in wanted and plan.differs_from_sent:
            said = _("This form was sent before. These are its tickets; what changed since was not sent.")
            messages.warning(request, said)
        return redirect("tickets:batch", batch=plan.batch)
    if request.POST.get("step") == "send" and form.is_valid():
        answer = _send(request, form, plan)
        if answer is not None:
            return answer
    context = {
        "form": form,
        "plan": plan,
        "fingerprint": plan.fingerprint,
        "too_many": len(actions) > bulk.LIMIT,
        "limit": bulk.LIMIT,
        "priorities": [*reversed(type_of(terms.kind).priorities)],
        "connection": Connection.objects.current().first(),
        "nav_section": "scorecard",
    }
    is_refused = request.method == "POST" and form.errors
    return render(request, "tickets/bulk.html", context, status=422 if is_refused else 200)


@polled
@may_view
@require_safe
def progress(request: PersonRequest, batch: UUID) -> HttpResponse:
    """How far each ticket of a batch is."""
    of_batch = Ticket.objects.filter(batch=batch).with_frozen().order_by("created_at", "id")
    rows = list(of_batch.values_list("instance", *CardTicket._fields))
    if not rows:
        raise Http404
    instance, tickets = rows[0][0], [CardTicket._make(columns) for _, *columns in rows]
    moving = [one for one in tickets if one.delivery in MOVING]
    context = {
        "batch": batch,
        "rows": card_rows(tickets, names_of(instance), today(timezone.now())),
        "settled": len(tickets) - len(moving),
        "moving": bool(moving),
    }
    template = "tickets/_batch.html" if request.htmx else "tickets/batch.html"
    return render(request, template, context)


def _begin(request: PersonRequest, actions: Sequence[ImprovementAction]) -> HttpResponse:
    """Lead from a selection to its preview."""
    if actions:
        return redirect(bulk_address.address(actions))
    messages.info(request, _("Select the improvement actions to share first."))
    return redirect("scorecard:actions")


def _send(request: PersonRequest, form: BulkForm, plan: bulk.Plan) -> HttpResponse | None:
    """Send, unless there is something to show first."""
    connection = Connection.objects.current().first()
    if connection is None:
        form.add_error(None, _("ServiceNow is not connected, so nothing was sent. Connect it first."))
        return None
    if not plan.lines:
        said = _("Nothing was sent: all of these actions have an open ticket by now.")
        if plan.rows:
            said = _("Nothing was sent: every row is left out.")
        messages.warning(request, said)
        return None
    if form.cleaned_data["previewed"] != plan.fingerprint:
        said = _(
            "Nothing was sent yet, because this is no longer what you last saw. Check it and send it again."
        )
        if plan.sent:
            said = _(
                "Some of these tickets were sent before and are left out now. Check the rest and send it."
            )
        messages.warning(request, said)
        return None
    overtaken = bulk.send(plan, by=request.user, instance=connection.instance, now=timezone.now())
    for action in overtaken:
        messages.warning(
            request,
            _("Somebody has just created a ticket for %(action)s, so it was left out.")
            % {"action": action.title},
        )
    if len(overtaken) == len(plan.lines):
        return redirect("scorecard:actions")
    return redirect("tickets:batch", batch=plan.batch)
