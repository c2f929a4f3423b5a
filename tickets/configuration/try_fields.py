"""Trying the fields of tickets: one record as a ticket would have them, read back and canceled at once."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from connector.access.client_factory import Paused
from connector.health.tables import TABLES
from connector.models import Instance
from connector.servicenow import trial
from connector.servicenow.batch import Listing
from connector.servicenow.client import Client
from connector.servicenow.errors import Refused, ServiceNowError
from connector.servicenow.trial import TrialUnclear
from tickets.configuration.field_options import not_offered
from tickets.delivery import mapped_fields
from tickets.models import Ticket
from tickets.models.change_template import ChangeTemplate
from tickets.models.choices import Category, Kind, Priority, Source
from tickets.models.field_mapping import FieldMapping, ValueSource
from tickets.models.field_trial import FieldTrial
from tickets.records.dates import today
from tickets.records.payload import fields_of


def example_of(instance: Instance, kind: Kind, by: User, now: datetime) -> Ticket:
    """Return a ticket that is not stored, as the person who looks would ask for it."""
    return Ticket(
        instance=instance,
        kind=kind,
        name=_("An example"),
        description=_("What is to be done."),
        priority=Priority.MODERATE,
        due_on=today(now) + timedelta(days=30),
        recommendation_source=Source.USER,
        recommendation_category=Category.IDENTITY,
        requested_by=by,
    )


def try_out(
    instance: Instance,
    kind: Kind,
    client: Client,
    template: ChangeTemplate | None,
    *,
    by: User,
    now: datetime,
) -> FieldTrial:
    """Make a record with all fields of this kind of ticket, cancel it, and store what became of it.

    A standard change template counts as proven by that, or as not proven any more. Raises a `ServiceNowError` where
    ServiceNow could not be asked to the end.
    """
    example = example_of(instance, kind, by, now)
    fields = fields_of(example) | mapped_fields.of(example, client, now)
    earlier = FieldTrial.objects.filter(
        instance=instance, kind=kind, result=FieldTrial.Result.UNCLEAR
    ).first()
    found, are_kept = _made(client, kind, fields, template, left=earlier.problem if earlier else "")
    if are_kept:
        Instance.objects.filter(pk=instance.pk).record_keys(kind, now, are_kept=True)
    sys_id = found.pop("sys_id", "")
    rows = FieldMapping.objects.filter(instance=instance, kind=kind)
    if sys_id:
        with suppress(ServiceNowError, Paused):
            found["not_offered"] = not_offered(
                client, kind, {row.field: mapped_fields.possible(row, example) for row in rows}
            )
            _learn_names(client, kind, sys_id, rows)
    blank = {
        "number": "",
        "is_canceled": False,
        "keeps_correlation_id": False,
        "dropped_fields": [],
        "not_offered": [],
        "problem": "",
    }
    tried, _created = FieldTrial.objects.update_or_create(
        instance=instance,
        kind=kind,
        defaults={**blank, **found, "tried_at": now, "template": str(template or "")},
    )
    if template and tried.result == FieldTrial.Result.MADE:
        _judge(template, tried, now)
    return tried


def _learn_names(client: Client, kind: Kind, sys_id: str, rows: Iterable[FieldMapping]) -> None:
    """Keep what the record that was made calls the values that it got."""
    fixed = [row for row in rows if row.source == ValueSource.FIXED and row.value]
    if not fixed:
        return
    wanted = ["sys_id", *(row.field for row in fixed)]
    [page] = client.lists([Listing(kind, f"sys_id={sys_id}", wanted, 1, display_values=True)])
    for row in fixed:
        shown = [one.shown.get(row.field, "") for one in page.records if one.get(row.field) == row.value]
        if shown and shown[0] and shown[0] != row.label:
            FieldMapping.objects.filter(pk=row.pk, value=row.value).update(label=shown[0][:200])


def _judge(template: ChangeTemplate, tried: FieldTrial, now: datetime) -> None:
    if tried.keeps_correlation_id:
        template.prove(now)
    else:
        template.disprove()


def _made(
    client: Client, kind: Kind, fields: dict[str, str], template: ChangeTemplate | None, *, left: str
) -> tuple[dict[str, Any], bool]:
    """Return what became of the record, and whether it kept one of the keys by which it is found."""
    sys_id = template.sys_id if template else ""
    try:
        made = trial.try_out(
            client, kind, fields, canceled=TABLES[kind].canceled, template=sys_id, unclear=left
        )
    except TrialUnclear as unclear:
        return {"result": FieldTrial.Result.UNCLEAR, "problem": str(unclear)}, False
    except Refused as refusal:
        return {"result": FieldTrial.Result.REFUSED, "problem": refusal.detail[:500]}, False
    found = {
        "result": FieldTrial.Result.MADE,
        "sys_id": made.sys_id,
        "number": made.number,
        "is_canceled": made.canceled,
        "keeps_correlation_id": made.kept_correlation_id,
        "dropped_fields": list(made.dropped_fields),
        "problem": made.said[:500],
    }
    return found, made.kept_sys_id or made.kept_correlation_id
