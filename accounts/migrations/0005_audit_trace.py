from typing import Any

from django.db import migrations, models


def name_kinds(apps: Any, schema_editor: Any) -> None:
    entries = apps.get_model("accounts", "AuditEntry").objects.using(schema_editor.connection.alias)
    entries.filter(actor__isnull=False).update(actor_kind="person")
    entries.filter(verb="servicenow.token_refused").update(actor_kind="servicenow")


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_notices"),
    ]

    operations = [
        migrations.AddField(
            model_name="auditentry",
            name="actor_kind",
            field=models.CharField(
                choices=[
                    ("person", "Person"),
                    ("portal", "Portal"),
                    ("rule", "Rule"),
                    ("graph", "Microsoft Graph"),
                    ("servicenow", "ServiceNow"),
                ],
                default="portal",
                max_length=20,
                verbose_name="kind of actor",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="auditentry",
            name="address",
            field=models.CharField(blank=True, max_length=45, verbose_name="address"),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="request_id",
            field=models.CharField(blank=True, max_length=64, verbose_name="request ID"),
        ),
        migrations.RunPython(name_kinds, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="auditentry",
            constraint=models.CheckConstraint(
                condition=models.Q(actor_kind__in=["person", "portal", "rule", "graph", "servicenow"]),
                name="audit_entry_actor_kind_known",
            ),
        ),
    ]
