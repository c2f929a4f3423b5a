from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F, OuterRef, Subquery


def name_the_records(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    """What was delivered since its ticket was linked stands in the record that this ticket has."""
    comments = apps.get_model("tickets", "TicketComment").objects
    tickets = apps.get_model("tickets", "Ticket").objects.filter(pk=OuterRef("ticket")).values("sys_id")[:1]
    since = comments.filter(state="delivered", delivered_at__gte=F("ticket__delivered_at")).values_list(
        "pk", flat=True
    )
    comments.filter(pk__in=since).update(record_sys_id=Subquery(tickets))


class Migration(migrations.Migration):
    dependencies = [("tickets", "0015_endings_and_wishes")]

    operations = [
        migrations.AddField(
            model_name="ticketcomment",
            name="record_sys_id",
            field=models.CharField(blank=True, max_length=32, verbose_name="sys_id of the record"),
        ),
        migrations.RunPython(name_the_records, migrations.RunPython.noop),
    ]
