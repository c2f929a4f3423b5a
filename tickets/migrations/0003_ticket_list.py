import django.db.models.deletion
import django.db.models.fields.json
import django.db.models.functions.comparison
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("connector", "0001_initial"),
        ("scorecard", "0001_initial"),
        ("tickets", "0002_ticket_cards"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="ticket",
            name="ticket_card",
        ),
        migrations.RemoveIndex(
            model_name="ticket",
            name="ticket_overdue",
        ),
        migrations.AddField(
            model_name="ticket",
            name="assignee",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.comparison.NullIf(
                    django.db.models.functions.text.Left(
                        django.db.models.fields.json.KeyTextTransform("assigned_to", "record_labels"), 200
                    ),
                    models.Value(""),
                ),
                output_field=models.TextField(null=True),
            ),
        ),
        migrations.AddField(
            model_name="ticket",
            name="assignment_group",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.comparison.NullIf(
                    django.db.models.functions.text.Left(
                        django.db.models.fields.json.KeyTextTransform("assignment_group", "record_labels"),
                        200,
                    ),
                    models.Value(""),
                ),
                output_field=models.TextField(null=True),
            ),
        ),
        migrations.AddField(
            model_name="ticket",
            name="searched_text",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.text.Lower(
                    django.db.models.functions.text.Concat("number", models.Value(" "), "name")
                ),
                output_field=models.TextField(),
            ),
        ),
        migrations.AlterField(
            model_name="ticket",
            name="created_at",
            field=models.DateTimeField(auto_now_add=True, verbose_name="created at"),
        ),
        migrations.AlterField(
            model_name="ticket",
            name="requested_by",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tickets",
                to=settings.AUTH_USER_MODEL,
                verbose_name="requested by",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                condition=models.Q(("is_open", True)), fields=["current_due_on"], name="ticket_open_by_due"
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                condition=models.Q(("is_open", True)),
                fields=["kind", "-created_at"],
                name="ticket_open_of_kind",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(fields=["-created_at", "-id", "searched_text"], name="ticket_newest"),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                django.db.models.functions.text.Lower("name"),
                models.OrderBy(models.F("created_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="ticket_by_name",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(fields=["number", "-created_at", "-id"], name="ticket_by_number"),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(fields=["kind", "-created_at", "-id"], name="ticket_by_kind"),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(fields=["current_priority", "-created_at", "-id"], name="ticket_by_priority"),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                fields=["delivery", "normalized_state", "-created_at", "-id", "missing_since"],
                name="ticket_by_status",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(fields=["current_due_on", "-created_at", "-id"], name="ticket_by_due"),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(fields=["requested_by", "-created_at", "-id"], name="ticket_by_requester"),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                django.db.models.functions.text.Lower("assignee"),
                models.OrderBy(models.F("created_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                models.F("assignee"),
                name="ticket_by_assignee",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                django.db.models.functions.text.Lower("assignment_group"),
                models.OrderBy(models.F("created_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                models.F("assignment_group"),
                name="ticket_by_group",
            ),
        ),
    ]
