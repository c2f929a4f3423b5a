"""Trying the fields of tickets in ServiceNow, and choosing the standard change template by such a trial."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import permission_required
from accounts.models import AuditEntry
from accounts.requests import PersonRequest
from connector.access.calling import calling
from connector.access.client_factory import Paused
from connector.clock import Clock
from connector.health.error_help import out_of_calls
from connector.models import Connection, Instance
from connector.servicenow import trial
from connector.servicenow.errors import ServiceNowError
from tickets.configuration import field_options
from tickets.configuration.field_options import FieldOptions
from tickets.configuration.try_fields import try_out
from tickets.models import ChangeTemplate, FieldTrial
from tickets.models.choices import Kind
from tickets.pages.mapping_forms import TemplateForm

may_manage = permission_required("connector.manage_connection")
CALLS_OF_A_TRIAL = 8


@require_POST
@may_manage
def try_fields(request: PersonRequest, kind: Kind) -> HttpResponse:
    """Make one record with all fields of this kind of ticket, and cancel it at once."""
    connection = Connection.objects.current().first()
    if connection is None:
        return redirect("connector:setup")
    template = ChangeTemplate.objects.of(connection.instance_id, kind)
    tried, problem = _try(request, connection, kind, template, timezone.now())
    if problem:
        messages.error(request, problem)
    elif tried and tried.was_made:
        messages.success(request, _("The fields were tried. What came of it is below."))
    return redirect("tickets:fields", kind=kind)


@require_http_methods(["GET", "HEAD", "POST"])
@may_manage
def change_template(request: PersonRequest) -> HttpResponse:
    """Choose the standard change template of new change requests; it is kept only if a trial proves it."""
    connection = Connection.objects.current().first()
    if connection is None:
        return redirect("connector:setup")
    current = ChangeTemplate.objects.of(connection.instance_id, Kind.CHANGE_REQUEST)
    form = TemplateForm(
        request.POST if request.method == "POST" else None,
        offer=_offer(connection, current),
        initial={"template": current.sys_id if current else ""},
    )
    if form.is_valid() and _choose(request, connection, form):
        return redirect("tickets:fields", kind=Kind.CHANGE_REQUEST)
    context = {"form": form, "current": current, "title": trial.TITLE, "nav_section": "connector"}
    return render(request, "tickets/change_template.html", context, status=422 if form.errors else 200)


def _choose(request: PersonRequest, connection: Connection, form: TemplateForm) -> bool:
    """Store the choice, or say on the form why not."""
    sys_id = form.cleaned_data["template"]
    if not sys_id:
        _remove(request, connection.instance)
        return True
    now = timezone.now()
    chosen = ChangeTemplate(instance=connection.instance, sys_id=sys_id, name=form.offer.label(sys_id)[:200])
    tried, problem = _try(request, connection, Kind.CHANGE_REQUEST, chosen, now)
    problem = problem or _obstacle(tried)
    if problem:
        form.add_error("template", problem)
        return False
    ChangeTemplate.objects.choose(chosen, now)
    AuditEntry.objects.record(
        actor=request.user, verb="tickets.template_chosen", target=str(chosen), sys_id=sys_id
    )
    messages.success(request, _("New change requests are made from this template."))
    return True


def _remove(request: PersonRequest, instance: Instance) -> None:
    current = ChangeTemplate.objects.filter(instance=instance).first()
    if current:
        current.delete()
        AuditEntry.objects.record(actor=request.user, verb="tickets.template_removed", target=str(current))
    messages.success(request, _("New change requests are made without a template."))


def _try(
    request: PersonRequest, connection: Connection, kind: Kind, template: ChangeTemplate | None, now: datetime
) -> tuple[FieldTrial | None, str]:
    """Return what became of the trial, or why there was none."""
    has_begun = False
    try:
        # What it creates it must be able to cancel.
        with calling(connection, clock=Clock(now), reserve=0, at_least=CALLS_OF_A_TRIAL) as client:
            has_begun = True
            tried = try_out(connection.instance, kind, client, template, by=request.user, now=now)
    except Paused:
        return None, _paused(now, has_begun=has_begun)
    except ServiceNowError as error:
        return None, _failed(error, has_begun=has_begun)
    AuditEntry.objects.record(
        actor=request.user, verb="tickets.fields_tried", target=tried.number, kind=kind, result=tried.result
    )
    return tried, ""


def _paused(now: datetime, *, has_begun: bool) -> str:
    if not has_begun:
        said = _("ServiceNow could not be asked just now. Nothing was created there.")
        return out_of_calls(now) or said
    # Deliveries of other workers may have used up what was left.
    return _(
        "The trial could not be finished: %(reason)s If a record “%(title)s” is open there, cancel it."
    ) % {
        "reason": out_of_calls(now) or _("Calls to ServiceNow are paused just now."),
        "title": trial.TITLE,
    }


def _failed(error: ServiceNowError, *, has_begun: bool) -> str:
    if not has_begun:
        return _("ServiceNow could not be asked (%(error)s). Nothing was created there.") % {"error": error}
    return _(
        "ServiceNow did not answer to the end (%(error)s). If a record “%(title)s” is open there, cancel it."
    ) % {"error": error, "title": trial.TITLE}


def _obstacle(tried: FieldTrial | None) -> str:
    """Say why a trial did not prove the template; empty where it did."""
    if tried is None or tried.result == FieldTrial.Result.UNCLEAR:
        found = tried.problem if tried else ""
        return _(
            "ServiceNow did not say whether it created the record. Look there for the correlation ID %(key)s,"
            " cancel that record and try again."
        ) % {"key": found}
    if tried.result == FieldTrial.Result.REFUSED:
        return _("ServiceNow refused it: %(problem)s") % {"problem": tried.problem}
    if not tried.keeps_correlation_id:
        return _(
            "%(number)s came back without the correlation ID that it was given, so a ticket whose answer gets lost"
            " could not be found again. In ServiceNow, take correlation_id out of the template's read-only fields; then"
            " try again."
        ) % {"number": tried.number}
    return ""


def _offer(connection: Connection, current: ChangeTemplate | None) -> FieldOptions:
    """What the instance offers, and the one in use, which it may not offer any more."""
    now = timezone.now()
    try:
        with calling(connection, clock=Clock(now)) as client:
            offer = field_options.templates(client)
    except (Paused, ServiceNowError):
        return FieldOptions((), readable=False, out_of_calls=out_of_calls(now))
    return offer.including(current.sys_id, str(current)) if current else offer
