"""The page on which an organisation says what its tickets get besides the portal's own fields."""

import json

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import permission_required
from accounts.models import AuditEntry
from accounts.requests import PersonRequest
from connector.models import Connection
from connector.servicenow.trial import TITLE
from tickets.configuration import field_options
from tickets.configuration.required_fields import missing
from tickets.configuration.try_fields import example_of
from tickets.delivery import mapped_fields
from tickets.models import ChangeTemplate, FieldTrial
from tickets.models.choices import Kind
from tickets.models.field_mapping import FieldMapping
from tickets.models.ticket_type import TYPES
from tickets.pages.mapping_forms import FieldForm, ValueForm
from tickets.records.payload import fields_of

may_manage = permission_required("connector.manage_connection")


@require_http_methods(["GET", "HEAD", "POST"])
@may_manage
def fields(request: PersonRequest, kind: Kind) -> HttpResponse:
    """The mapped fields of one kind of ticket, what is still missing, and what a ticket would look like."""
    connection = Connection.objects.current().first()
    if connection is None:
        return redirect("connector:setup")
    chosen = FieldForm(request.POST or request.GET or None)
    form = _value_form(request, connection, kind, chosen) if chosen.is_bound and chosen.is_valid() else None
    if form is not None and form.is_bound and form.is_valid():
        mapping = form.save(instance=connection.instance, kind=kind)
        AuditEntry.objects.record(
            actor=request.user, verb="tickets.field_mapped", target=str(mapping), source=mapping.source
        )
        messages.success(request, _("New tickets get this field."))
        return redirect("tickets:fields", kind=kind)
    context = {
        "kind": kind,
        "kinds": Kind,
        "type": TYPES[kind],
        "chosen": chosen,
        "form": form,
        "mappings": FieldMapping.objects.filter(instance=connection.instance, kind=kind),
        "missing": missing(connection.instance, kind),
        "template": ChangeTemplate.objects.of(connection.instance_id, kind),
        "trial": FieldTrial.objects.filter(instance=connection.instance, kind=kind).first(),
        "trial_title": TITLE,
        "preview": _preview(request, connection, kind),
        "nav_section": "connector",
    }
    wrong = bool(chosen.errors or (form is not None and form.errors))
    return render(request, "tickets/fields.html", context, status=422 if wrong else 200)


@require_POST
@may_manage
def remove(request: PersonRequest, kind: Kind, mapping: int) -> HttpResponse:
    """Leave a field to ServiceNow again."""
    found = get_object_or_404(FieldMapping, pk=mapping, kind=kind, instance__connections__is_current=True)
    AuditEntry.objects.record(actor=request.user, verb="tickets.field_unmapped", target=str(found))
    found.delete()
    messages.success(request, _("New tickets do not get this field any more."))
    return redirect("tickets:fields", kind=kind)


def _value_form(request: PersonRequest, connection: Connection, kind: Kind, chosen: FieldForm) -> ValueForm:
    field = chosen.cleaned_data["field"]
    known = FieldMapping.objects.filter(instance=connection.instance, kind=kind, field=field).first()
    kept = known.value if known else ""
    wanted = request.POST.get("value", "").strip() if request.method == "POST" else kept
    offer = field_options.live(connection, kind, field, wanted, timezone.now())
    offer = offer.including(kept, known.label if known else "")
    if request.method == "POST":
        return ValueForm(request.POST, offer=offer)
    initial = {"field": field}
    if known:
        initial |= {"source": known.source, "value": known.value}
        initial |= {f"for_{ours}": theirs for ours, theirs in known.values.items()}
    return ValueForm(initial=initial, offer=offer)


def _preview(request: PersonRequest, connection: Connection, kind: Kind) -> str:
    """An example ticket of the person who looks, as it would be posted. Nothing is stored or sent."""
    example = example_of(connection.instance, kind, request.user, timezone.now())
    mapped = mapped_fields.mapped(example)
    for row in FieldMapping.objects.filter(instance=connection.instance, kind=kind).exclude(label=""):
        # A sys_id tells a reader nothing.
        if mapped.get(row.field) == row.value and row.label != row.value:
            mapped[row.field] = f"{row.label} ({row.value})"
    return json.dumps(fields_of(example) | mapped, indent=2, ensure_ascii=False)
